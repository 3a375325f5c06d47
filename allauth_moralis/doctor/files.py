"""The scripts and the style sheets of the wallet page, as they are served."""

import re
from collections.abc import Callable, Iterable
from http import HTTPStatus
from urllib.parse import urljoin

from ..internal.scripts import scripts
from .findings import NotTried, Result, failed, passed, warning
from .front import Answer, Front, NotReached
from .page import Visit

MAX_AGE = re.compile(r"max-age=(\d+)")
HOUR = 3600  # seconds
#: Bytes of a file that is worth compressing.
COMPRESSIBLE = 1400


def try_scripts(visit: Visit) -> Result:
    """Load every module of our scripts from where the page loads its own."""
    if not visit.scripts:
        raise NotTried("the page has no script of ours")
    place = visit.scripts[0]
    urls = [urljoin(place, name) for name in sorted(scripts().by_name)]
    if f"/{scripts().version}/" not in place:
        return warning(
            "the page has scripts of another release than this process",
            "Restart the site's processes after a deployment.",
        )
    return _judge(
        visit.front,
        urls,
        "javascript",
        what_to_do=(
            "The site serves them itself, at moralis/scripts/: have the proxy pass that on, with "
            "its headers."
        ),
    )


def try_styles(visit: Visit) -> Result:
    """Load the style sheets of the page."""
    if not visit.front.is_outside:
        raise NotTried("static files are seen only with --url")
    if not visit.styles:
        raise NotTried("the page has no style sheet of ours")
    return _judge(
        visit.front,
        visit.styles,
        "text/css",
        what_to_do=(
            "See that STATIC_URL leads to where `manage.py collectstatic` puts the files, and that "
            "they are served compressed and with a Cache-Control: WhiteNoise does."
        ),
    )


def _judge(front: Front, urls: list[str], kind: str, *, what_to_do: str) -> Result:
    try:
        answers = [front.get(url) for url in urls]
    except NotReached as error:
        return failed(f"no answer: {error.kind}", what_to_do)
    broken = [f"{_name(answer)}: {answer.status}" for answer in answers if not _is_ok(answer)]
    broken += [
        f"{_name(answer)}: {answer.header('content-type') or 'no type'}"
        for answer in answers
        if _is_ok(answer) and kind not in answer.header("content-type")
    ]
    if broken:
        return failed("; ".join(broken), what_to_do)
    slow = [
        *_named("not cached", answers, _is_cached),
        *_named("not compressed", answers, _is_short),
    ]
    if slow:
        return warning("; ".join(slow), what_to_do)
    return passed(f"{len(answers)} served, cached and compressed")


def _named(
    problem: str, answers: Iterable[Answer], is_right: Callable[[Answer], bool]
) -> list[str]:
    names = [_name(answer) for answer in answers if not is_right(answer)]
    return [f"{problem}: {', '.join(names)}"] if names else []


def _name(answer: Answer) -> str:
    return answer.url.partition("?")[0].rpartition("/")[2]


def _is_ok(answer: Answer) -> bool:
    return answer.status == HTTPStatus.OK


def _is_cached(answer: Answer) -> bool:
    """Return whether a browser keeps it for a while, whichever header says so."""
    found = MAX_AGE.search(answer.header("cache-control"))
    return bool(found and int(found[1]) >= HOUR)


def _is_short(answer: Answer) -> bool:
    """Return whether little went over the wire."""
    return len(answer.body) < COMPRESSIBLE or bool(answer.header("content-encoding"))
