"""``manage.py check`` says what must change on a site before anybody is shut out there."""

from collections.abc import Callable
from functools import wraps
from types import ModuleType

import pytest
from allauth import app_settings as allauth_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf.urls.i18n import i18n_patterns
from django.contrib.auth.models import AbstractBaseUser, AbstractUser, Group
from django.core.checks import run_checks
from django.db import models
from django.db.models.functions import Lower
from django.db.models.signals import pre_save
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.test.utils import isolate_apps
from django.urls import include, path, re_path
from django.views import View

from allauth_moralis import views
from allauth_moralis.checks import pages, users

LOCMEM = "django.template.loaders.locmem.Loader"


def ids(*, deploy: bool = False) -> list[str]:
    found = run_checks(include_deployment_checks=deploy)
    ours = [m.id for m in found if str(m.id).startswith("allauth_moralis.")]
    return [str(message_id).removeprefix("allauth_moralis.") for message_id in ours]


def hint_of(message_id: str) -> str:
    return next(str(m.hint) for m in run_checks() if m.id == f"allauth_moralis.{message_id}")


@pytest.fixture
def deployment(settings) -> None:
    """A site that a proxy stands before, with a cache that its processes share."""
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache"}}
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1


# --- Hosts -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hosts", "found"),
    [
        (["*"], ["E021"]),
        (["example.com", "*"], ["E021"]),
        ([".example.com"], ["W009"]),
        (["example.com", "www.example.com"], []),
    ],
)
def test_hosts_that_others_may_hold(settings, provider, hosts, found):
    settings.ALLOWED_HOSTS = hosts
    assert ids() == found

    provider["DOMAIN"] = "example.com"
    assert ids() == []


def test_any_host_will_do_while_the_site_is_debugged(settings):
    settings.ALLOWED_HOSTS = ["*"]
    settings.DEBUG = True
    assert ids() == []


# --- Visitors' addresses ---------------------------------------------------------------------


class AdapterThatKnowsAddresses(DefaultAccountAdapter):
    def get_client_ip(self, request) -> str:  # noqa: ARG002 - allauth's signature
        return "192.0.2.1"


@pytest.fixture
def undecided(settings, deployment) -> None:
    del settings.ALLAUTH_TRUSTED_PROXY_COUNT


def test_limits_by_address_on_a_site_that_does_not_say_how_it_is_reached(undecided):
    assert ids(deploy=True) == ["W010"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ALLAUTH_TRUSTED_PROXY_COUNT", 0),
        ("ALLAUTH_TRUSTED_PROXY_COUNT", 2),
        ("ALLAUTH_TRUSTED_CLIENT_IP_HEADER", "CF-Connecting-IP"),
    ],
)
def test_a_site_that_says_how_it_is_reached(settings, undecided, name, value):
    setattr(settings, name, value)
    assert ids(deploy=True) == []


def test_a_site_whose_adapter_knows_the_address(settings, undecided):
    settings.ACCOUNT_ADAPTER = f"{__name__}.AdapterThatKnowsAddresses"
    assert "W010" not in ids(deploy=True)


@pytest.mark.parametrize(
    "limits", [False, {"challenge": "9/m/key", "verify": "9/m/key"}], ids=["none", "by wallet"]
)
def test_a_site_without_limits_by_address(provider, undecided, limits):
    provider["RATE_LIMITS"] = limits
    assert ids(deploy=True) == []


@pytest.mark.parametrize(("key", "value"), [("RATE_LIMITS", None), ("BASE_URL", 5)])
def test_a_wrong_setting_does_not_end_the_checks_of_a_deployment(provider, deployment, key, value):
    provider.update({"API_KEY": "key", key: value})
    assert len(ids(deploy=True)) == 1


# --- Accounts --------------------------------------------------------------------------------


def test_an_account_adapter_without_the_mixin(settings):
    settings.ACCOUNT_ADAPTER = "allauth.account.adapter.DefaultAccountAdapter"
    (open_door,) = [m for m in run_checks() if m.id == "allauth_moralis.W012"]

    settings.ACCOUNT_REAUTHENTICATION_REQUIRED = True
    (shut_door,) = [m for m in run_checks() if m.id == "allauth_moralis.W012"]

    assert "take over the account" in open_door.msg
    assert "403" in shut_door.msg
    assert "WalletReauthenticationMixin" in str(open_door.hint)


@pytest.mark.parametrize(
    ("own", "found"),
    [
        ({"SOCIALACCOUNT_EMAIL_VERIFICATION": "mandatory"}, True),
        ({"SOCIALACCOUNT_EMAIL_VERIFICATION": None}, True),  # the account's counts
        ({"SOCIALACCOUNT_EMAIL_VERIFICATION": "optional"}, False),
        (
            {
                "SOCIALACCOUNT_EMAIL_VERIFICATION": "mandatory",
                "SOCIALACCOUNT_EMAIL_REQUIRED": True,
            },
            False,
        ),
        ({"ACCOUNT_LOGIN_BY_CODE_REQUIRED": True}, True),
        ({"ACCOUNT_LOGIN_BY_CODE_REQUIRED": {"socialaccount"}}, True),
        ({"ACCOUNT_LOGIN_BY_CODE_REQUIRED": {"password"}}, False),
    ],
)
def test_stage_that_an_account_without_an_address_cannot_pass(settings, own, found):
    for name, value in own.items():
        setattr(settings, name, value)
    assert "E026" not in ids()

    settings.ACCOUNT_ADAPTER = "allauth.account.adapter.DefaultAccountAdapter"

    assert ("E026" in ids()) is found


def test_pages_let_them_pass_without_the_mixin(settings, monkeypatch):
    settings.ACCOUNT_ADAPTER = "allauth.account.adapter.DefaultAccountAdapter"
    settings.SOCIALACCOUNT_EMAIL_VERIFICATION = "mandatory"
    monkeypatch.setattr(allauth_settings, "HEADLESS_ENABLED", False)

    assert "E026" not in ids()


def test_a_social_account_adapter_without_the_mixin(settings):
    settings.SOCIALACCOUNT_ADAPTER = "allauth.socialaccount.adapter.DefaultSocialAccountAdapter"
    assert ids() == ["W013"]


@pytest.mark.parametrize(
    ("own", "found"),
    [
        # Left out, the account's counts.
        ({"ACCOUNT_EMAIL_VERIFICATION": "mandatory"}, []),
        (
            {
                "ACCOUNT_EMAIL_VERIFICATION": "mandatory",
                "SOCIALACCOUNT_EMAIL_VERIFICATION": "optional",
            },
            ["W008"],
        ),
        ({"ACCOUNT_EMAIL_VERIFICATION": "optional"}, ["W008"]),
        # allauth's form asks the account's setting, not this one.
        (
            {
                "ACCOUNT_EMAIL_VERIFICATION": "optional",
                "SOCIALACCOUNT_EMAIL_VERIFICATION": "mandatory",
            },
            ["W008"],
        ),
        (
            {"ACCOUNT_EMAIL_VERIFICATION": "mandatory", "ACCOUNT_PREVENT_ENUMERATION": False},
            ["W008"],
        ),
        (
            {"ACCOUNT_EMAIL_VERIFICATION": "optional", "ACCOUNT_PREVENT_ENUMERATION": "strict"},
            [],
        ),
        ({"ACCOUNT_EMAIL_VERIFICATION": "optional", "ACCOUNT_UNIQUE_EMAIL": False}, []),
    ],
)
def test_a_form_that_tells_who_has_an_account(settings, deployment, own, found):
    del settings.SOCIALACCOUNT_EMAIL_VERIFICATION
    settings.SOCIALACCOUNT_EMAIL_REQUIRED = True
    for name, value in own.items():
        setattr(settings, name, value)

    assert ids(deploy=True) == found


class AdapterWithRedirect(DefaultAccountAdapter):
    def get_login_redirect_url(self, request) -> str:  # noqa: ARG002 - allauth's signature
        return "/elsewhere/"


@pytest.mark.urls("tests.urls_at_the_root")
def test_a_site_whose_adapter_says_where_people_are_sent(settings):
    settings.ACCOUNT_ADAPTER = f"{__name__}.AdapterWithRedirect"
    assert "W006" not in ids()


# --- The user model --------------------------------------------------------------------------


class AdapterThatFillsIn(DefaultSocialAccountAdapter):
    def populate_user(self, request, sociallogin, data):
        return super().populate_user(request, sociallogin, data)


def judged(model: type[models.Model]) -> list[str]:
    return [str(m.id).removeprefix("allauth_moralis.") for m in users._messages(model)]


def with_field(field: models.Field, **attributes) -> type[models.Model]:
    """Make a user model that has a field of its own."""
    meta = type("Meta", (), {"app_label": "auth", **attributes.pop("meta", {})})
    body = {"own": field, "Meta": meta, "__module__": __name__, **attributes}
    with isolate_apps("django.contrib.auth", "django.contrib.contenttypes"):
        return type("Own", (AbstractUser,), body)


@pytest.mark.parametrize(
    "field",
    [
        models.DateField(),
        models.IntegerField(),
        models.ForeignKey(Group, models.CASCADE),
        models.CharField(unique=True, max_length=9),
        models.CharField(unique=True, max_length=9, default="x"),
    ],
    ids=["date", "number", "relation", "unique", "unique with one default"],
)
def test_a_field_that_a_wallet_user_cannot_fill(field):
    assert judged(with_field(field)) == ["E024"]


@pytest.mark.parametrize(
    "field",
    [
        models.DateField(null=True),
        models.DateField(auto_now_add=True),
        models.IntegerField(default=1),
        models.IntegerField(db_default=1),
        models.CharField(max_length=9),
        models.CharField(max_length=9, unique=True, null=True),
        models.UUIDField(unique=True, default=object),
        models.GeneratedField(
            expression=models.F("id") + 0, output_field=models.IntegerField(), db_persist=True
        ),
    ],
    ids=["null", "now", "default", "database", "text", "unique null", "unique made", "generated"],
)
def test_a_field_that_needs_nobody(field):
    assert judged(with_field(field)) == []


def test_a_field_that_the_site_fills_in(settings, monkeypatch):
    model = with_field(models.DateField())

    with monkeypatch.context() as patch:
        patch.setattr(settings, "SOCIALACCOUNT_FORMS", {"signup": "a.Form"}, raising=False)
        assert judged(model) == []
    with monkeypatch.context() as patch:
        patch.setattr(settings, "SOCIALACCOUNT_ADAPTER", f"{__name__}.AdapterThatFillsIn")
        assert judged(model) == []
    receiver = lambda **_: None  # noqa: E731
    pre_save.connect(receiver, sender=model)
    assert judged(model) == []
    pre_save.disconnect(receiver, sender=model)
    assert judged(model) == ["E024"]
    assert judged(with_field(models.DateField(), save=lambda self, **_: None)) == []


@pytest.mark.parametrize(
    ("constraint", "found"),
    [
        (models.UniqueConstraint(fields=["email"], name="one"), ["E023"]),
        (models.UniqueConstraint(Lower("email"), name="one"), ["E023"]),
        (models.UniqueConstraint("email", name="one"), ["E023"]),
        (models.UniqueConstraint(fields=["email", "own"], name="one"), []),
        (
            models.UniqueConstraint(fields=["email"], condition=~models.Q(email=""), name="one"),
            [],
        ),
        (models.CheckConstraint(condition=models.Q(own__gt=0), name="one"), []),
    ],
    ids=["field", "lower case", "expression", "of two", "where there is one", "another"],
)
def test_a_constraint_by_which_one_user_alone_has_no_address(constraint, found):
    model = with_field(models.IntegerField(default=1), meta={"constraints": [constraint]})
    assert judged(model) == found


@isolate_apps("django.contrib.auth", "django.contrib.contenttypes")
def test_a_user_model_whose_users_have_no_name_to_show(settings):
    class Nameless(AbstractBaseUser):
        email = models.EmailField(unique=True, null=True)  # noqa: DJ001 - many have none
        USERNAME_FIELD = "email"

        class Meta:
            app_label = "auth"

        def __str__(self) -> str:
            return self.email  # type: ignore[return-value]  # the fault

    settings.ACCOUNT_USER_MODEL_USERNAME_FIELD = None

    (found,) = users._messages(Nameless)

    assert found.id == "allauth_moralis.E027"
    assert "TypeError" in found.msg
    assert "__str__" in str(found.hint)


# --- The wallet page -------------------------------------------------------------------------


@pytest.fixture
def templates(settings):
    """Put templates of a site's own before the others."""

    def use(**own: str) -> None:
        options = settings.TEMPLATES[0]["OPTIONS"]
        own = {
            f"{name}.html" if "/" in name else f"allauth/layouts/{name}.html": text
            for name, text in own.items()
        }
        loaders = ["filesystem", "app_directories"]
        rest = [f"django.template.loaders.{name}.Loader" for name in loaders]
        settings.TEMPLATES = [
            {
                **settings.TEMPLATES[0],
                "APP_DIRS": False,
                "OPTIONS": {**options, "loaders": [(LOCMEM, own), *rest]},
            }
        ]

    return use


def test_a_base_template_that_leaves_the_content_out(templates):
    templates(base="<title>{% block head_title %}{% endblock %}</title>")

    assert ids() == ["E025", "W015"]
    assert "moralis/login.html, socialaccount/base_entrance.html" in hint_of("E025")
    assert "allauth/layouts/base.html" in hint_of("E025")


def test_a_page_with_digests_in_the_names_of_its_files(templates):
    templates(
        base='<link href="/s/moralis/moralis.0f9a.css"><script src="/s/moralis/moralis.0f9a.js">'
    )
    assert ids() == []


def test_a_template_that_fails(templates):
    templates(base="{% include nothing %}")

    assert ids() == ["W014"]
    (message,) = [m for m in run_checks() if m.id == "allauth_moralis.W014"]
    assert "TemplateDoesNotExist" in message.msg


def test_a_template_that_cannot_even_be_read(templates):
    templates(base="{% nonsense %}")
    assert ids() == ["W014"]


def ask_the_database(request) -> dict:
    return {"groups": list(Group.objects.all())}


@pytest.mark.django_db
def test_a_site_whose_templates_ask_the_database_is_asked_nothing(settings, templates):
    templates(base="")
    processors = settings.TEMPLATES[0]["OPTIONS"]["context_processors"]
    processors = [*processors, f"{__name__}.ask_the_database"]
    settings.TEMPLATES[0]["OPTIONS"]["context_processors"] = processors
    settings.TEMPLATES = [*settings.TEMPLATES]

    assert ids() == []


def test_static_files_that_are_not_collected_yet(settings):
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"},
    }
    settings.STATIC_ROOT = "/nowhere"
    assert ids() == []


def routes(*own) -> ModuleType:
    urlconf = ModuleType("urls")
    home = path("", lambda request: HttpResponse(), name="home")
    vars(urlconf)["urlpatterns"] = [*own, home]
    return urlconf


def wallet_page(view) -> ModuleType:
    return routes(path("moralis/login/", view, name="moralis_login"))


def test_a_site_with_a_wallet_page_of_its_own(settings):
    settings.ROOT_URLCONF = wallet_page(lambda request: HttpResponse("<script>"))
    assert pages.check_wallet_page() == []


def test_a_site_whose_wallet_page_has_a_template_of_its_own(templates):
    templates(**{"moralis/login": "<script src=/own.js>"})
    assert ids() == []

    templates(**{"moralis/login": '<div id="moralis-wallets">'})
    assert ids() == ["E025", "W015"]


def decorated(answer) -> Callable:
    """Stand in for our view where the site has put something before it."""

    @wraps(views.login)
    def view(request: HttpRequest) -> HttpResponse:
        return answer(request)

    return view


def test_a_site_that_shows_the_wallet_page_to_some_alone(settings):
    settings.ROOT_URLCONF = wallet_page(decorated(lambda request: HttpResponse(status=404)))
    assert pages.check_wallet_page() == []


def test_a_site_that_renders_the_wallet_page_late(settings):
    late = decorated(lambda request: TemplateResponse(request, "404.html"))
    settings.ROOT_URLCONF = wallet_page(late)
    assert [m.id for m in pages.check_wallet_page()] == [
        "allauth_moralis.E025",
        "allauth_moralis.W015",
    ]


@pytest.mark.parametrize("urlconf", [None, routes()])
def test_a_site_without_a_wallet_page(settings, urlconf):
    settings.ROOT_URLCONF = urlconf
    assert pages.check_wallet_page() == []


def test_a_site_under_a_prefix(settings):
    settings.FORCE_SCRIPT_NAME = "/shop"
    settings.LOGIN_REDIRECT_URL = "moralis_profile"
    assert ids() == []


# --- The profile page ------------------------------------------------------------------------


def answer(request, **_) -> HttpResponse:
    return HttpResponse()


class Page(View):
    pass


OURS = include("allauth_moralis.urls")
LANGUAGES = {"i18n_patterns": i18n_patterns, "without": lambda *patterns: patterns}


@pytest.mark.parametrize("prefixed", LANGUAGES.values(), ids=LANGUAGES)
@pytest.mark.parametrize(
    ("view", "name"), [(answer, "answer"), (Page.as_view(), "Page")], ids=["function", "class"]
)
def test_a_page_that_the_profile_page_hides(settings, prefixed, view, name):
    settings.ROOT_URLCONF = routes(
        *prefixed(path("accounts/", OURS), path("accounts/profile/", view))
    )

    (found,) = pages.check_profile()

    assert found.id == "allauth_moralis.W018"
    assert f"{__name__}.{name}," in found.msg


@pytest.mark.parametrize(
    "patterns",
    [
        [path("accounts/", OURS)],
        [path("accounts/profile/", answer), path("accounts/", OURS)],
        [path("accounts/", OURS), path("<path:anything>", answer)],
        [path("accounts/", OURS), re_path("", answer)],
        [path("accounts/", OURS), path("accounts/<slug:page>/", answer)],
        [path("accounts/", OURS), path("other/", include([path("profile/", answer)]))],
        [],
    ],
    ids=["none", "first", "any path", "any at all", "any name", "elsewhere", "without ours"],
)
def test_a_page_that_nothing_hides(settings, patterns):
    settings.ROOT_URLCONF = routes(*patterns)
    assert pages.check_profile() == []


def test_a_project_without_urls_has_no_page_to_hide(settings):
    del settings.ROOT_URLCONF
    assert pages.check_profile() == []


# --- Nodes of chains that are not accepted ----------------------------------------------------


@pytest.mark.parametrize(
    ("chains", "nodes", "ens", "found"),
    [
        ([1], {8453: "https://node.example"}, None, True),
        ([8453], {1: "https://node.example", 8453: "https://node.example"}, None, False),
        ([8453], {1: "https://node.example"}, False, True),
        (None, {8453: "https://node.example"}, None, False),
        ([8453], {8453: "https://node.example"}, None, False),
        ([8453], {8453: "http://node.example"}, None, False),
    ],
)
def test_nodes_of_chains_that_are_not_accepted(provider, chains, nodes, ens, found):
    provider.update(CHAINS=chains, RPC=nodes, ENS=ens)

    assert ("W017" in ids()) is found


# --- Wallets that open a window ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "nodes", "middleware", "found"),
    [
        ("same-origin", {8453: "https://node.example"}, True, True),
        ("same-origin-allow-popups", {8453: "https://node.example"}, True, False),
        (None, {8453: "https://node.example"}, True, False),
        ("same-origin", {}, True, False),
        ("same-origin", {8453: "https://node.example"}, False, False),
    ],
)
def test_pages_that_are_cut_off_from_the_windows_of_wallets(
    settings, provider, policy, nodes, middleware, found
):
    settings.SECURE_CROSS_ORIGIN_OPENER_POLICY = policy
    provider["RPC"] = nodes
    if not middleware:
        settings.MIDDLEWARE = [each for each in settings.MIDDLEWARE if "Security" not in each]

    assert ("W016" in ids()) is found
