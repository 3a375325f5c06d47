"""Signals for sites that count and audit. Receivers that fail are logged and change nothing.

Each is sent with ``request`` and:

``challenge_issued``
    ``challenge`` (a ``wallets.Challenge``), ``process`` ("login", "connect", …).
``wallet_verified``
    ``verified`` (a ``wallets.VerifiedWallet``), ``process``. Sent before allauth decides who is
    signed in: an account may be inactive, belong to somebody else, or need a second factor.
``wallet_refused``
    ``code`` (as documented), ``wallet`` (a ``wallets.Wallet``, or ``None`` where none was named).
"""

from django.dispatch import Signal

challenge_issued = Signal()
wallet_verified = Signal()
wallet_refused = Signal()
