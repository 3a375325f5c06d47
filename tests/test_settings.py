"""The demo reads its deployment from the environment."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SHOW = (
    "from django.conf import settings as s; p = s.SOCIALACCOUNT_PROVIDERS['moralis'];"
    "print([s.DEBUG, s.ALLOWED_HOSTS, s.DATABASES['default']['ENGINE'].split('.')[-1],"
    "s.CACHES['default']['BACKEND'].split('.')[-1], s.EMAIL_BACKEND.split('.')[-2],"
    "p['NETWORKS'], p['CHAINS'], p['CHALLENGE_TTL'], p['DOMAIN'], p.get('RATE_LIMITS')])"
)
DEFAULT = [
    True, [], "sqlite3", "LocMemCache", "console", ["evm", "solana"], None, 120, None, None,
]  # fmt: skip


SHOW_NODES = (
    "from django.conf import settings as s; nodes = s.SOCIALACCOUNT_PROVIDERS['moralis']['RPC'];"
    "print({chain: str(url) for chain, url in nodes.items()})"
)


def run(command: str = SHOW, **env: str) -> subprocess.CompletedProcess:
    inherited = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, "manage.py", "shell", "--no-imports", "--command", command],
        cwd=ROOT,
        env={**inherited, **env},
        capture_output=True,
        text=True,
        check=False,
    )


def test_on_ones_own_machine_nothing_needs_to_be_set():
    assert run().stdout.strip() == str(DEFAULT)


def test_a_variable_that_is_blank_is_not_set():
    names = (
        "DATABASE_URL", "CACHE_URL", "EMAIL_URL", "DEBUG", "SECRET_KEY", "ALLOWED_HOSTS",
        "MORALIS_API_KEY", "MORALIS_BASE_URL", "MORALIS_NETWORKS", "MORALIS_CHAINS",
        "MORALIS_CHALLENGE_TTL", "MORALIS_DOMAIN", "MORALIS_RATE_LIMITS", "MORALIS_RPC",
        "MORALIS_CROSS_DEVICE",
    )  # fmt: skip
    assert run(**dict.fromkeys(names, " ")).stdout.strip() == str(DEFAULT)


def test_a_deployment():
    result = run(
        SECRET_KEY="x" * 50,
        ALLOWED_HOSTS="a.example, b.example",
        DATABASE_URL="postgres://u:p@localhost/db",
        CACHE_URL="redis://localhost/1",
        EMAIL_URL="smtp://localhost:25",
        MORALIS_NETWORKS="evm, aptos",
        MORALIS_CHAINS="1, 137",
        MORALIS_CHALLENGE_TTL="60",
        MORALIS_DOMAIN="a.example",
        MORALIS_RATE_LIMITS="off",
    )

    assert result.stdout.strip() == str(
        [False, ["a.example", "b.example"], "postgresql", "RedisCache", "smtp", ["evm", "aptos"],
         [1, 137], 60, "a.example", False]
    )  # fmt: skip


def test_another_device_is_let_in_where_the_environment_says_so():
    show = (
        "from django.conf import settings as s;"
        "print(s.SOCIALACCOUNT_PROVIDERS['moralis']['CROSS_DEVICE'])"
    )

    assert run(show).stdout.strip() == "False"
    assert run(show, MORALIS_CROSS_DEVICE="1").stdout.strip() == "True"


def test_urls_of_nodes_may_contain_what_separates_chain_and_url():
    result = run(
        SHOW_NODES, MORALIS_RPC="1=https://node.example/?key=a=b, 8453 = http://127.0.0.1:8545"
    )

    assert result.stdout.strip() == str(
        {1: "https://node.example/?key=a=b", 8453: "http://127.0.0.1:8545"}
    )


@pytest.mark.parametrize("value", ["https://node.example/key", "base=https://node.example/key"])
def test_url_of_a_node_without_its_chain_is_refused_and_not_repeated(value):
    result = run(MORALIS_RPC=value)

    assert result.returncode != 0
    assert "MORALIS_RPC is written as" in result.stderr
    assert "node.example" not in result.stderr


@pytest.mark.parametrize("env", [{"ALLOWED_HOSTS": "example.com"}, {"DEBUG": "0"}])
def test_a_deployment_without_a_secret_key_does_not_start(env):
    result = run(**env)

    assert result.returncode != 0
    assert "SECRET_KEY" in result.stderr


@pytest.mark.parametrize(
    ("url", "kept"),
    [("", 60), ("?conn_max_age=5", 5)],
)
def test_a_database_without_a_pool_keeps_its_connections(url, kept):
    code = (
        "import config.settings as s; d = s.DATABASES['default'];"
        "print(d['CONN_MAX_AGE'], d['CONN_HEALTH_CHECKS'])"
    )

    result = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": f"mysql://u:p@localhost/db{url}"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert result.stdout.strip() == f"{kept} True"


@pytest.mark.parametrize(
    ("url", "is_shared"),
    [
        ("locmemcache://", False),
        ("dummycache://", False),
        ("redis://localhost/1", True),
        ("dbcache://table", True),
    ],
)
def test_sessions_are_cached_where_processes_share_the_cache(url, is_shared):
    """As the package's own checks see it."""
    show = (
        "from django.conf import settings as s; from allauth_moralis.checks import sessions;"
        "print(s.SESSION_ENGINE.split('.')[-1], not sessions.is_per_process())"
    )
    engine = "cached" if is_shared else "database"

    assert run(show, CACHE_URL=url).stdout.strip() == f"{engine} {is_shared}"
