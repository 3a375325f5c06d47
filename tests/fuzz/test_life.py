"""Whatever people do in their browsers with their wallets, in any order, against a model of it."""

import json
import time
from collections.abc import Callable
from typing import TypeVar
from unittest import mock

import hypothesis
import pytest
from allauth.socialaccount.models import SocialAccount
from coincurve import PrivateKey
from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.db import transaction
from django.test import Client
from django.urls import reverse
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from allauth_moralis.siwx.wallets import eip55
from allauth_moralis.testing import (
    ContractWallet,
    EvmWallet,
    SigningWallet,
    answer,
    refusal_code,
    request_challenge,
)
from allauth_moralis.ways_in import ways_in

from ..ceremony import user_of
from ..chain.fixtures import PATIENT
from ..chain.node import Node
from .inputs import WALLETS
from .model import Contract, Device, Issued, Session

pytestmark = pytest.mark.django_db

T = TypeVar("T")

BROWSERS = range(2)
CONTRACT = ContractWallet(eip55("5b" * 20), EvmWallet(PrivateKey(b"\x07" * 32)))
SIGNERS: list[SigningWallet] = [*WALLETS.values(), EvmWallet(PrivateKey(b"\x08" * 32)), CONTRACT]
LIFE = hypothesis.settings(
    max_examples=max(hypothesis.settings().max_examples // 4, 1), stateful_step_count=20
)

browsers = st.sampled_from(BROWSERS)
#: By their places, which a failing example shows in one digit. Few, so that they meet.
wallets = st.sampled_from([0, 0, 0, 3, 3, 1, 2, 4])
processes = st.sampled_from(["login", "connect", "connect", "reauthenticate"])
#: See ``pick``.
whichever = st.integers(0, 9)


def pick(things: list[T], which: int, is_open: Callable[[T], bool]) -> T:
    """One of several things: most of the time one that still leads somewhere."""
    some = [each for each in things if is_open(each)] if which < 7 else []
    some = some or things
    return some[-1 - which % len(some)]


class Life(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        cache.clear()
        self.undone = transaction.atomic()
        self.undone.__enter__()
        self.clients = [Client() for _ in BROWSERS]
        self.sessions = [Session() for _ in BROWSERS]
        self.issued: list[Issued] = []
        self.devices: list[Device] = []
        #: By the wallet's uid, whose it is.
        self.owners: dict[str, int] = {}
        self.users: set[int] = set()

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.undone.__exit__(None, None, None)

    @initialize(is_new=st.sampled_from([False, False, False, True]))
    def start(self, is_new: bool) -> None:
        """Most of the time with somebody who has two wallets, and somebody else."""
        if not is_new:
            self.go_through(0, 0, "login")
            self.go_through(0, 3, "connect")
            self.go_through(1, 1, "login")

    # --- Challenges ---------------------------------------------------------------------------

    @rule(browser=browsers, which=wallets, process=processes)
    def ask(self, browser: int, which: int, process: str) -> None:
        wallet = SIGNERS[which]
        response = request_challenge(self.clients[browser], wallet, process=process)
        if self.refuses_visitor(response, browser, process):
            return
        told = response.json()
        one = Issued(browser, wallet, process, told["challenge"], told["message"])
        self.issued.append(one)
        self.sessions[browser].put(one)

    @rule(browser=browsers, which=wallets, process=processes)
    def go_through(self, browser: int, which: int, process: str) -> None:
        """As people do it most of the time, and so the way to everything that comes after."""
        asked = len(self.issued)
        self.ask(browser, which, process)
        if len(self.issued) > asked:
            self.answer(which=0, elsewhere=0, how="right")

    def refuses_visitor(self, response, browser: int, process: str) -> bool:
        """Only who is signed in may link and confirm."""
        if process == "login" or self.sessions[browser].user is not None:
            assert response.status_code == 200, response.content
            return False
        assert (response.status_code, refusal_code(response)) == (403, "login_required")
        return True

    @precondition(lambda self: self.issued)
    @rule(which=whichever, elsewhere=st.sampled_from([0, 0, 0, 1]),
          how=st.sampled_from(["right", "right", "right", "wrong", "late"]))  # fmt: skip
    def answer(self, which: int, elsewhere: int, how: str) -> None:
        one = pick(self.issued, which, lambda one: one in self.sessions[one.browser].challenges)
        browser = (one.browser + elsewhere) % len(BROWSERS)
        session = self.sessions[browser]
        text = one.message if how != "wrong" else one.message + "."
        late = time.time() + (121 if how == "late" else 0)
        with mock.patch("time.time", return_value=late):
            proof = one.wallet.prove(text)
            response = answer(self.clients[browser], one.handle, **proof, process=one.process)
        if one not in session.challenges:  # another browser's, another session's, or used
            assert 400 <= response.status_code < 404
            return
        session.challenges.remove(one)
        if how == "late":
            self.is_refused(response, 403, "challenge_expired")
        elif how == "wrong":
            self.is_refused(response, 401, "signature_invalid")
        elif one.device:
            self.approves(response, one)
        else:
            self.lets_in(response, browser, one.process, one.wallet)

    def is_refused(self, response, status: int, code: str) -> None:
        assert (response.status_code, refusal_code(response)) == (status, code)

    def lets_in(self, response, browser: int, process: str, wallet: SigningWallet) -> None:
        """What a signature does, once it is found to be right."""
        session, owner = self.sessions[browser], self.owners.get(wallet.uid)
        if process == "reauthenticate":
            if owner == session.user:
                assert response.status_code == 302
            else:
                self.is_refused(response, 403, "wallet_not_linked")
            return
        assert response.status_code == 302, response.content
        if process == "connect":
            assert session.user is not None
            self.owners.setdefault(wallet.uid, session.user)
            return
        if owner is None:
            owner = SocialAccount.objects.get(uid=wallet.uid).user_id
            assert owner not in self.users
            self.users.add(owner)
            self.owners[wallet.uid] = owner
        if session.user not in (None, owner):
            session = self.sessions[browser] = Session()
        session.user = owner

    # --- Accounts -----------------------------------------------------------------------------

    @rule(browser=browsers)
    def sign_out(self, browser: int) -> None:
        self.clients[browser].post(reverse("account_logout"))
        if self.sessions[browser].user is not None:
            self.sessions[browser] = Session()

    @precondition(lambda self: self.owners)
    @rule(browser=browsers, which=whichever, is_own=st.sampled_from([True, True, False]))
    def unlink(self, browser: int, which: int, is_own: bool) -> None:
        user = self.sessions[browser].user
        own = [uid for uid, owner in self.owners.items() if owner == user]
        some = own if own and is_own else [*self.owners]
        uid = some[which % len(some)]
        row = SocialAccount.objects.get(uid=uid)
        self.clients[browser].post(reverse("socialaccount_connections"), {"account": row.pk})
        if uid in own and len(own) > 1:
            del self.owners[uid]

    # --- Another device -----------------------------------------------------------------------

    def pick_device(self, which: int) -> Device:
        def is_open(device: Device) -> bool:
            return device in self.sessions[device.browser].devices and not device.is_over

        return pick(self.devices, which, is_open)

    def post(self, browser: int, name: str, **data: str):
        path = reverse(f"moralis_{name}")
        return self.clients[browser].post(path, json.dumps(data), content_type="application/json")

    @rule(browser=browsers, process=processes)
    def ask_device(self, browser: int, process: str) -> None:
        response = self.post(browser, "device", process=process)
        if self.refuses_visitor(response, browser, process):
            return
        device = Device(browser, self.sessions[browser].user, process, response.json())
        self.devices.append(device)
        self.sessions[browser].put(device)

    @precondition(lambda self: self.devices)
    @rule(which=whichever, phone=browsers, by=wallets,
          is_right=st.sampled_from([True, True, False]))  # fmt: skip
    def scan(self, which: int, phone: int, by: int, is_right: bool) -> None:
        wallet = SIGNERS[by]
        device = self.pick_device(which)
        number = device.told["number"] if is_right else "1"
        fields = {"process": "device", "device": device.id, "number": number}
        response = request_challenge(self.clients[phone], wallet, **fields)
        if device.is_over or device.approved:
            self.is_refused(response, 403, "challenge_missing")
        elif not is_right:
            device.wrong_numbers += 1
            self.is_refused(response, 403, "device_number_wrong")
        else:
            told = response.json()
            one = Issued(phone, wallet, "device", told["challenge"], told["message"], device)
            self.issued.append(one)
            self.sessions[phone].put(one)

    @precondition(lambda self: self.devices)
    @rule(which=whichever, phone=browsers, by=wallets)
    def approve(self, which: int, phone: int, by: int) -> None:
        asked = len(self.issued)
        self.scan(which, phone, by, is_right=True)
        if len(self.issued) > asked:
            self.answer(which=0, elsewhere=0, how="right")

    def approves(self, response, one: Issued) -> None:
        assert one.device is not None
        if one.device.is_over or one.device.approved:
            self.is_refused(response, 403, "challenge_missing")
            return
        assert response.status_code == 200, response.content
        one.device.approved = one.wallet

    @precondition(lambda self: self.devices)
    @rule(which=whichever, elsewhere=st.sampled_from([0, 0, 1]))
    def poll(self, which: int, elsewhere: int) -> None:
        device = self.pick_device(which)
        browser = (device.browser + elsewhere) % len(BROWSERS)
        response = self.post(browser, "device_poll", device_code=device.told["device_code"])
        is_known = device in self.sessions[browser].devices and not device.is_over
        status = "approved" if device.approved else "pending"
        assert response.json() == {"status": status if is_known else "expired"}

    @precondition(lambda self: self.devices)
    @rule(which=whichever, elsewhere=st.sampled_from([0, 0, 0, 1]))
    def complete(self, which: int, elsewhere: int) -> None:
        device = self.pick_device(which)
        browser = (device.browser + elsewhere) % len(BROWSERS)
        session, path = self.sessions[browser], reverse("moralis_device_complete")
        data = {"device_code": device.told["device_code"]}
        response = self.clients[browser].post(path, data)
        if device not in session.devices or device.is_over or device.approved is None:
            assert response.status_code == 403
            return
        device.is_completed = True
        session.devices.remove(device)
        if device.user == session.user:
            self.lets_in(response, browser, device.process, device.approved)
        else:  # somebody signed in since
            self.is_refused(response, 403, "challenge_missing")

    # --- What must hold after every step ------------------------------------------------------

    @invariant()
    def everybody_is_who_they_should_be(self) -> None:
        signed_in = [user_of(client) for client in self.clients]
        assert signed_in == [session.user for session in self.sessions]

    @invariant()
    def accounts_are_whose_they_should_be(self) -> None:
        assert dict(SocialAccount.objects.values_list("uid", "user_id")) == self.owners
        assert set(get_user_model().objects.values_list("pk", flat=True)) == self.users

    @invariant()
    def every_account_has_a_way_in(self) -> None:
        for user in get_user_model().objects.all():
            owned = {uid for uid, owner in self.owners.items() if owner == user.pk}
            assert set(ways_in(user)) == owned != set()


def test_life(provider, settings, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "*")
    settings.ACCOUNT_RATE_LIMITS = False
    with Node(Contract(CONTRACT)) as node:
        provider.update(
            NETWORKS=["evm", "solana", "aptos"], CROSS_DEVICE=True, RATE_LIMITS=False,
            RPC={1: node.url}, TIMEOUT=PATIENT,
        )  # fmt: skip
        run_state_machine_as_test(Life, settings=LIFE)
