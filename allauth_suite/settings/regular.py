from tests.projects.regular.settings import *  # noqa: F403 - allauth's own, of its sdist
from tests.projects.regular.settings import INSTALLED_APPS

from .ours import *  # noqa: F403 - what is put in

INSTALLED_APPS = ("allauth_moralis", *INSTALLED_APPS)
