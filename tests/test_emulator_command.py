"""``manage.py moralis_emulator``: as a process of its own, as a developer starts it."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path

import pytest
import requests
from django.core.management import CommandError, call_command

from allauth_moralis.emulator import Emulator
from allauth_moralis.testing import EvmWallet

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 10  # seconds, to start
LISTENING = re.compile(r"Listening on (http://127\.0\.0\.1:[0-9]+)\. ")


def start(*options: str, **environment: str) -> subprocess.Popen[str]:
    inherited = {
        name: value
        for name, value in os.environ.items()
        # A person's terminal buffers nothing; a pipe shows what was really written.
        if name not in ("DEBUG", "SECRET_KEY", "PYTHONUNBUFFERED")
    }
    return subprocess.Popen(
        [sys.executable, "manage.py", "moralis_emulator", *options],
        cwd=ROOT,
        env={**inherited, "DATABASE_URL": "sqlite://:memory:", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@contextmanager
def running(*options: str, **environment: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The command's address and process, once it says that it listens."""
    process = start("--port", "0", *options, **environment)
    guard = threading.Timer(PATIENCE, process.kill)
    guard.start()
    with process:
        assert process.stdout is not None
        try:
            said = ""
            while not (found := LISTENING.search(said)):
                line = process.stdout.readline()
                assert line, f"it ended, or said nothing in {PATIENCE} s: {said}"
                said += line
            guard.cancel()
            yield found[1], process
        finally:
            guard.cancel()
            process.kill()


def refused(*options: str, **environment: str) -> str:
    """What the command says where it does not start."""
    with start(*options, **environment) as process:
        try:
            _, complaint = process.communicate(timeout=PATIENCE)
        finally:
            process.kill()
    assert process.returncode == 1
    assert "Traceback" not in complaint
    return complaint


def ask(url: str, key: str = "any", **changes: object) -> requests.Response:
    fields = {
        "domain": "localhost",
        "chainId": "1",
        "address": "0x28cC324d04132b8Caa67479C9083e6f5ad505EC1",
        "uri": "http://localhost/",
        "timeout": 60,
        **changes,
    }
    return requests.post(
        f"{url}/challenge/request/evm", json=fields, headers={"X-API-Key": key}, timeout=10
    )


# Without PYTHONUNBUFFERED, as in `make emulator | tee log`, in a container or in CI.
def test_it_says_where_it_listens_as_soon_as_it_does():
    with running() as (url, _):
        assert requests.get(f"{url}/health", timeout=10).json()["status"] == "ok"


@pytest.fixture
def _heeding_ctrl_c() -> Iterator[None]:
    """A shell has its background jobs ignore it, and they hand that on to their children."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("_heeding_ctrl_c")
def test_ctrl_c_stops_it_without_a_traceback():
    with running(PYTHONUNBUFFERED="1") as (url, process):
        assert ask(url).status_code == 201
        process.send_signal(signal.SIGINT)
        rest, complaint = process.communicate(timeout=PATIENCE)

    assert process.returncode == 0
    assert rest.endswith("Stopped.\n")
    assert complaint == ""


def test_options_reach_the_service(wallet: EvmWallet):
    options = ("--api-key", "right", "--no-single-use", "--domain-rule", "fqdn")
    with running(*options, PYTHONUNBUFFERED="1") as (url, _):
        assert ask(url, "wrong").status_code == 401
        assert ask(url, "right", domain="localhost:8000").status_code == 400
        message = ask(url, "right", address=wallet.address).json()["message"]
        statuses = [
            requests.post(
                f"{url}/challenge/verify/evm",
                json={"message": message, "signature": wallet.sign(message)},
                headers={"X-API-Key": "right"},
                timeout=10,
            ).status_code
            for _ in range(2)
        ]

    assert statuses == [201, 201]


def test_it_refuses_to_start_where_debug_is_off():
    complaint = refused("--port", "0", DEBUG="0", SECRET_KEY="x")

    assert "DEBUG is off" in complaint
    assert "--even-without-debug" in complaint


def test_it_starts_where_debug_is_off_if_told_to():
    with running("--even-without-debug", DEBUG="0", SECRET_KEY="x", PYTHONUNBUFFERED="1") as (
        url,
        _,
    ):
        assert ask(url).status_code == 201


def test_port_in_use_is_said_in_a_sentence():
    with Emulator() as emulator:
        complaint = refused("--port", emulator.url.rsplit(":", 1)[1])

    assert complaint.startswith("CommandError: Cannot listen on this host and port: ")
    assert "in use" in complaint


# --- In this process -------------------------------------------------------------------------


@pytest.fixture
def interrupted(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Emulator]]:
    """The emulators that were started; each gets its Ctrl-C at once."""
    started: list[Emulator] = []

    def serve_forever(self: Emulator) -> None:
        started.append(self)
        raise KeyboardInterrupt

    monkeypatch.setattr(Emulator, "serve_forever", serve_forever)
    yield started
    for emulator in started:
        emulator._server.server_close()


def test_defaults(settings, interrupted):
    settings.DEBUG = True
    out = StringIO()

    call_command("moralis_emulator", port=0, stdout=out)

    (emulator,) = interrupted
    assert emulator.service.api_key is None
    assert emulator.service.behaviour.single_use
    assert emulator.service.behaviour.domain_rule == "lenient"
    assert "This is NOT the Moralis Auth API." in out.getvalue()
    assert f"MORALIS_BASE_URL={emulator.url} " in out.getvalue()
    assert out.getvalue().endswith("Stopped.\n")


def test_options(settings, interrupted):
    settings.DEBUG = True

    call_command(
        "moralis_emulator",
        *("--port", "0", "--api-key", "right", "--no-single-use", "--domain-rule", "fqdn"),
        stdout=StringIO(),
    )

    (emulator,) = interrupted
    assert emulator.service.api_key == "right"
    assert not emulator.service.behaviour.single_use
    assert emulator.service.behaviour.domain_rule == "fqdn"


def test_port_is_free_again_after_ctrl_c(settings, interrupted):
    settings.DEBUG = True
    call_command("moralis_emulator", port=0, stdout=StringIO())
    port = int(interrupted[0].url.rsplit(":", 1)[1])

    with socket.socket() as sock, pytest.raises(ConnectionRefusedError):
        sock.connect(("127.0.0.1", port))


def test_debug_off(settings, interrupted):
    settings.DEBUG = False

    with pytest.raises(CommandError, match="--even-without-debug"):
        call_command("moralis_emulator", port=0)
    assert interrupted == []

    call_command("moralis_emulator", port=0, even_without_debug=True, stdout=StringIO())
    assert len(interrupted) == 1


@pytest.mark.parametrize(
    "options", [{"port": 70_000}, {"port": -1}, {"host": "256.256.256.256"}], ids=repr
)
def test_address_that_is_none(settings, interrupted, options):
    settings.DEBUG = True

    with pytest.raises(CommandError, match="Cannot listen on this host and port"):
        call_command("moralis_emulator", **{"port": 0, **options})


def test_port_in_use(settings, interrupted):
    settings.DEBUG = True
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        with pytest.raises(CommandError, match=r"Cannot listen on this host and port: .*in use"):
            call_command("moralis_emulator", port=port)


def test_unknown_domain_rule(settings, interrupted):
    with pytest.raises(CommandError, match="invalid choice"):
        call_command("moralis_emulator", "--domain-rule", "none")
