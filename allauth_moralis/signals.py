"""Signals for counting and auditing. An exception in a receiver is logged and changes nothing.

Each signal is sent with ``request`` and with these arguments, whose types are defined in
``allauth_moralis.siwx.wallets``:

``challenge_issued``
    ``challenge``: a ``Challenge``; ``process``: "login", "connect" or "reauthenticate".
``wallet_verified``
    ``verified``: a ``VerifiedWallet``; ``process``: as above. It is sent before allauth decides who
    is signed in: the account may be inactive, belong to somebody else, or need a second factor.
``wallet_refused``
    ``code``: the stable code of the refusal (see ``allauth_moralis.exceptions``); ``wallet``: a
    ``Wallet``, or ``None`` if the request did not name one.
"""

from django.dispatch import Signal

challenge_issued = Signal()
wallet_verified = Signal()
wallet_refused = Signal()
