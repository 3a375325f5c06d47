"""Which browser, on which system, sent a request: coarsely, as people know them.

What comes out is one of the names below and never a part of the header, which anybody can write.
"""

from collections.abc import Mapping

#: By what tells it, the first one counts: most browsers claim to be others as well.
BROWSERS = {
    "Edg": "Edge",
    "OPR/": "Opera",
    "Vivaldi/": "Vivaldi",
    "SamsungBrowser/": "Samsung Internet",
    "Firefox/": "Firefox",
    "FxiOS/": "Firefox",
    "CriOS/": "Chrome",
    "Chrome/": "Chrome",
    "Chromium/": "Chrome",
    "Safari/": "Safari",
}
SYSTEMS = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "CrOS": "ChromeOS",
    "Windows": "Windows",
    "Macintosh": "macOS",
    "Linux": "Linux",
}


def describe(user_agent: str) -> tuple[str, str]:
    """Return the names of the browser and of the system; the empty string for what is unknown."""
    return _first(BROWSERS, user_agent), _first(SYSTEMS, user_agent)


def _first(names: Mapping[str, str], text: str) -> str:
    return next((name for token, name in names.items() if token in text), "")
