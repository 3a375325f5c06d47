"""The pages as visitors get them: over HTTP, through what stands before the site."""

import socket
import ssl
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from django.contrib.sessions.models import Session
from django.core.cache import cache

from allauth_moralis.doctor.files import try_scripts, try_styles
from allauth_moralis.doctor.front import Answer, NotReached, Outside
from allauth_moralis.doctor.headers import try_cookies, try_opener, try_policy, try_transport
from allauth_moralis.doctor.page import Visit, try_page
from allauth_moralis.doctor.proxy import try_addresses, try_domain, try_https, try_verify
from allauth_moralis.internal.allauth_private import keys_of_address

from ..faulty import Faulty, certificate, http
from .common import FAILED, PASSED, SKIPPED, WARNING, examined
from .middle import between

SCRIPTS, STYLES = "/accounts/moralis/scripts/", "/static/moralis/"
COMPRESSED = {"Cache-Control": "max-age=31536000, immutable", "Content-Encoding": "gzip"}


@pytest.fixture
def site(live_server, settings, tmp_path) -> str:
    """A site whose cache is shared with other processes, and so with the doctor."""
    settings.ALLOWED_HOSTS = ["localhost", "127.0.0.1"]
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
            "LOCATION": str(tmp_path / "cache"),
        }
    }
    return live_server.url


def read(url: str) -> Visit:
    visit = Visit(Outside(url))
    assert examined(try_page, visit).status == PASSED
    return visit


def outside(visit: Visit) -> Outside:
    assert isinstance(visit.front, Outside)
    return visit.front


def at(path: str, **headers: str):
    """Change headers of answers to paths that begin so; without a value they are taken away."""

    def change(reply) -> None:
        if reply.path.startswith(path):
            for name, value in headers.items():
                reply.headers.pop(name.replace("_", "-"), None)
                if value:
                    reply.headers[name.replace("_", "-")] = value

    return change


# --- The page ---------------------------------------------------------------------------------


def test_page_is_read_over_http(site):
    finding = examined(try_page, Visit(Outside(site)))

    assert (finding.status, finding.seen) == (
        PASSED,
        f"/accounts/moralis/login/ is served by {site}",
    )


def test_site_that_does_not_answer():
    finding = examined(try_page, Visit(Outside("http://user:password@127.0.0.1:9")))

    assert (finding.status, finding.seen) == (
        FAILED,
        "http://127.0.0.1:9 does not answer: ConnectionError",
    )


def test_certificate_that_nobody_vouches_for(site, tmp_path):
    context, _ = certificate(tmp_path)
    with between(site, context=context) as (url, _):
        finding = examined(try_page, Visit(Outside(url)))

    assert finding.seen.endswith("does not answer: SSLError")
    assert "certificate" in finding.advice


@pytest.mark.parametrize(
    ("status", "location", "advice"),
    [
        (400, "", "ALLOWED_HOSTS"),
        (301, "https://www.example.com/?secret=1", "Give --url the address"),
        (404, "", "allauth.urls"),
        (502, "", "log"),
    ],
)
def test_page_that_is_not_there(status, location, advice):
    headers = f"Location: {location}\r\n" if location else ""
    with Faulty(lambda peer: peer.send(http(b"", f"{status} No", headers=headers))) as front:
        finding = examined(try_page, Visit(Outside(front.url)))

    assert finding.status == FAILED
    assert f"answers {status}" in finding.seen
    assert "secret" not in finding.seen
    assert advice in finding.advice


def test_answer_that_breaks_off_while_it_is_read():
    with Faulty(lambda peer: peer.send(http(b"x" * 100, "200 OK")[:-50])) as front:
        visit = Visit(Outside(front.url))

        assert examined(try_page, visit).status in (FAILED, WARNING)


def test_answer_that_is_not_compressed_as_it_says():
    def send(peer):
        peer.send(http(b"not gzip", "200 OK", headers="Content-Encoding: gzip\r\n"))

    with Faulty(send) as front, pytest.raises(NotReached) as raised:
        Outside(front.url).get("/")

    assert raised.value.kind == "DecodeError"


def test_page_of_somebody_else(site):
    def change(reply):
        reply.body = b"<h1>Welcome to nginx!</h1>"

    with between(site, change) as (url, _):
        finding = examined(try_page, Visit(Outside(url)))

    assert finding.status == WARNING
    assert "no script of ours" in finding.seen


def test_clock_of_the_server(site):
    there = format_datetime(datetime.now(UTC) + timedelta(seconds=120), usegmt=True)
    with between(site, at("/", Date=there)) as (url, _):
        finding = examined(try_page, Visit(Outside(url)))

    assert finding.status == WARNING
    assert "ahead of ours" in finding.seen


def test_site_below_a_prefix_behind_a_password(site):
    """This process knows of neither, and shows neither."""
    asked = []

    def answer(peer):
        asked.append(peer.request)
        peer.send(http(b"", "404 Not Found"))

    with Faulty(answer) as front:
        Outside(front.url.replace("//", "//user:pass%40word@") + "/app/").get("/accounts/")
        Outside(front.url + "/app").get("/app/accounts/")

    assert asked[0].startswith(b"GET /app/accounts/ ")
    assert b"Authorization: Basic dXNlcjpwYXNzQHdvcmQ=" in asked[0]
    assert asked[1].startswith(b"GET /app/accounts/ ")


@pytest.fixture
def netrc(monkeypatch, tmp_path) -> None:
    """A password of this machine's owner, which is no business of the doctor's."""
    file = tmp_path / "netrc"
    file.write_text("default login owner password of-this-machine")
    monkeypatch.setenv("NETRC", str(file))


@pytest.mark.usefixtures("netrc")
def test_password_is_told_to_the_site_alone():
    with Faulty(received) as site, Faulty(received) as other:
        front = Outside(site.url.replace("//", "//user:password@"))
        front.get("/accounts/")
        front.get(f"{site.url}/static/moralis.css")
        front.post("/accounts/", {}, "token", {})
        front.get(f"{other.url}/static/moralis.css")  # another port
        front.get(f"{site.url.replace('127.0.0.1', 'localhost')}/static/moralis.css")
        # Some take what is before the backslash for the host, and some what is after it.
        front.get(f"{other.url}\\@{site.url.partition('//')[2]}/")

    told = [b"Authorization: Basic dXNlcjpwYXNzd29yZA==" in each for each in site.requests]
    assert told == [True, True, True, False]
    assert len(other.requests) == 2
    assert not any(map(has_password, [*other.requests, site.requests[3]]))


def test_password_does_not_go_by_http():
    """As when a site by https is asked for whether it redirects there."""
    with Faulty(received) as plain:
        Outside(plain.url.replace("http://", "https://user:password@")).get(plain.url)

    assert not has_password(plain.requests[0])


@pytest.mark.usefixtures("netrc")
def test_no_other_password_is_looked_for():
    with Faulty(received) as site:
        Outside(site.url).get("/accounts/")

    assert not has_password(site.requests[0])


def received(peer) -> None:
    peer.send(http(b"", headers="Connection: close\r\n"))


def has_password(request: bytes) -> bool:
    return b"\r\nauthorization:" in request.lower()


@pytest.mark.django_db
def test_session_of_somebody_who_is_signed_in_is_left(client, django_user_model):
    """As of another site, mistyped, that has learnt its key."""
    client.force_login(django_user_model.objects.create_user("somebody"))
    key = client.session.session_key
    cookie = f"Set-Cookie: sessionid={key}; Path=/\r\n"
    with Faulty(lambda peer: peer.send(http(b"", "200 OK", headers=cookie))) as other:
        visit = Visit(Outside(other.url))
        visit.read("/accounts/moralis/login/")
        assert visit.front.cookie("sessionid") == key

        visit.leave()

    assert Session.objects.filter(pk=key).exists()


def test_malformed_cookie_is_none():
    answer = Answer.of("/", 200, [("Set-Cookie", "a=1"), ("Set-Cookie", "b,c=1")], b"")

    assert [cookie.key for cookie in answer.cookies] == ["a"]


# --- Scripts and style sheets -----------------------------------------------------------------


def test_scripts_of_the_site(site):
    assert examined(try_scripts, read(site)).status == PASSED


@pytest.mark.parametrize(
    ("headers", "status", "words"),
    [
        ({"Content_Type": "text/plain"}, FAILED, "moralis.js: text/plain"),
        ({"Content_Type": ""}, FAILED, "moralis.js: no type"),
        ({"Cache_Control": "no-store"}, WARNING, "not cached: aptos.js"),
    ],
)
def test_scripts_that_a_proxy_spoils(site, headers, status, words):
    with between(site, at(SCRIPTS, **headers)) as (url, _):
        finding = examined(try_scripts, read(url))

    assert finding.status == status
    assert words in finding.seen


def test_scripts_that_are_not_compressed(site):
    with between(site, headers={"Accept-Encoding": ""}) as (url, _):
        finding = examined(try_scripts, read(url))

    assert finding.status == WARNING
    assert "not compressed: " in finding.seen
    assert "moralis.js" in finding.seen


def test_scripts_that_are_not_passed_on(site):
    def change(reply):
        if reply.path.endswith("watch.js"):
            reply.status = 404

    with between(site, change) as (url, _):
        finding = examined(try_scripts, read(url))

    assert (finding.status, finding.seen) == (FAILED, "watch.js: 404")


def test_scripts_of_another_release(site):
    def change(reply):
        if reply.path.endswith("/login/"):
            reply.body = reply.body.replace(b"/moralis/scripts/", b"/moralis/scripts/old")

    with between(site, change) as (url, _):
        finding = examined(try_scripts, read(url))

    assert finding.status == WARNING
    assert "Restart" in finding.advice


def test_site_that_is_gone_by_then(site):
    with between(site) as (url, _):
        visit = read(url)

    assert examined(try_scripts, visit).seen == "no answer: ConnectionError"


def test_page_without_our_files(site):
    def change(reply):
        reply.body = reply.body.replace(b"moralis/moralis", b"elsewhere/else").replace(b".js", b"")

    with between(site, change) as (url, _):
        visit = Visit(Outside(url))
        examined(try_page, visit)

        assert examined(try_scripts, visit).seen == "the page has no script of ours"
        assert examined(try_styles, visit).seen == "the page has no style sheet of ours"


def test_style_sheets_of_the_demo_have_no_long_life(site):
    finding = examined(try_styles, read(site))

    assert finding.status == WARNING
    assert "not cached: moralis.css" in finding.seen


def test_style_sheets_as_they_should_be(site):
    def change(reply):
        if reply.path.startswith(STYLES):
            reply.headers["Cache-Control"] = "max-age=31536000"
            reply.body = b"a {}"

    with between(site, change) as (url, _):
        assert examined(try_styles, read(url)).seen == "1 served, cached and compressed"


# --- Headers ----------------------------------------------------------------------------------


def test_policy_in_the_page_counts_too(site):
    def change(reply):
        tag = b'<meta http-equiv="Content-Security-Policy" content="script-src \'none\'">'
        reply.body = reply.body.replace(b"<head>", b"<head>" + tag)

    with between(site, change) as (url, _):
        finding = examined(try_policy, read(url))

    assert finding.seen == "script-src blocks our scripts"


@pytest.mark.parametrize(
    ("headers", "seen"),
    [
        ({}, "none is sent, so everything is allowed"),
        ({"Content_Security_Policy_Report_Only": "a"}, "only reports, and allows everything"),
    ],
)
def test_site_without_a_policy(site, headers, seen):
    change = at("/", Content_Security_Policy="", **headers)
    with between(site, change) as (url, _):
        finding = examined(try_policy, read(url))

    assert (finding.status, finding.seen) == (PASSED, seen)


@pytest.mark.parametrize(
    ("value", "status"),
    [
        ("same-origin", WARNING),
        ('same-origin; report-to="x"', WARNING),
        ("unsafe-none", PASSED),
        ("", PASSED),
    ],
)
def test_opener_policy_of_a_proxy(site, value, status):
    with between(site, at("/", Cross_Origin_Opener_Policy=value)) as (url, _):
        assert examined(try_opener, read(url)).status == status


@pytest.mark.parametrize(
    ("cookie", "status", "words"),
    [
        ("csrftoken=1; Secure; SameSite=Lax; Path=/", PASSED, "csrftoken"),
        ("sessionid=1; HttpOnly; Path=/", PASSED, "sessionid"),
        ("sessionid=1; Path=/", WARNING, "sessionid without HttpOnly"),
        ("a=1; SameSite=None; Path=/", FAILED, "a: SameSite=None needs Secure"),
        ("__Secure-a=1; Path=/", FAILED, "__Secure-a: its prefix needs Secure"),
        ("__Host-a=1; Secure; Path=/app", FAILED, "no Path but /"),
        ("__Host-a=1; Secure; Path=/; Domain=a.example", FAILED, "allows no Domain"),
    ],
)
def test_cookies_on_this_machine(site, cookie, status, words):
    def change(reply):
        reply.cookies[:] = [cookie]

    with between(site, change) as (url, _):
        finding = examined(try_cookies, read(url))

    assert finding.status == status
    assert words in finding.seen


def test_page_without_cookies(site):
    with between(site, lambda reply: reply.cookies.clear()) as (url, _):
        assert examined(try_cookies, read(url)).seen == "the page sets no cookie"


class Remote(Outside):
    """The same site by another name, as a visitor calls it."""

    def __init__(self, url: str, name: str) -> None:
        super().__init__(url)
        self.real, self.address = url, proxy_address(name)

    def _url(self, path: str) -> str:
        return self.real + path.removeprefix(self.address.origin)


def proxy_address(url: str):
    return Outside(url).address


def remote(site: str, name: str) -> Visit:
    visit = Visit(Remote(site, name))
    assert examined(try_page, visit).status == PASSED
    return visit


@pytest.mark.parametrize(
    ("name", "cookie", "status", "words"),
    [
        ("http://example.com", "a=1; Secure", FAILED, "a: Secure needs https"),
        ("https://example.com", "a=1", WARNING, "a without Secure"),
        ("https://example.com", "a=1; Secure", PASSED, "a with Secure"),
    ],
)
def test_cookies_elsewhere(site, name, cookie, status, words):
    def change(reply):
        reply.cookies[:] = [cookie]

    with between(site, change) as (url, _):
        finding = examined(try_cookies, remote(url, name))

    assert finding.status == status
    assert words in finding.seen


def test_page_by_https_without_strict_transport(site):
    finding = examined(try_transport, remote(site, "https://example.com"))

    assert finding.status == WARNING
    assert "SECURE_HSTS_SECONDS" in finding.advice


# --- https ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "status", "words"),
    [
        ("http://127.0.0.1:8000", SKIPPED, "on this machine"),
        ("http://example.com", WARNING, "whoever is on the way"),
        ("https://example.com:8443", SKIPPED, "a port of its own"),
        ("https://[::1]:8443", SKIPPED, "a port of its own"),
    ],
)
def test_addresses_of_which_http_is_not_asked(url, status, words):
    finding = examined(try_https, Outside(url))

    assert finding.status == status
    assert words in finding.seen


class ByHttp(Outside):
    """Where http is answered on a port that a test may have."""

    def __init__(self, real: str) -> None:
        super().__init__("https://example.com")
        self.real = real

    def _url(self, path: str) -> str:
        assert path == "http://example.com/"
        return self.real


@pytest.mark.parametrize(
    ("answer", "status", "words"),
    [
        ("301 Moved\r\nLocation: https://example.com/", PASSED, "redirects to https (301)"),
        ("302 Found\r\nLocation: http://example.com/a", WARNING, "http answers 302"),
        ("200 OK", WARNING, "http answers 200"),
    ],
)
def test_http_beside_https(answer, status, words):
    first, _, header = answer.partition("\r\n")
    with Faulty(lambda peer: peer.send(http(b"", first, headers=header and header + "\r\n"))) as a:
        finding = examined(try_https, ByHttp(a.url))

    assert finding.status == status
    assert words in finding.seen


def test_nothing_answers_by_http():
    assert examined(try_https, ByHttp("http://127.0.0.1:9")).seen == "nothing answers by http"


# --- The domain -------------------------------------------------------------------------------


def domain(url: str):
    visit = read(url)
    try:
        return examined(try_domain, visit, outside(visit))
    finally:
        visit.leave()


def test_texts_name_the_address_with_its_port(site):
    host = site.removeprefix("http://")

    assert domain(site).seen == f"texts name {host}, as browsers do"
    assert not Session.objects.exists()


def test_accepted_chain_is_asked_for(site, provider):
    provider["CHAINS"] = [137]

    assert domain(site).status == PASSED


@pytest.mark.parametrize("network", ["solana", "aptos"])
def test_site_of_another_network(site, provider, network):
    provider["NETWORKS"] = [network]

    assert domain(site).status == PASSED


def test_proxy_that_changes_the_host(site):
    with between(site, headers={"Host": "127.0.0.1:81", "Origin": ""}) as (url, _):
        finding = domain(url)

    assert finding.status == FAILED
    assert "texts name 127.0.0.1:81, and browsers show 127.0.0.1:" in finding.seen
    assert "Host header" in finding.advice


def test_domain_of_another_site(site, provider):
    provider["DOMAIN"] = "other.example"

    finding = domain(site)

    assert finding.status == FAILED
    assert finding.advice == "Correct DOMAIN, which is 'other.example'."


@pytest.fixture
def context(tmp_path, monkeypatch) -> ssl.SSLContext:
    """TLS by a certificate that the doctor's machine trusts."""
    context, authority = certificate(tmp_path)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority))
    return context


@pytest.mark.parametrize(
    ("headers", "seen"),
    [
        # Django compares the Origin with what it takes for its own.
        ({}, "no text: status 403, csrf_failed"),
        # Some proxies take it away.
        ({"Origin": ""}, "texts name the scheme of http://127.0.0.1"),
    ],
)
def test_site_that_does_not_know_of_https(site, context, headers, seen):
    with between(site, context=context, headers=headers) as (url, _):
        finding = domain(url)

    assert finding.status == FAILED
    assert seen in finding.seen
    assert "SECURE_PROXY_SSL_HEADER" in finding.advice


def test_site_behind_https_that_knows_of_it(site, settings, context):
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_TEST_PROTO", "https")

    with between(site, context=context, headers={"X-Test-Proto": "https"}) as (url, _):
        assert domain(url).status == PASSED


@pytest.mark.parametrize(
    ("body", "status", "seen", "advice"),
    [
        (b"{}", "429 Too Many", "no text: status 429", "minute"),
        (b'{"error": {"code": "misconfigured"}}', "503 No", "503, misconfigured", "cache is down"),
        (b'{"error": "a"}', "500 No", "no text: status 500", "log"),
        (b"<html>", "502 No", "no text: status 502", "log"),
        (b"[]", "403 No", "no text: status 403", "log"),
    ],
)
def test_texts_that_are_refused(site, body, status, seen, advice):
    def change(reply):
        if reply.path.endswith("/challenge/"):
            reply.status, reply.body = int(status[:3]), body

    with between(site, change) as (url, _):
        finding = domain(url)

    assert seen in finding.seen
    assert advice in finding.advice
    assert finding.status == (WARNING if "429" in status else FAILED)


def test_verify_that_is_not_passed_on(site):
    def change(reply):
        if reply.path.endswith("/verify/"):
            reply.status = 405
            reply.headers.pop("Location")

    with between(site, change) as (url, _):
        finding = examined(try_verify, read(url))

    assert (finding.status, finding.seen) == (FAILED, "answers 405")


def test_verify_that_leads_elsewhere(site):
    with between(site, at("/accounts/moralis/verify/", Location="/?a=1")) as (url, _):
        finding = examined(try_verify, read(url))

    assert finding.seen == "answers 302 and redirects to /"


# --- Whom the site counts ---------------------------------------------------------------------


def addresses(url: str):
    visit = read(url)
    return examined(try_addresses, visit, outside(visit))


def test_site_without_a_proxy_counts_the_visitor(site, settings):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 0

    finding = addresses(site)

    assert (finding.status, finding.seen) == (
        PASSED,
        "a made-up address is not counted, and this machine's is",
    )


def test_what_was_counted_is_forgotten(site):
    visit = read(site)
    (key,) = keys_of_address("127.0.0.1", "challenge", {"challenge": "30/m/ip"})
    examined(try_domain, visit, outside(visit))
    assert len(cache.get(key)) == 1
    cache.delete(key)

    examined(try_addresses, visit, outside(visit))

    assert cache.get(key) is None


def test_site_that_says_nothing_of_proxies_is_told_what_cannot_be_seen(site):
    finding = addresses(site)

    assert finding.status == PASSED
    assert "try it from another one" in finding.seen


def test_site_that_believes_what_visitors_say(site, settings):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1

    finding = addresses(site)

    assert finding.status == FAILED
    assert "escape all limits" in finding.seen


def test_header_that_no_proxy_sets(site, settings):
    settings.ALLAUTH_TRUSTED_CLIENT_IP_HEADER = "X-Real-IP"

    assert addresses(site).status == FAILED


def test_proxy_that_is_counted_in_place_of_visitors(site, settings, monkeypatch):
    """Seen from another machine, which comes by an address of its own."""
    monkeypatch.setattr(Outside, "local_address", lambda _: "198.51.100.7")

    finding = addresses(site)

    assert finding.status == FAILED
    assert "all visitors share one limit" in finding.seen


def test_proxy_that_the_site_knows(site, settings, monkeypatch):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    monkeypatch.setattr(Outside, "local_address", lambda _: "198.51.100.7")

    with between(site, headers={"X-Forwarded-For": "192.0.2.77, 198.51.100.7"}) as (url, _):
        assert addresses(url).status == PASSED


def test_visitor_whose_address_is_not_this_machines(site, settings, monkeypatch):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1

    with between(site, headers={"X-Forwarded-For": "192.0.2.77, 198.51.100.7"}) as (url, _):
        finding = addresses(url)

    assert finding.status == SKIPPED
    assert "cannot be told" in finding.seen


def test_text_that_is_refused_tells_nothing_of_proxies(site, settings):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 3

    finding = addresses(site)

    assert finding.status == FAILED
    assert "ALLAUTH_TRUSTED_PROXY_COUNT" in finding.advice


def test_site_whose_cache_is_its_own(live_server):
    assert "in its own memory" in addresses(live_server.url).seen


def test_site_that_counts_no_addresses(site, provider):
    provider["RATE_LIMITS"] = {"challenge": "30/m/key", "verify": "30/m/key"}

    assert addresses(site).seen == "RATE_LIMITS does not count addresses"


def test_own_address_on_the_way(site):
    assert Outside(site).local_address() == "127.0.0.1"


def test_own_address_on_no_way():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        front = Outside(f"http://127.0.0.1:{free.getsockname()[1]}")

        with pytest.raises(NotReached):
            front.local_address()
