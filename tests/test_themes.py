"""Our pages under templates that are not the demo's, which promise what allauth's promise."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import allauth
import pytest
from django.core.checks import run_checks
from django.urls import reverse

import allauth_moralis
from allauth_moralis.testing import answer, obtain_challenge, sign_in

from . import themes

OURS = Path(allauth_moralis.__file__).parent / "templates"
ALLAUTHS = Path(allauth.__file__).parent / "templates"
LOGIN = "/accounts/moralis/login/"


@pytest.fixture(params=themes.THEMES.values(), ids=list(themes.THEMES))
def theme(request, settings) -> dict[str, str]:
    themes.use(settings, request.param)
    return request.param


# --- Script and style ------------------------------------------------------------------------

STYLE = '<link rel="stylesheet" href="/static/moralis/moralis.css">'


COPY = '<script src="/static/moralis/copy.js" defer></script>'


def modules(html: str, name: str) -> int:
    """Count the module scripts of this name, which come from the site itself."""
    found = rf'<script type="module" src="/accounts/moralis/scripts/\w+/moralis/{name}\.js">'
    return len(re.findall(found, html))


@pytest.mark.django_db
@pytest.mark.parametrize("process", ["login", "connect", "reauthenticate"])
def test_wallet_page_has_script_and_style(client, wallet, theme, process):
    sign_in(client, wallet)

    html = client.get(LOGIN, {"process": process}).content.decode()

    assert html.count(STYLE) == modules(html, "moralis") == 1
    assert 'id="moralis-wallets"' in html


@pytest.mark.django_db
def test_refusal_has_script_and_style(client, wallet, other_wallet, theme):
    challenge = obtain_challenge(client, wallet)

    html = answer(
        client, challenge.challenge, other_wallet.sign(challenge.message)
    ).content.decode()

    assert 'data-error-code="signature_invalid"' in html
    assert html.count(STYLE) == modules(html, "moralis") == 1


@pytest.mark.django_db
def test_profile_page_has_script_and_style(client, wallet, theme):
    sign_in(client, wallet)

    html = client.get(reverse("moralis_profile")).content.decode()

    assert STYLE in html
    assert COPY in html


@pytest.mark.django_db
def test_watching_tag_brings_its_script_and_style(client, wallet, settings):
    tag = "{% load moralis %}{% moralis_wallet_watch %}"
    themes.use(settings, {themes.BASE: f"{tag}{themes.BARE[themes.BASE]}"})
    sign_in(client, wallet)

    html = client.get(reverse("account_email")).content.decode()

    assert html.count(STYLE) == modules(html, "watch") == 1


def test_checks_find_nothing(theme):
    assert [m for m in run_checks() if str(m.id).startswith("allauth_moralis.")] == []


# --- What allauth's elements promise ---------------------------------------------------------

TAG = re.compile(r"{% (element|endelement|slot) ?(.*?) ?%}")
#: Attributes that some themes know and others pass over without harm.
OPTIONAL = {"tags", "level", "no_visible_fields", "maxlength", "unlabeled", "form"}


def templates() -> list[str]:
    return sorted(str(path.relative_to(OURS)) for path in OURS.rglob("*.html"))


def elements(template: str) -> Iterator[tuple[str, set[str], set[str]]]:
    """Yield each element of a template: its name, its attributes, the slots that are filled."""
    stack: list[tuple[str, set[str], set[str]]] = []
    for kind, rest in TAG.findall((OURS / template).read_text()):
        if kind == "element":
            name, _, attributes = rest.partition(" ")
            stack.append((name, set(re.findall(r"(\w+)=", attributes)), set()))
        elif kind == "slot":
            stack[-1][2].add(rest)
        else:
            yield stack.pop()


@pytest.mark.parametrize("template", templates())
def test_elements_are_allauths(template):
    for name, attributes, slots in elements(template):
        source = (ALLAUTHS / "allauth" / "elements" / f"{name}.html").read_text()
        assert slots <= set(re.findall(r"{% slot (\w+) %}", source)), name
        assert attributes <= set(re.findall(r"attrs\.(\w+)", source)) | OPTIONAL, name


# The admin's are shown within Django's own, which every site has.
@pytest.mark.parametrize("template", [each for each in templates() if "admin/" not in each])
def test_blocks_that_are_filled_are_our_own_or_in_every_sites_templates(template):
    """What a site's base template leaves out is not shown: a title may be, and nothing else."""
    source = (OURS / template).read_text()
    blocks = set(re.findall(r"{% block (\w+) %}", source))

    assert {block for block in blocks if not block.startswith("moralis_")} <= {
        "content",
        "head_title",
        "reauthenticate_content",  # is filled by the templates that extend it
    }
    for parent in re.findall(r'{% extends "(.*?)" %}', source):
        assert (ALLAUTHS / parent).is_file() or (OURS / parent).is_file()


class Nesting(HTMLParser):
    """Finds what a browser would move out of its paragraph."""

    BLOCKS = frozenset(
        {
            *(
                "address",
                "blockquote",
                "details",
                "div",
                "dl",
                "fieldset",
                "form",
                "h1",
                "h2",
                "h3",
            ),
            *("hr", "ol", "p", "pre", "section", "table", "ul"),
        }
    )

    def __init__(self) -> None:
        super().__init__()
        self.open = False
        self.found: list[str] = []

    def handle_starttag(self, tag: str, _attrs: list[tuple[str, str | None]]) -> None:
        if self.open and tag in self.BLOCKS:
            self.found.append(f"<{tag}> in a paragraph at line {self.getpos()[0]}")
        self.open = self.open or tag == "p"

    def handle_endtag(self, tag: str) -> None:
        self.open = self.open and tag != "p"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path",
    [LOGIN, f"{LOGIN}?process=connect", f"{LOGIN}?process=reauthenticate",
     "/accounts/profile/", "/accounts/3rdparty/"],
)  # fmt: skip
def test_paragraphs_hold_what_paragraphs_may(client, wallet, settings, path):
    """allauth's own alert is a paragraph, in which no list may stand."""
    themes.use(settings, themes.ALLAUTHS)
    sign_in(client, wallet)
    nesting = Nesting()

    nesting.feed(client.get(path).content.decode())

    assert nesting.found == []


# --- Looks -----------------------------------------------------------------------------------

#: A theme that marks what it shows, as allauth's example for Bootstrap does by class.
MARKS = {
    "allauth/elements/badge.html": (
        "{% load allauth %}<b data-tags=\"{{ attrs.tags|join:' ' }}\">{% slot %}{% endslot %}</b>"
    ),
    "allauth/elements/button.html": (
        "{% load allauth %}<button data-theme type={{ attrs.type }}>"
        "{% slot %}{% endslot %}</button>"
    ),
}


@pytest.mark.django_db
def test_badges_have_tags_that_themes_have_colours_for(client, wallet, settings):
    themes.use(settings, MARKS)
    sign_in(client, wallet)

    for page in ("moralis_profile", "socialaccount_connections"):
        html = client.get(reverse(page)).content.decode()
        tags = re.findall(r'<b data-tags="(.*?)">', html)
        assert tags
        for each in tags:
            assert {"primary", "secondary", "success", "warning", "danger"} & set(each.split())


@pytest.mark.django_db
def test_every_button_is_the_themes(client, wallet, settings):
    tag = "{% load moralis %}{% moralis_wallet_watch %}{% block content %}{% endblock %}"
    themes.use(settings, {**MARKS, themes.BASE: tag})
    sign_in(client, wallet)

    for path in (LOGIN, "/accounts/profile/", "/accounts/3rdparty/"):
        html = client.get(path).content.decode()
        assert "<button data-theme" in html
        assert not re.search("<button (?!data-theme)", html)


@pytest.mark.django_db
def test_page_that_asks_for_a_confirmation_is_allauths_to_the_letter(
    client, settings, django_user_model
):
    """But for the sentence on what goes on: with nothing to go on, there is no difference."""
    client.force_login(django_user_model.objects.create_user("ada", password="x"))
    page = reverse("account_reauthenticate")
    original = (ALLAUTHS / "account" / "base_reauthenticate.html").read_text()

    def words() -> list[str]:
        html = client.get(page).content.decode()
        return re.sub(r'value="[^"]{64}"', "", html).split()

    themes.use(settings, {})
    ours = words()
    themes.use(settings, {"account/base_reauthenticate.html": original})

    assert ours == words()
    assert ours.count("Access") == 2


@pytest.mark.django_db
def test_connections_page_warns_of_a_single_way_in_and_leads_to_the_profile(
    client, wallet, other_wallet, django_user_model
):
    """Where the site sends people elsewhere after signing in, nothing else leads there."""
    page = reverse("socialaccount_connections")
    link = f'<a href="{reverse("moralis_profile")}">See what was verified'
    sign_in(client, wallet)

    html = client.get(page).content.decode()
    assert "This wallet is the only way into your account." in html
    assert html.count(link) == 1
    sign_in(client, other_wallet, process="connect")

    html = client.get(page).content.decode()
    assert "This wallet is the only way into your account." not in html
    assert html.count(link) == 1
    client.force_login(django_user_model.objects.create_user("ada", password="x"))

    assert link not in client.get(page).content.decode()
