"""``manage.py check`` reports every wrong setting, by its id and with a hint."""

from dataclasses import fields

import pytest
from allauth.app_settings import AppSettings
from django.contrib.auth import get_user_model
from django.core.checks import run_checks

from allauth_moralis import conf
from allauth_moralis.checks.pages import check_redirect
from allauth_moralis.checks.settings import RULES


def link(**fields: object) -> dict[str, object]:
    """A link to a wallet, of ``WALLET_LINKS``."""
    return {"name": "A", "networks": ["evm"], "url": "https://a.example/?u={encoded}", **fields}


WRONG: dict[str, tuple[str, list[object]]] = {
    "API_KEY": ("E001", [None, 5, "with space", "new\nline", "ключ", b"bytes"]),
    "BACKEND": ("E002", ["", "nowhere.Backend", "os.path.join",
                         "allauth_moralis.backends.base",
                         "allauth_moralis.backends.Backend", 5]),
    "BASE_URL": ("E003", ["", "authapi.moralis.io", "ftp://x", "http://", "http://[", "http://x:y",
                          5, None, "https://x y", "https://x\n", "https://x/?a=b", "https://x/#f"]),
    "NETWORKS": ("E004", [[], "evm", ["bitcoin"], ["evm", 5], None, {"evm"}]),
    "CHAINS": ("E005", [[], "1", ["1"], [0], [-1], [2**53], [True], 1, [1.0]]),
    "DOMAIN": ("E006", ["", "https://example.com", "Example.com", "example.com/", "a b",
                        "exämple.com", "example.com.", "user@example.com",
                        "example.com:port", "evil.com\nx", "x.com:99999", "x.com:0", "a" * 300, 5]),
    "STATEMENT": ("E007", ["", "two\nlines", "bell\x07", "right-to-left \u202e", "é", 5,
                           {"login": "a\nb"}, {"nonsense": "x"}, {"login": None}, ["x"]]),
    "CHALLENGE_TTL": ("E008", [0, 14, 121, "60", 60.0, None, True]),
    "RATE_LIMITS": ("E009", [True, None, "30/m/ip", {"nonsense": "1/m/ip"}, {"verify": "often"},
                             {"verify": "1/m/user"}, {"verify": 5}, {"verify": "1/x/ip"},
                             {"verify": "0/m/ip"}, {"verify": "1/0s/ip"}, {"verify": "1/infm/ip"}]),
    "TIMEOUT": ("E011", [5, None, (3,), (3, 10, 1), (0, 10), (3, -1), ("3", "10"), (True, 1),
                         "ab", (float("inf"), 1), (float("nan"), 1), (1, 3601), (1, 10**400)]),
    "NAME": ("E012", ["", "  ", 5, [], {}, None, b"Wallet"]),
    "FALLBACK": ("E013", ["", "moralis", True, 5, []]),
    "RPC": ("E014", [None, "https://x", ["https://x"], {"1": "https://x"}, {0: "https://x"},
                     {True: "https://x"}, {2**53: "https://x"}, {1: "http://node.example"},
                     {1: "http://8.8.8.8"}, {1: "wss://x"}, {1: ""}, {1: None}, {1: "https://["},
                     {1: "https://x y/"}, {1: "https://x/\n"}]),
    "ENS": ("E015", [True, 1, "on", []]),
    "WALLET_LINKS": ("E016", ["x", 5, {}, [5], [{}], [link(url="https://x.example/")],
                              [link(url=5)],
                              [link(url="javascript:open({url})")], [link(url="{url}")],
                              [link(name="")], [link(networks=["bitcoin"])], [link(networks=[])],
                              [link(more=1)], [link(url="data:text/html,{url}")]]),
    "CROSS_DEVICE": ("E017", [None, 1, 0, "on", []]),
}  # fmt: skip
RIGHT: dict[str, list[object]] = {
    "API_KEY": ["", "k" * 64, "eyJhbGciOiJIUzI1NiJ9.eyJub25jZSI6IjEifQ.a-b_c"],
    "BACKEND": [None, conf.LOCAL_BACKEND],
    "BASE_URL": ["https://authapi.moralis.io", "http://127.0.0.1:8899/"],
    "NETWORKS": [["evm"], ("evm",)],
    "CHAINS": [None, [1, 137], {1}, (2**53 - 1,)],
    "DOMAIN": [
        None,
        "example.com",
        "localhost:8000",
        "127.0.0.1",
        "[::1]:8000",
        "xn--exmple-cua.com",
    ],
    "STATEMENT": [None, "Hello {domain}", {"login": "Hi", "connect": "Link {domain}"}],
    "CHALLENGE_TTL": [15, 120],
    "RATE_LIMITS": [False, {}, {"challenge": "5/h/key"}, {"verify": "1/10s/ip, 9/d"}],
    "TIMEOUT": [(3, 10), [0.5, 1]],
    "NAME": ["Wallet", "Кошелёк"],
    "FALLBACK": [None, "local"],
    "RPC": [
        {},
        {1: "https://node.example/v2/key"},
        {8453: "http://127.0.0.1:8545", 31337: "http://localhost:8545", 10: "http://[::1]:8545"},
    ],
    "ENS": [None, False],
    "WALLET_LINKS": [None, [], [link()], (link(url="own://{bare}"), link(name="Два"))],
    "CROSS_DEVICE": [True, False],
}


def ours(**kwargs) -> list:
    return [m for m in run_checks(**kwargs) if str(m.id).startswith("allauth_moralis.")]


@pytest.mark.parametrize(
    ("key", "expected", "value"),
    [(key, number, value) for key, (number, values) in WRONG.items() for value in values],
    ids=repr,
)
def test_a_wrong_value(provider, key, expected, value):
    provider[key] = value

    found = ours()

    assert [message.id for message in found] == [f"allauth_moralis.{expected}"]
    assert f'["{key}"]' in found[0].msg
    assert found[0].hint


@pytest.mark.parametrize(
    ("key", "value"), [(key, value) for key, values in RIGHT.items() for value in values], ids=repr
)
def test_a_right_value(provider, key, value):
    provider[key] = value

    assert ours() == []


def test_names_may_be_asked_for_with_a_node_of_chain_1(provider):
    provider.update(ENS=True, RPC={1: "https://node.example"})
    assert ours() == []

    provider["RPC"] = {8453: "https://node.example"}
    assert [message.id for message in ours()] == ["allauth_moralis.E015"]

    provider["RPC"] = None
    assert [message.id for message in ours()] == ["allauth_moralis.E014", "allauth_moralis.E015"]


def test_wrong_url_of_a_node_is_not_repeated(provider):
    provider["RPC"] = {1: "http://node.example/v2/key-of-the-node"}

    assert "node.example" not in repr(ours())


def test_every_setting_has_a_rule_and_every_rule_a_setting():
    assert set(RULES) == {field.name for field in fields(conf.Settings)}
    assert set(WRONG) == set(RIGHT) == {name.upper() for name in RULES} == set(conf.DEFAULTS)


def test_every_default_is_a_good_value():
    assert all(rule.good(conf.DEFAULTS[name.upper()]) for name, rule in RULES.items())


def test_every_setting_says_what_it_means():
    assert all(field.metadata["meaning"] for field in fields(conf.Settings))


def test_a_setting_that_does_not_exist(provider):
    provider.update(API_KEYS="x", EMAIL_AUTHENTICATION=False)

    found = ours()

    assert [message.id for message in found] == ["allauth_moralis.W001"]
    assert '"API_KEYS"' in found[0].msg


def test_the_moralis_backend_without_a_key(provider):
    provider["BACKEND"] = conf.MORALIS_BACKEND

    assert [message.id for message in ours()] == ["allauth_moralis.E010"]


def test_a_warning_hides_no_error(provider):
    provider.update(API_KEYS="x", BACKEND=conf.MORALIS_BACKEND)

    assert {message.id for message in ours()} == {"allauth_moralis.W001", "allauth_moralis.E010"}


def test_sessions_in_cookies_need_a_shared_cache(settings, monkeypatch):
    monkeypatch.setattr(AppSettings, "USERSESSIONS_ENABLED", False)
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
    settings.HEADLESS_CLIENTS = ["browser"]
    assert [message.id for message in ours()] == ["allauth_moralis.E020"]

    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache"}}
    assert ours() == []


def test_sessions_in_cookies_do_not_fit_the_list_of_sessions(settings):
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
    settings.HEADLESS_CLIENTS = ["browser"]
    shared_cache(settings)

    assert [message.id for message in ours()] == ["allauth_moralis.E022"]


class TokensOfItsOwn:
    """A site's own way to tell applications apart."""


def test_sessions_in_cookies_have_no_key_for_an_application(settings, monkeypatch):
    monkeypatch.setattr(AppSettings, "USERSESSIONS_ENABLED", False)
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
    shared_cache(settings)
    assert [message.id for message in ours()] == ["allauth_moralis.E028"]

    settings.HEADLESS_TOKEN_STRATEGY = f"{__name__}.TokensOfItsOwn"
    assert ours() == []
    del settings.HEADLESS_TOKEN_STRATEGY
    monkeypatch.setattr(AppSettings, "HEADLESS_ENABLED", False)
    assert ours() == []


@pytest.fixture(autouse=True)
def _no_proxy(settings):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 0


def deployment_ids() -> list[str]:
    return [message.id for message in ours(include_deployment_checks=True)]


@pytest.mark.parametrize("cache", ["locmem.LocMemCache", "dummy.DummyCache"])
def test_a_deployment_whose_cache_is_not_shared(settings, cache):
    settings.CACHES = {"default": {"BACKEND": f"django.core.cache.backends.{cache}"}}
    assert deployment_ids() == ["allauth_moralis.W002"]


@pytest.mark.parametrize("cache", ["locmem.LocMemCache", "dummy.DummyCache"])
def test_a_deployment_whose_phone_may_reach_another_process(settings, provider, cache):
    settings.CACHES = {"default": {"BACKEND": f"django.core.cache.backends.{cache}"}}
    provider["CROSS_DEVICE"] = True
    assert set(deployment_ids()) == {"allauth_moralis.W002", "allauth_moralis.E029"}
    assert ours() == []  # one process, on one's own machine

    shared_cache(settings)
    assert deployment_ids() == []


def shared_cache(settings) -> None:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache"}}


def test_a_deployment_whose_search_for_a_user_name_scans_the_table(settings):
    shared_cache(settings)
    settings.ACCOUNT_PRESERVE_USERNAME_CASING = True
    assert deployment_ids() == ["allauth_moralis.W003"]


def test_a_deployment_that_sends_its_key_in_the_clear(settings, provider):
    shared_cache(settings)
    provider.update(API_KEY="key", BASE_URL="http://moralis.example")
    assert deployment_ids() == ["allauth_moralis.W004"]


def test_a_good_deployment(settings, provider):
    shared_cache(settings)
    provider["API_KEY"] = "key"
    assert deployment_ids() == []


def test_a_deployment_whose_cache_adds_in_two_steps(settings):
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
            "LOCATION": "/nowhere",
        }
    }
    assert deployment_ids() == ["allauth_moralis.W007"]


def test_a_deployment_whose_sign_up_form_tells_who_has_an_account(settings):
    shared_cache(settings)
    settings.SOCIALACCOUNT_EMAIL_REQUIRED = True
    assert deployment_ids() == ["allauth_moralis.W008"]

    settings.SOCIALACCOUNT_EMAIL_VERIFICATION = "mandatory"
    assert deployment_ids() == []


def email_of_users(monkeypatch, **attributes) -> None:
    field = get_user_model()._meta.get_field("email")
    for name, value in attributes.items():
        monkeypatch.setattr(field, name, value)


def test_a_user_model_where_only_one_can_be_without_an_address(settings, monkeypatch):
    email_of_users(monkeypatch, unique=True)
    assert [message.id for message in ours()] == ["allauth_moralis.E023"]

    settings.SOCIALACCOUNT_EMAIL_REQUIRED = True
    settings.SOCIALACCOUNT_EMAIL_VERIFICATION = "mandatory"
    assert ours() == []


def test_a_user_model_where_many_can_be_without_an_address(monkeypatch):
    email_of_users(monkeypatch, unique=True, null=True)
    assert ours() == []


def test_a_user_model_without_addresses(settings):
    settings.ACCOUNT_USER_MODEL_EMAIL_FIELD = None
    assert ours() == []


@pytest.mark.urls("allauth_moralis.headless.urls")
def test_site_that_left_our_urls_out(settings):
    assert "allauth_moralis.W044" in [message.id for message in ours()]

    settings.HEADLESS_ONLY = True
    assert "allauth_moralis.W044" not in [message.id for message in ours()]


@pytest.mark.urls("tests.urls_at_the_root")
def test_a_site_that_sends_people_where_it_has_no_page(settings):
    assert ours() == []  # its adapter finds the page
    settings.ACCOUNT_ADAPTER = "allauth.account.adapter.DefaultAccountAdapter"
    assert "allauth_moralis.W006" in [message.id for message in ours()]

    settings.LOGIN_REDIRECT_URL = "moralis_profile"
    assert "allauth_moralis.W006" not in [message.id for message in ours()]


def test_a_site_under_a_prefix_that_sends_people_beside_it(settings):
    settings.FORCE_SCRIPT_NAME = "/shop"
    assert ours() == []
    settings.ACCOUNT_ADAPTER = "allauth.account.adapter.DefaultAccountAdapter"
    assert "allauth_moralis.W006" in [message.id for message in ours()]


def test_a_project_without_pages(settings):
    settings.ROOT_URLCONF = None
    assert check_redirect() == []
