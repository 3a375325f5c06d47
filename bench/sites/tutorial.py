"""Moralis' tutorial for Django, reduced to its two calls and Django's ``login``."""

from .common import *  # noqa: F403 - a variant of it

ROOT_URLCONF = "bench.sites.tutorial_urls"
