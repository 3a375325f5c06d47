"""Caddy and nginx in front of the demo, as ``deploy/`` sets them up, on ports of their own."""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from ..faulty import certificate
from ..processes import ROOT, Site, answers, free_port, started

NGINX = """
daemon off;
master_process off;
pid {folder}/pid;
error_log stderr;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/site.conf;
}}
"""


@dataclass(frozen=True)
class Front:
    url: str
    plain_url: str
    #: The certificate of whoever vouches for the front's own.
    authority: Path


def program(name: str) -> str:
    """The path of a program. Skip where it is not installed."""
    path = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
    if path is None:
        pytest.skip(f"needs {name}, which is not installed here")
    return path


def caddy_environment(folder: Path, upstream: str, http: int, https: int) -> dict[str, str]:
    return {
        **os.environ,
        "XDG_DATA_HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder),
        "CADDY_ADMIN": f"127.0.0.1:{free_port()}",
        "SITE_HOST": "localhost",
        "UPSTREAM": upstream,
        "HTTP_PORT": str(http),
        "HTTPS_PORT": str(https),
    }


@contextmanager
def caddy(site: Site, folder: Path) -> Iterator[Front]:
    http, https = free_port(), free_port()
    env = caddy_environment(folder, urlsplit(site.url).netloc, http, https)
    authority = folder / "caddy/pki/authorities/local/root.crt"
    command = [program("caddy"), "run", "--adapter", "caddyfile", "--config", "deploy/Caddyfile"]

    def is_there() -> bool:
        return authority.exists() and answers("localhost", https)

    with started(command, is_there, folder / "log", env):
        yield Front(f"https://localhost:{https}", f"http://localhost:{http}", authority)


def nginx_files(folder: Path, upstream: str, http: int, https: int) -> Path:
    """Write what nginx needs, and return its main file, which includes ours."""
    _, authority = certificate(folder)
    text = (ROOT / "deploy/nginx.conf").read_text()
    text = re.sub(r"^\s*listen \[::\].*\n", "", text, flags=re.MULTILINE)
    for ours, theirs in (
        ("listen 443", f"listen 127.0.0.1:{https}"),
        ("listen 80", f"listen 127.0.0.1:{http}"),
        ("/etc/letsencrypt/live/example.com/fullchain.pem", str(authority)),
        ("/etc/letsencrypt/live/example.com/privkey.pem", str(folder / "key.pem")),
        ("example.com", "localhost"),
        ("http://127.0.0.1:8000", f"http://{upstream}"),
    ):
        assert ours in text
        text = text.replace(ours, theirs)
    (folder / "site.conf").write_text(text)
    main = folder / "nginx.conf"
    main.write_text(NGINX.format(folder=folder))
    return main


@contextmanager
def nginx(site: Site, folder: Path) -> Iterator[Front]:
    http, https = free_port(), free_port()
    main = nginx_files(folder, urlsplit(site.url).netloc, http, https)
    command = [program("nginx"), "-c", str(main), "-e", "stderr"]
    with started(command, lambda: answers("127.0.0.1", https), folder / "log", {**os.environ}):
        yield Front(
            f"https://localhost:{https}", f"http://localhost:{http}", folder / "certificate.pem"
        )
