"""The files of a deployment are well-formed and complete, as far as that shows without Docker."""

import os
import re
import runpy
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from ..processes import ROOT, free_port
from .fronts import caddy_environment, nginx_files, program

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
#: The images that are built here, once for each service that builds them.
BUILT = [service["image"] for service in SERVICES.values() if "build" in service]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
#: A name, and a tag of at least two numbers: what it stands for does not change by itself.
EXACT = re.compile(r"[a-z]+:[0-9]+\.[0-9]+[\w.-]*")


def run(*command: str | Path, env: dict[str, str] | None = None, cwd: Path = ROOT) -> str:
    result = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout + result.stderr


def test_caddy_takes_its_file(tmp_path):
    caddy = program("caddy")
    env = caddy_environment(tmp_path, "127.0.0.1:8000", free_port(), free_port())

    run(caddy, "validate", "--adapter", "caddyfile", "--config", "deploy/Caddyfile", env=env)
    copy = shutil.copy(ROOT / "deploy/Caddyfile", tmp_path)
    run(caddy, "fmt", "--overwrite", copy)
    assert Path(copy).read_text() == (ROOT / "deploy/Caddyfile").read_text()


def test_nginx_takes_its_file(tmp_path):
    main = nginx_files(tmp_path, "127.0.0.1:8000", free_port(), free_port())

    assert "warn" not in run(program("nginx"), "-t", "-c", main, "-e", "stderr")


def test_systemd_takes_its_unit(tmp_path):
    analyze = program("systemd-analyze")
    text = (ROOT / "deploy/demo.service").read_text()
    # What it starts must be there.
    text = text.replace("/srv/demo/.venv/bin/gunicorn", sys.executable)
    unit = tmp_path / "demo.service"
    unit.write_text(text)

    assert run(analyze, "verify", unit).strip() == ""


@pytest.mark.parametrize("name", SERVICES)
def test_container_is_confined(name):
    service = SERVICES[name]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "healthcheck" in service or service["image"] in BUILT
    assert service.get("cap_add", []) == (["NET_BIND_SERVICE"] if name == "front" else [])


def test_only_the_front_is_reached_from_outside():
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["front"]
    assert COMPOSE["networks"]["back"] == {"internal": True}
    for name in ("database", "cache", "migrate"):
        assert SERVICES[name]["networks"] == ["back"]


def test_an_image_has_one_builder():
    """Two that export the same tag at once collide; and nobody else has it to be pulled from."""
    assert len(BUILT) == len(set(BUILT)) == 1
    for service in SERVICES.values():
        if service["image"] in BUILT and "build" not in service:
            assert service["pull_policy"] == "never"
            builders = [name for name in service["depends_on"] if "build" in SERVICES[name]]
            assert len(builders) == 1


@pytest.mark.parametrize("processors", [1, 4, 64])
@pytest.mark.parametrize("pool", [None, "4", "8", "16"])
def test_connections_suffice_while_gunicorn_is_reloaded(monkeypatch, processors, pool):
    """The old workers end beside the new ones; PostgreSQL keeps three of its 100 for itself."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(processors)))
    monkeypatch.delenv("WEB_CONCURRENCY", raising=False)
    monkeypatch.delenv("DATABASE_POOL_SIZE", raising=False)
    if pool:
        monkeypatch.setenv("DATABASE_POOL_SIZE", pool)

    config = runpy.run_path(str(ROOT / "deploy/gunicorn.conf.py"))

    assert config["workers"] >= 1
    assert config["threads"] == int(pool or 8)
    assert 2 * config["workers"] * config["threads"] < 100 - 3


def test_images_are_exact():
    named = [each["image"] for each in SERVICES.values() if each["image"] not in BUILT]
    named += re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)

    assert len(named) == 5
    assert [name for name in named if not EXACT.fullmatch(name)] == []


def test_variables_are_in_the_example():
    text = (ROOT / "compose.yaml").read_text()
    example = (ROOT / "deploy/env.example").read_text()
    given = set(re.findall(r"^(\w+)=", example, re.MULTILINE))

    assert set(re.findall(r"\$\{(\w+)", text)) <= given
    # The others go to the demo, which knows them.
    known = (ROOT / "docs/reference/environment.md").read_text()
    for name in given - {"SITE_HOST", "POSTGRES_PASSWORD"}:
        assert f"| `{name}` |" in known
    # Nothing secret has a value that somebody could leave as it is.
    assert re.findall(r"^(?:SECRET_KEY|POSTGRES_PASSWORD)=(.+)", example, re.MULTILINE) == []


def test_image_has_what_the_demo_needs_and_no_more(tmp_path):
    """What ``.dockerignore`` lets through is a demo that is complete."""
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    assert "*" in lines
    for path in [line.removeprefix("!") for line in lines if line.startswith("!")]:
        source, copy = ROOT / path, tmp_path / path
        copy.parent.mkdir(exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, copy)
    env = {
        **os.environ,
        "SECRET_KEY": "for-collectstatic",
        "ALLOWED_HOSTS": "localhost",
        "STATIC_ROOT": str(tmp_path / "collected"),
    }

    run(sys.executable, "manage.py", "collectstatic", "--no-input", env=env, cwd=tmp_path)
    run(sys.executable, "manage.py", "check", "--fail-level=WARNING", env=env, cwd=tmp_path)
    config = "deploy/gunicorn.conf.py"
    run(
        *(sys.executable, "-m", "gunicorn", "--check-config", "--config", config),
        env=env,
        cwd=tmp_path,
    )

    assert (tmp_path / "collected/staticfiles.json").exists()
    assert not (tmp_path / "tests").exists()
