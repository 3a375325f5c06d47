"""Whether the service can be reached, and what time it is there."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from allauth_moralis.doctor.service import reach

from ..faulty import Faulty, http
from .common import FAILED, PASSED, WARNING, examined


def seen_at(provider: dict, headers: str):
    def answer(peer):
        peer.send(http({}, "404 Not Found", headers=headers))

    with Faulty(answer) as service:
        provider.update(API_KEY="any", BASE_URL=service.url)
        finding = examined(reach)
        assert b"any" not in b"".join(service.requests)
        return finding


@pytest.mark.parametrize(
    ("seconds", "status", "words"),
    [
        (0, PASSED, "it answers; its clock is "),
        (30, WARNING, "ahead of ours"),
        (-30, WARNING, "behind ours"),
        (600, FAILED, "its texts are refused"),
    ],
)
def test_clock_of_the_service(provider, seconds, status, words):
    there = format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)

    finding = seen_at(provider, f"Date: {there}\r\n")

    assert finding.status == status
    assert words in finding.seen
    assert ("NTP" in finding.advice) == (status != PASSED)


@pytest.mark.parametrize("headers", ["", "Date: soon\r\n"])
def test_service_that_does_not_tell_its_time(provider, headers):
    finding = seen_at(provider, headers)

    assert (finding.status, finding.seen) == (PASSED, "it answers, and does not tell its time")


def test_service_that_cannot_be_reached(provider):
    provider.update(API_KEY="any", BASE_URL="http://127.0.0.1:9")

    finding = examined(reach)

    assert (finding.status, finding.seen) == (FAILED, "upstream_unavailable: no connection")
    assert "firewall" in finding.advice
