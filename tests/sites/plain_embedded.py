"""A plain site that puts the picker into its own log-in page, under a strict policy.

To README's lines it adds the page, and the policy that the wallet page needs.
"""

from pathlib import Path

from .plain import *  # noqa: F403 - settings
from .plain import INSTALLED_APPS, MIDDLEWARE, TEMPLATES

TEMPLATES = [{**TEMPLATES[0], "DIRS": [Path(__file__).parent / "embedded" / "templates"]}]
INSTALLED_APPS = [*INSTALLED_APPS, "csp"]
MIDDLEWARE = [*MIDDLEWARE, "csp.middleware.CSPMiddleware"]
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}
