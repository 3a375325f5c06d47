from allauth.account.adapter import DefaultAccountAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter

from allauth_moralis.adapter import WalletDisconnectMixin, WalletReauthenticationMixin


class AccountAdapter(WalletReauthenticationMixin, DefaultAccountAdapter):
    """allauth's own, which also takes a wallet where it asks people to confirm their access."""


class SocialAccountAdapter(WalletDisconnectMixin, DefaultSocialAccountAdapter):
    """allauth's own, which says what to do before the last way in is removed."""
