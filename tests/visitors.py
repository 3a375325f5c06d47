"""People at a site that is served: browsers that speak HTTP to it."""

import ast
import re
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol
from urllib.parse import urlsplit

import requests

from allauth_moralis.testing import EvmWallet, SigningWallet

from .processes import Site


class Served(Protocol):
    @property
    def url(self) -> str: ...


Call = Callable[[], requests.Response]


class Browser:
    def __init__(self, site: Served, *, keeps_connections: bool = True) -> None:
        self.site = site
        self.http = requests.Session()
        # As browsers do; where there is HTTPS, Django insists.
        self.http.headers["Origin"] = "{0.scheme}://{0.netloc}".format(urlsplit(site.url))
        if not keeps_connections:  # as the proxies of deploy/ to the site
            self.http.headers["Connection"] = "close"
        self.read_token()

    def read_token(self) -> None:
        """Django changes it when somebody signs in."""
        page = self.http.get(f"{self.site.url}/accounts/moralis/login/", timeout=30).text
        found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
        assert found, f"the wallet page has no form: {page[:200]}"
        self.token = found[1]

    def try_to_ask(self, wallet: SigningWallet, process: str = "login") -> requests.Response:
        return self.http.post(
            f"{self.site.url}/accounts/moralis/challenge/",
            json={**wallet.described, "process": process},
            headers={"X-CSRFToken": self.token},
            timeout=30,
        )

    def enter(self, wallet: SigningWallet, process: str = "login") -> None:
        """The whole of it: ask, sign, answer, and keep the session."""
        challenge, message = self.ask(wallet, process)
        response = self.answer(challenge, wallet.sign(message))
        assert response.status_code == 302, response.text
        self.http.cookies.update(response.cookies)
        self.read_token()

    def post_form(self, path: str, **fields: object) -> requests.Response:
        # Not the session's own post: all the copies at once shall send the same cookies.
        return requests.post(
            f"{self.site.url}/accounts/{path}",
            data={**fields, "csrfmiddlewaretoken": self.token},
            headers=dict(self.http.headers),
            cookies=self.http.cookies.get_dict(),
            allow_redirects=False,
            timeout=60,
        )

    def remove(self, row: int) -> requests.Response:
        return self.post_form("3rdparty/", account=row)

    def ask(self, wallet: SigningWallet, process: str = "login") -> tuple[str, str]:
        response = self.try_to_ask(wallet, process)
        assert response.status_code == 200, response.text
        return response.json()["challenge"], response.json()["message"]

    def answer(self, challenge: str, signature: str) -> requests.Response:
        return self.post_form("moralis/verify/", challenge=challenge, signature=signature)


def at_once(calls: Sequence[Call]) -> list[int]:
    with ThreadPoolExecutor(len(calls)) as pool:
        return sorted(r.status_code for r in pool.map(lambda call: call(), calls))


class Computer(Browser):
    """A browser without a wallet, which is signed in by a phone."""

    def post(self, path: str, data: dict[str, str]) -> dict[str, str]:
        response = self.http.post(
            f"{self.site.url}/accounts/moralis/{path}/",
            json=data,
            headers={"X-CSRFToken": self.token},
            timeout=30,
        )
        assert response.status_code == 200, response.text
        return response.json()

    def complete(self, code: str) -> requests.Response:
        return self.post_form("moralis/device/complete/", device_code=code)


def owner_and_rows(site: Site, *wallets: EvmWallet) -> list[tuple[int, int]]:
    """Of each wallet that anybody has: who has it, and the key of its row."""
    uids = [wallet.address for wallet in wallets]
    code = (
        "rows = dict((uid, (user, pk)) for uid, user, pk in "
        'SocialAccount.objects.values_list("uid", "user_id", "pk"))\n'
        f"print([rows[uid] for uid in {uids!r} if uid in rows])"
    )
    return ast.literal_eval(site.shell(code).strip())
