"""The scripts of our pages: where they come from, how large they are, and what they load."""

import gzip
import re

import pytest
from django.test import Client
from django.urls import reverse

from allauth_moralis.internal.scripts import FOLDER, scripts

from .common import LOGIN

#: Ten kilobytes, compressed, of a page that loads nothing else of ours.
BUDGET = 10 * 1024


def addresses(html: str) -> list[str]:
    preloads = re.findall(r'<link rel="modulepreload" href="([^"]+)">', html)
    entries = re.findall(r'<script type="module" src="([^"]+)"></script>', html)
    assert len(entries) == 1
    return [*entries, *preloads]


def imported(text: str) -> set[str]:
    return set(re.findall(r"""(?:from|import\() ?['"]\./(\w+\.js)['"]""", text))


@pytest.mark.parametrize("networks", [["evm"], ["evm", "solana"], ["aptos"]])
def test_everything_that_a_page_needs_is_loaded_at_once(client, provider, networks):
    provider["NETWORKS"] = networks

    loaded = addresses(client.get(LOGIN).content.decode())

    names = [address.rpartition("/")[2] for address in loaded]
    assert len(names) == len(set(names))
    families = {f"{network}.js" for network in networks}
    assert families <= set(names)
    assert not {"evm.js", "solana.js", "aptos.js"} - families & set(names)
    for address in loaded:
        assert imported(client.get(address).content.decode()) <= set(names)


def test_they_are_small(client):
    loaded = addresses(client.get(LOGIN).content.decode())
    responses = [client.get(address, HTTP_ACCEPT_ENCODING="gzip, br") for address in loaded]

    assert {response["Content-Encoding"] for response in responses} == {"gzip"}
    assert sum(len(response.content) for response in responses) <= BUDGET


def test_comments_stay_at_home_and_the_rest_is_whole(client):
    for name, script in scripts().by_name.items():
        source, served = (FOLDER / name).read_text(), script.body.decode()
        assert not re.search(r"^\s*(//|/?\*)", served, re.MULTILINE), name
        without = re.sub(r"/\*\*?\s(?:(?!\*/).)*\*/|(^|\s)//\s[^\n]*", "", source, flags=re.DOTALL)
        assert "".join(served.split()) == "".join(without.split()), name


def address_of(name: str, version: str | None = None) -> str:
    return reverse("moralis_script", args=[version or scripts().version, name])


def test_whoever_asks_gets_them_and_may_keep_them(client, django_assert_num_queries):
    response = client.get(address_of("moralis.js"))

    assert response["Content-Type"] == "text/javascript; charset=utf-8"
    assert response["Cache-Control"] == "public, max-age=31536000, immutable"
    assert "Accept-Encoding" in response["Vary"]
    assert "Content-Encoding" not in response
    compressed = client.get(address_of("moralis.js"), HTTP_ACCEPT_ENCODING="gzip")
    assert gzip.decompress(compressed.content) == response.content


def test_another_version_is_not_kept(client):
    response = client.get(address_of("moralis.js", "0" * 16))

    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]


@pytest.mark.parametrize("name", ["copy.js", "nothing.js", "moralis.css", "..", "__init__.py"])
def test_nothing_else_is_there(client, name):
    assert client.get(address_of(name)).status_code == 404


def test_they_are_only_read(client):
    assert client.post(address_of("moralis.js")).status_code == 405


@pytest.mark.parametrize(
    "storage",
    ["StaticFilesStorage", "ManifestStaticFilesStorage"],
)
def test_they_come_from_the_site_whatever_serves_static_files(settings, tmp_path, storage):
    settings.STATIC_URL = "https://cdn.example/static/"
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": f"django.contrib.staticfiles.storage.{storage}"},
    }
    from django.core.management import call_command  # noqa: PLC0415

    call_command("collectstatic", interactive=False, verbosity=0)
    client = Client()

    html = client.get(LOGIN).content.decode()

    assert re.search(r'href="https://cdn\.example/static/moralis/moralis(\.\w+)?\.css"', html)
    for address in addresses(html):
        assert address.startswith("/accounts/")
        assert client.get(address).status_code == 200


@pytest.mark.parametrize(
    ("site", "page"),
    [
        ("same-origin", "same-origin-allow-popups"),
        ("unsafe-none", "unsafe-none"),
        ("same-origin-allow-popups", "same-origin-allow-popups"),
        (None, None),
    ],
)
def test_wallets_in_a_window_of_their_own_can_answer(settings, site, page):
    """Django's default would cut them off from the page that opened them."""
    settings.SECURE_CROSS_ORIGIN_OPENER_POLICY = site
    client = Client()

    shown = client.get(LOGIN)
    refused = client.post(reverse("moralis_verify"), {})

    assert refused.status_code == 400
    for response in (shown, refused):
        assert response.get("Cross-Origin-Opener-Policy") == page
