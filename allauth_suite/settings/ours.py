"""What a site adds to its settings for wallets, beside the app itself."""

ACCOUNT_ADAPTER = "allauth_suite.adapters.AccountAdapter"
SOCIALACCOUNT_ADAPTER = "allauth_suite.adapters.SocialAccountAdapter"
HEADLESS_ADAPTER = "allauth_suite.adapters.HeadlessAdapter"
