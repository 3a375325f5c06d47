from allauth.account.adapter import DefaultAccountAdapter

from allauth_moralis.adapter import WalletReauthenticationMixin


class AccountAdapter(WalletReauthenticationMixin, DefaultAccountAdapter):
    """allauth's own, which also takes a wallet where it asks people to confirm their access."""
