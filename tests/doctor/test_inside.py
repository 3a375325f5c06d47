"""The pages as this process serves them, where no ``--url`` is given."""

import pytest
from django.apps import apps
from django.contrib.sessions.models import Session
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.exceptions import ImproperlyConfigured

from allauth_moralis.doctor import configuration
from allauth_moralis.doctor.configuration import SystemChecks, static_files
from allauth_moralis.doctor.files import try_scripts, try_styles
from allauth_moralis.doctor.findings import examine
from allauth_moralis.doctor.front import Inside
from allauth_moralis.doctor.headers import try_cookies, try_opener, try_policy, try_transport
from allauth_moralis.doctor.hosts import Address, of_settings, of_url
from allauth_moralis.doctor.page import Visit, try_page
from allauth_moralis.doctor.proxy import try_verify

from .common import FAILED, PASSED, SKIPPED, WARNING, examined

MANIFEST = "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"


def policy(settings, **directives):
    settings.CONTENT_SECURITY_POLICY = {
        "DIRECTIVES": {
            **settings.CONTENT_SECURITY_POLICY["DIRECTIVES"],
            **{name.replace("_", "-"): sources for name, sources in directives.items()},
        }
    }


# --- The page ---------------------------------------------------------------------------------


def test_page_is_read(db):
    finding = examined(try_page, Visit(Inside()))

    assert (finding.status, finding.seen) == (
        PASSED,
        "/accounts/moralis/login/ is served by this process",
    )


@pytest.mark.parametrize(
    "probe",
    [
        try_scripts,
        try_policy,
        try_opener,
        try_cookies,
        try_verify,
    ],
)
def test_nothing_else_is_tried_without_the_page(probe):
    finding = examined(probe, Visit(Inside()))

    assert (finding.status, finding.seen) == (SKIPPED, "the wallet page was not read")


def test_site_that_left_our_urls_out(settings):
    settings.ROOT_URLCONF = "allauth_moralis.headless.urls"

    finding = examined(try_page, Visit(Inside()))

    assert (finding.status, finding.seen) == (FAILED, "the site has no URL moralis_login")
    assert "allauth.urls" in finding.advice


def test_site_without_pages(settings):
    settings.ROOT_URLCONF = "allauth_moralis.headless.urls"
    settings.HEADLESS_ONLY = True

    finding = examined(try_page, Visit(Inside()))

    assert (finding.status, finding.seen) == (SKIPPED, "the site has no URL moralis_login")


def test_page_that_ends_in_an_error(db, monkeypatch):
    monkeypatch.setattr("allauth_moralis.views.wallet_page", lambda *_: 1 / 0)

    finding = examined(try_page, Visit(Inside()))

    assert finding.status == FAILED
    assert finding.seen == "/accounts/moralis/login/ answers 500"
    assert "log" in finding.advice


def test_session_that_the_site_begins_is_deleted(db, settings):
    """Such as one that has the CSRF token in it."""
    settings.CSRF_USE_SESSIONS = True
    visit = Visit(Inside())
    assert examined(try_page, visit).status == PASSED
    assert Session.objects.count() == 1

    visit.leave()

    assert not Session.objects.exists()


def test_session_that_cannot_be_deleted_is_left(db, settings, visit, monkeypatch):
    monkeypatch.setattr(visit.front, "cookie", lambda _: "a-key")
    settings.SESSION_ENGINE = "no.such.engine"

    visit.leave()


def test_site_by_https_behind_a_proxy(db, settings):
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_HSTS_SECONDS = 3600
    settings.CSRF_COOKIE_SECURE = True
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    visit = Visit(Inside())

    assert visit.front.address.scheme == "https"
    assert examined(try_page, visit).status == PASSED
    assert examined(try_transport, visit).seen == "max-age=3600"
    assert examined(try_cookies, visit).seen == "csrftoken with Secure"


# --- What it needs ----------------------------------------------------------------------------


def test_scripts_are_loaded_from_where_the_page_does(visit):
    finding = examined(try_scripts, visit)

    assert finding.status == PASSED
    assert finding.seen.endswith("served, cached and compressed")


def test_style_sheets_are_not_seen_without_a_server(visit):
    assert examined(try_styles, visit).status == SKIPPED


def test_policy_of_the_demo_is_enough(visit):
    assert examined(try_policy, visit).seen == "allows what the page needs"


def test_policy_that_blocks_the_scripts(db, settings):
    policy(settings, script_src=["'none'"], connect_src=["'none'"])
    visit = Visit(Inside())
    try_page(visit)

    finding = examined(try_policy, visit)

    assert (finding.status, finding.seen) == (
        FAILED,
        "script-src blocks our scripts; connect-src blocks asking for a text",
    )
    assert "script-src 'self'" in finding.advice


def test_policy_that_blocks_the_icons_of_wallets(db, settings):
    policy(settings, img_src=["'self'"])
    visit = Visit(Inside())
    try_page(visit)

    finding = examined(try_policy, visit)

    assert finding.status == WARNING
    assert finding.seen == "img-src blocks the icons of wallets (data:)"


def test_header_of_a_window_that_cannot_answer(visit):
    assert examined(try_opener, visit).seen == "same-origin-allow-popups"


def test_page_by_http_has_no_strict_transport(visit):
    assert examined(try_transport, visit).status == SKIPPED


def test_verify_redirects(visit):
    assert examined(try_verify, visit).seen == "redirects to the wallet page"


# --- System checks and static files -----------------------------------------------------------


def findings_of_checks():
    return [examine(probe) for probe in SystemChecks().probes()]


def test_site_without_messages(settings):
    settings.DEBUG = True

    (finding,) = findings_of_checks()

    assert finding.status == PASSED


def test_each_message_is_a_finding(settings, provider):
    settings.ALLOWED_HOSTS = ["*"]
    provider["NMAE"] = "Wallet"

    found = {each.seen.rpartition(".")[2][:4]: each for each in findings_of_checks()}

    assert found["E021"].status == FAILED
    assert found["W001"].status == WARNING
    assert "The settings are" in found["W001"].advice
    assert {each.probe for each in found.values()} == {"settings"}


def test_message_that_the_site_silences_is_none(settings):
    settings.ALLOWED_HOSTS = ["*"]
    settings.SILENCED_SYSTEM_CHECKS = ["allauth_moralis.E021"]

    assert not [each for each in findings_of_checks() if "E021" in each.seen]


def test_files_that_are_found_in_the_package():
    finding = examined(static_files)

    assert finding.status == PASSED
    assert "not collected" in finding.seen


def test_files_that_are_collected(settings, tmp_path):
    settings.STATIC_ROOT = tmp_path
    (tmp_path / "moralis").mkdir()
    for name in configuration.STYLES:
        (tmp_path / name).touch()

    assert examined(static_files).seen == "collected; give --url to see them served"


def test_files_that_are_nowhere(settings):
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]

    finding = examined(static_files)

    assert finding.status == FAILED
    assert finding.seen == "not found: moralis/moralis.css, moralis/device.css"


def test_manifest_without_our_files(settings, tmp_path):
    """``collectstatic`` was forgotten."""
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": MANIFEST}}

    finding = examined(static_files)

    assert finding.status == FAILED
    assert "collectstatic" in finding.advice


def test_storage_that_needs_a_setting_is_not_collected(monkeypatch):
    def missing(_):
        raise ImproperlyConfigured("a-secret-bucket")

    monkeypatch.setattr(staticfiles_storage, "exists", missing)

    assert "not collected" in examined(static_files).seen


def test_site_without_the_app_of_static_files(monkeypatch):
    monkeypatch.setattr(apps, "is_installed", lambda _: False)

    assert examined(static_files).status == SKIPPED


# --- Hosts ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://Example.com", Address("https", "example.com")),
        ("https://example.com:443/app/", Address("https", "example.com")),
        ("https://user:password@example.com:8443", Address("https", "example.com:8443")),
        ("http://[::1]:8000/", Address("http", "[::1]:8000")),
    ],
)
def test_address_of_a_url(url, address):
    assert of_url(url) == address


@pytest.mark.parametrize(
    ("host", "is_local"),
    [
        ("localhost:8000", True),
        ("site.localhost", True),
        ("127.0.0.1", True),
        ("[::1]:8000", True),
        ("192.0.2.1", False),
        ("example.com", False),
    ],
)
def test_addresses_of_this_machine(host, is_local):
    assert Address("http", host).is_local is is_local


@pytest.mark.parametrize(
    ("hosts", "domain", "expected"),
    [
        (["*"], None, "localhost"),
        ([".example.com"], None, "example.com"),
        (["www.example.com"], None, "www.example.com"),
        (["www.example.com", "example.com"], "example.com:8443", "example.com:8443"),
        (["api.example.com"], "example.com", "api.example.com"),
    ],
)
def test_address_of_the_settings(settings, provider, hosts, domain, expected):
    settings.ALLOWED_HOSTS = hosts
    provider["DOMAIN"] = domain

    assert of_settings() == Address("http", expected)
