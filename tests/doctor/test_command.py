"""``manage.py moralis_doctor``, as the owner of a site starts it: on sites of all kinds."""

import secrets
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from allauth_moralis.emulator import Emulator

from ..chain.node import Node
from ..faulty import Faulty
from ..processes import manage
from ..servers import environment, migrated, serve
from ..test_processes import services_site
from .common import doctor, findings, statuses
from .test_nodes import Answering

__all__ = ["services_site"]

SECRETS = {
    name: f"{name}-that-must-not-be-seen"
    for name in ("api-key", "node-key", "db-password", "cache-password", "site-password")
}


def run(site: str, folder: Path, *options: str, **env: str):
    """The doctor on a site of ``tests/sites``, whose database has its tables."""
    database = folder / "db.sqlite3"
    if not database.exists():
        database.write_bytes(migrated())
    return doctor(
        *options,
        settings=f"tests.sites.{site}",
        **{"PLAIN_SITE_DATABASE": str(database), "DATABASE_URL": f"sqlite:///{database}", **env},
    )


# --- Sites ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "site", ["plain", "headless_only", "socialaccount_only", "login_required", "script_name"]
)
def test_site_that_works(tmp_path, site):
    result = run(site, tmp_path, "--json")

    found = statuses(result)
    assert result.returncode == 0, result.stdout
    assert found.pop("cache") == "warning"  # each process has its own
    for probe in ("sessions", "wallets: evm", "wallets: solana", "wallet page", "its scripts"):
        assert found[probe] == "passed", findings(result)[probe]
    assert "failed" not in found.values()


@pytest.mark.parametrize("site", ["email_users", "uuid_keys", "phone"])
def test_site_with_users_of_its_own(tmp_path, site):
    result = run(site, tmp_path, "--json")

    assert result.returncode == 0, result.stdout
    assert statuses(result)["database"] == "passed"


def test_sessions_in_cookies_and_a_cache_in_the_database(tmp_path):
    settings = "tests.sites.signed_cookies"
    env = {**environment("signed_cookies", tmp_path / "db.sqlite3")}
    (tmp_path / "db.sqlite3").write_bytes(migrated())
    manage(env, "createcachetable", "--settings", settings)

    result = run("signed_cookies", tmp_path, "--json")

    found = findings(result)
    assert found["sessions"]["seen"] == "saved here, found in a second process, deleted"
    # SQLite lets one write at a time, so that some of those who add at once may not.
    assert found["cache"]["status"] in ("passed", "warning"), found["cache"]
    assert "not shared" not in found["cache"]["seen"]
    rows = manage(
        env,
        "shell",
        "--no-imports",
        "--settings",
        settings,
        "--command",
        "from django.db import connection; c = connection.cursor(); "
        "c.execute('SELECT count(*) FROM cache'); print(c.fetchone()[0])",
    )
    assert int(rows) == 0


def test_site_whose_cache_is_down(tmp_path):
    result = run("cache_down", tmp_path, "--json")

    assert result.returncode == 1
    assert findings(result)["cache"]["seen"] == (
        "it does not answer (ConnectionError): nobody signs in"
    )
    assert statuses(result)["wallets: evm"] == "passed"


def test_site_that_was_not_migrated(tmp_path):
    (tmp_path / "db.sqlite3").touch()

    result = run("plain", tmp_path, "--json")

    assert result.returncode == 1
    assert "manage.py migrate" in findings(result)["database"]["advice"]
    assert findings(result)["sessions"]["seen"] == "it ended in OperationalError"


def test_wrong_setting_comes_first(tmp_path):
    result = run("headless_only", tmp_path, "--json", MORALIS_CHALLENGE_TTL="1")

    found = findings(result)
    assert result.returncode == 1
    assert set(found) == {"settings", "all else"}
    assert "CHALLENGE_TTL" in found["settings"]["seen"]
    assert found["all else"]["status"] == "skipped"


def test_plain_site_under_a_server(tmp_path):
    with serve("plain", tmp_path) as site:
        result = doctor(
            "--url",
            site.url,
            "--json",
            settings="tests.sites.plain",
            PLAIN_SITE_DATABASE=str(tmp_path / "db.sqlite3"),
        )

        found = findings(result)
        assert found["domain"]["status"] == "passed", found
        # Nobody serves static files there.
        assert found["its style sheets"]["seen"].startswith("moralis.css: 404")
        assert result.returncode == 1
        assert site.count("User") == 0
        sessions = site.shell(
            "from django.contrib.sessions.models import Session\nprint(Session.objects.count())"
        )
        assert int(sessions) == 0


@pytest.mark.services
@pytest.mark.xdist_group("services_site")
def test_deployment_on_postgresql_and_redis(services_site):
    """Four processes, a real database and a shared cache."""
    keys = {
        name: services_site.env[name]
        for name in (
            "DATABASE_URL",
            "CACHE_URL",
            "SECRET_KEY",
            "ALLOWED_HOSTS",
            "MORALIS_CROSS_DEVICE",
        )
    }

    result = doctor("--url", services_site.url, "--json", **keys)

    found = findings(result)
    assert result.returncode == 0, result.stdout
    assert "the database's clock is less than 1 s from ours" in found["database"]["seen"]
    assert found["cache"]["seen"].startswith("shared by processes, adds in one step")
    assert found["sessions"]["seen"] == "saved here, found in a second process, deleted"
    assert services_site.count("User") == 0


# --- Output and exit status -------------------------------------------------------------------


def test_table_of_a_service_and_a_node(tmp_path):
    with Emulator() as service, Node(Answering()) as node:
        result = run(
            "headless_only",
            tmp_path,
            MORALIS_API_KEY="any",
            MORALIS_BASE_URL=service.url,
            MORALIS_NETWORKS="evm,solana,aptos",
            MORALIS_RPC=f"1={node.url}",
        )

    lines = result.stdout.splitlines()
    assert result.returncode == 0, result.stdout
    for probe in ("Moralis", "wallets: aptos", "node of chain 1"):
        assert any(line.startswith(f"passed   {probe} ") for line in lines), result.stdout
    assert any(line.startswith("WARNING  cache ") for line in lines)
    assert any(line.startswith("WARNING  ENS ") for line in lines)
    assert lines[-1].endswith(" skipped.")


def test_warnings_count_where_they_shall(tmp_path):
    assert run("plain", tmp_path, "--json", "--fail-on-warning").returncode == 1


@pytest.mark.parametrize("url", ["example.com", "ftp://example.com", "https://", "http://[", "//a"])
def test_url_that_is_no_address(url):
    with pytest.raises(CommandError, match="--url must be an address"):
        call_command("moralis_doctor", url=url)


@pytest.mark.parametrize("options", [(), ("--json",)], ids=["table", "json"])
def test_no_secret_is_in_what_it_prints(options):
    """Whatever fails: the service, the node, the cache, the database, the site itself."""
    key = secrets.token_urlsafe(50)
    with Faulty(lambda peer: peer.send(b"nonsense\r\n\r\n")) as nonsense:
        result = doctor(
            *options,
            "--url",
            nonsense.url.replace("//", f"//somebody:{SECRETS['site-password']}@"),
            SECRET_KEY=key,
            ALLOWED_HOSTS="127.0.0.1",
            MORALIS_API_KEY=SECRETS["api-key"],
            MORALIS_BASE_URL=nonsense.url,
            MORALIS_RPC=f"1={nonsense.url}/{SECRETS['node-key']}",
            DATABASE_URL=f"postgres://owner:{SECRETS['db-password']}@127.0.0.1:9/site",
            CACHE_URL=f"redis://:{SECRETS['cache-password']}@127.0.0.1:9/0",
        )

    printed = result.stdout + result.stderr
    assert result.returncode == 1, printed
    for probe in (
        "database",
        "cache",
        "sessions",
        "wallets: evm",
        "node of chain 1",
        "wallet page",
    ):
        assert probe in result.stdout, printed
    for secret in (key, *SECRETS.values()):
        assert secret not in printed
