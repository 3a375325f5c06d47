from django.conf import settings
from django.http import HttpRequest

CONSOLE = "django.core.mail.backends.console.EmailBackend"


def mail(_request: HttpRequest) -> dict[str, bool]:
    """Whether mail ends up in the terminal of whoever tries the demo on their own machine."""
    return {"mail_in_terminal": settings.DEBUG and settings.EMAIL_BACKEND == CONSOLE}
