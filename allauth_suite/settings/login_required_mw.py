from tests.projects.login_required_mw.settings import *  # noqa: F403 - allauth's own, of its sdist
from tests.projects.login_required_mw.settings import INSTALLED_APPS

from .ours import *  # noqa: F403 - what is put in

INSTALLED_APPS = ("allauth_moralis", *INSTALLED_APPS)
