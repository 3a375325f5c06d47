from allauth.account.adapter import DefaultAccountAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter

from allauth_moralis.adapter import WalletReauthenticationMixin, WalletSocialAccountMixin


class AccountAdapter(WalletReauthenticationMixin, DefaultAccountAdapter):
    """allauth's own, which also takes a wallet where it asks people to confirm their access."""


class SocialAccountAdapter(WalletSocialAccountMixin, DefaultSocialAccountAdapter):
    """allauth's own, which knows what a person with a wallet may be told."""
