"""Phones, as Playwright can imitate them: screens, touch, and how they say who they are."""

from typing import Any

IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1"
)
ANDROID = (
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 "
    "(KHTML, like Gecko) Chrome/138.0.0.0 Mobile Safari/537.36"
)


def phone(width: int, height: int, user_agent: str, scale: float = 2) -> dict[str, Any]:
    """The options of a browser's context."""
    return {
        "viewport": {"width": width, "height": height},
        "device_scale_factor": scale,
        "user_agent": user_agent,
        "is_mobile": True,
        "has_touch": True,
    }


PHONES = {
    "small iPhone": phone(320, 568, IPHONE),
    "iPhone": phone(393, 852, IPHONE, scale=3),
    "Android": phone(360, 740, ANDROID),
}
