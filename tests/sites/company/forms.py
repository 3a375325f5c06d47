from allauth.account.forms import SignupForm
from allauth.socialaccount.forms import SignupForm as SocialSignupForm


class JoinForm(SignupForm):
    """By an e-mail address."""


class SocialJoinForm(SocialSignupForm):
    """By an account elsewhere, or by a wallet."""
