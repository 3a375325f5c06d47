"""The adapters of a site that has put in the mixins, over those of allauth's test projects."""

from allauth.headless.adapter import DefaultHeadlessAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from tests.projects.common import adapters  # of allauth's sdist

from allauth_moralis.adapter import (
    WalletHeadlessMixin,
    WalletReauthenticationMixin,
    WalletSocialAccountMixin,
)


class AccountAdapter(WalletReauthenticationMixin, adapters.AccountAdapter):
    pass


class SocialAccountAdapter(WalletSocialAccountMixin, DefaultSocialAccountAdapter):
    pass


class HeadlessAdapter(WalletHeadlessMixin, DefaultHeadlessAdapter):
    pass
