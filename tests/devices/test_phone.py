"""The phone: what it shows, what it signs, and what becomes of wrong numbers."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth.signals import user_login_failed
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from allauth_moralis.devices import states
from allauth_moralis.exceptions import DeviceRequestOver, WalletError
from allauth_moralis.siwx.wallets import VerifiedWallet
from allauth_moralis.testing import EvmWallet, SolanaWallet, answer, sign_in

from ..ceremony import json_code, page_code, user_of
from ..qr import read
from ..test_silent_cache import SilentCache
from .common import Computer, Phone, approve

pytestmark = pytest.mark.django_db


# --- The page ---------------------------------------------------------------------------------


def test_page_says_what_happens_where_and_who_asked(computer, phone):
    page = phone.client.get(computer.ask().url)

    html = page.content.decode()
    assert page.status_code == 200
    assert "This signs in <strong>another</strong> device, not this one." in html
    assert "It is asked for by Firefox on Linux." in html
    assert page.context["page"]["fields"] == {
        name: computer.scanned[name] for name in ("process", "device")
    }
    assert "no-store" in page["Cache-Control"]


def test_number_is_not_on_the_phones_page(computer, phone):
    page = phone.client.get(computer.ask().url)

    assert computer.told["number"] not in str(page.context["page"])
    assert 'value="' + computer.told["number"] not in page.content.decode()


@pytest.mark.parametrize(
    ("process", "sentence"),
    [
        ("connect", "Your wallet will be linked to an account on <strong>another</strong> device"),
        ("reauthenticate", "You will confirm on <strong>another</strong> device that it is you"),
    ],
)
def test_page_says_what_for(computer, phone, wallet, process, sentence):
    sign_in(computer.client, wallet)

    page = phone.client.get(computer.ask(process=process).url)

    assert sentence in page.content.decode()


@pytest.mark.parametrize(
    ("user_agent", "sentence"),
    [
        ("", "a browser that we do not know"),
        ("<script>alert(1)</script>", "a browser that we do not know"),
        ("Mozilla/5.0 (Windows NT 10.0)", "It is asked for by Windows."),
        ("Firefox/1 <b>", "It is asked for by Firefox."),
    ],
)
def test_nothing_of_a_strangers_header_is_on_the_page(computer, phone, user_agent, sentence):
    response = computer.post("device", {}, headers={"User-Agent": user_agent})

    html = phone.client.get(response.json()["verification_uri"]).content.decode()

    assert sentence in html
    assert "alert(1)" not in html


def test_looking_at_the_page_writes_nothing(computer, phone, django_assert_num_queries):
    computer.ask()
    sessions = Session.objects.count()

    with django_assert_num_queries(0):
        phone.client.get(computer.url)

    assert Session.objects.count() == sessions


def test_page_of_an_unknown_id_is_not_found_and_says_what_to_do(phone):
    for device_id in ("x", "poll-", "x" * 3000, "%00", "é"):
        page = phone.client.get(f"/accounts/moralis/device/{device_id}/")

        assert (page.status_code, page_code(page)) == (404, "challenge_missing")
        assert "Show a new one on the other device" in page.content.decode()


def test_page_of_an_id_that_was_used_is_not_found(computer, phone, wallet):
    approve(computer, wallet)
    assert phone.client.get(computer.url).status_code == 404
    computer.complete()

    assert phone.client.get(computer.url).status_code == 404


def test_page_is_only_looked_at(computer, phone):
    assert phone.client.post(computer.ask().url).status_code == 405


def test_page_of_a_request_that_was_approved_meanwhile_says_so(
    computer, phone, wallet, monkeypatch
):
    """Between the question whether it can be answered and the page."""
    url = computer.ask().url
    find = states.find

    def found_once(*args):
        monkeypatch.setattr(states, "find", lambda *args: None)
        return find(*args)

    monkeypatch.setattr(states, "find", found_once)

    response = phone.client.get(url)

    assert response.status_code == 200
    assert "This signs in <strong>another</strong> device" in response.content.decode()


def test_page_while_the_cache_is_down(computer, phone, settings, monkeypatch):
    computer.ask()

    def fail(*args, **kwargs):
        raise ConnectionError

    monkeypatch.setattr(cache, "get_many", fail)

    page = phone.client.get(computer.url)

    assert (page.status_code, page_code(page)) == (503, "misconfigured")


def test_page_links_to_itself_in_the_browsers_of_wallets(computer, phone):
    page = phone.client.get(computer.ask().url)

    bare = computer.told["verification_uri"].removeprefix("http://")
    links = {link["name"]: link["url"] for link in page.context["wallet_links"]}
    assert links["MetaMask"] == f"https://link.metamask.io/dapp/{bare}"
    assert f'<a href="{links["MetaMask"]}"' in page.content.decode()


# --- The text ---------------------------------------------------------------------------------

TEXTS = {
    "login": "Sign in ANOTHER device at testserver, which shows the number {}",
    "connect": "Link this wallet to an account on ANOTHER device at testserver, "
    "which shows the number {}",
    "reauthenticate": "Confirm on ANOTHER device at testserver, which shows the number {}, "
    "that it is you",
}


@pytest.mark.parametrize("process", TEXTS)
@pytest.mark.parametrize("kind", [EvmWallet, SolanaWallet])
def test_text_says_another_device_and_its_number(computer, phone, wallet, backend, process, kind):
    sign_in(computer.client, wallet)
    computer.ask(process=process)

    response = phone.request(kind(), computer.scanned)

    line = TEXTS[process].format(computer.told["number"])
    assert f"\n\n{line}\n\n" in response.json()["message"]


def test_site_cannot_replace_the_text(computer, phone, wallet, provider):
    provider["STATEMENT"] = "Welcome"

    message = phone.request(wallet, computer.ask().scanned).json()["message"]

    assert "Sign in ANOTHER device" in message


def test_text_is_over_when_the_request_is(computer, phone, wallet, monkeypatch):
    computer.ask()
    later = time.time() + 100
    monkeypatch.setattr(time, "time", lambda: later)

    response = phone.request(wallet, computer.scanned)

    assert response.json()["expires_at"] == computer.told["expires_at"]


def test_request_of_one_host_is_not_answered_at_another(computer, phone, wallet, settings):
    settings.ALLOWED_HOSTS = ["*"]
    computer.ask()

    at_another = phone.client.get(computer.url, headers={"Host": "other.example"})
    phone.client.defaults["HTTP_HOST"] = "other.example"

    assert at_another.status_code == 404
    assert json_code(phone.request(wallet, computer.scanned)) == "challenge_missing"


# --- The number -------------------------------------------------------------------------------


def test_wrong_number_is_refused_and_the_right_one_still_works(computer, phone, wallet):
    computer.ask()

    for _ in range(2):
        response = phone.request(wallet, computer.wrong)
        assert (response.status_code, json_code(response)) == (403, "device_number_wrong")

    assert phone.request(wallet, computer.scanned).status_code == 200
    assert computer.poll() == "pending"


def test_third_wrong_number_ends_the_id(computer, wallet):
    computer.ask()
    phones = [Phone(Client()) for _ in range(3)]  # whoever types them

    refused = [phone.request(wallet, computer.wrong) for phone in phones]

    assert [json_code(each) for each in refused] == ["device_number_wrong"] * 3
    assert "three numbers were wrong" in refused[-1].json()["error"]["message"]
    assert json_code(phones[0].request(wallet, computer.scanned)) == "challenge_missing"
    assert phones[0].client.get(computer.url).status_code == 404
    assert computer.poll() == "expired"


def test_challenge_that_was_issued_before_the_third_wrong_number_is_void(computer, phone, wallet):
    issued = phone.request(wallet, computer.ask().scanned).json()
    for _ in range(3):
        phone.request(wallet, computer.wrong)

    response = answer(phone.client, issued["challenge"], **wallet.prove(issued["message"]))

    assert (response.status_code, page_code(response)) == (403, "challenge_missing")
    assert computer.poll() == "expired"


def test_right_numbers_do_not_count_as_wrong_ones(computer, phone, wallet):
    computer.ask()

    statuses = [phone.request(wallet, computer.scanned).status_code for _ in range(5)]

    assert statuses == [200] * 5


def test_hundred_numbers_at_once_are_three_tries(computer):
    """Whoever guesses all of them at the same moment knows no more than by three guesses."""
    computer.ask()
    device = states.find(computer.scanned["device"], "testserver")
    assert device is not None
    others = [str(number) for number in states.NUMBERS if str(number) != device.number]

    def guess(number: str) -> type[WalletError] | None:
        try:
            states.check_number(device, number)
        except WalletError as error:
            return type(error)
        return None

    with ThreadPoolExecutor(16) as pool:
        results = list(pool.map(guess, others))

    assert None not in results
    assert len([each for each in results if each is not DeviceRequestOver]) == 3
    assert states.find(device.id, "testserver") is None


def test_number_that_comes_while_others_are_judged_waits_for_none(computer, wallet, phone):
    computer.ask()
    device = states.find(computer.scanned["device"], "testserver")
    assert device is not None
    for each in states.TRIES:
        states._add(device, each, 1)

    response = phone.request(wallet, computer.scanned)

    assert json_code(response) == "challenge_missing"


@pytest.mark.parametrize("write", ["{}", " {} ", "\u0661{}", "{}0"])
def test_number_in_other_spellings(computer, phone, wallet, write):
    number = computer.ask().told["number"]
    in_arabic = "".join(chr(0x660 + int(digit)) for digit in number)
    assert phone.request(wallet, {**computer.scanned, "number": in_arabic}).status_code == 200

    typed = write.format(number)
    response = phone.request(wallet, {**computer.scanned, "number": typed})

    assert response.status_code == (200 if typed.strip() == number else 403)


@pytest.mark.parametrize(
    "fields", [{"number": 47}, {"number": None}, {"device": None}, {"device": 5}, {"device": []}]
)
def test_answer_with_mistyped_fields_is_refused(computer, phone, wallet, fields):
    response = phone.request(wallet, {**computer.ask().scanned, **fields})

    assert (response.status_code, json_code(response)) == (400, "invalid_request")


@pytest.mark.parametrize("device_id", ["", "x", "\ud800", "x" * 5000, "\x00"])
def test_answer_to_an_unknown_id_is_refused(phone, wallet, device_id):
    scanned = {"process": "device", "device": device_id, "number": "47"}

    response = phone.request(wallet, scanned)

    assert (response.status_code, json_code(response)) == (403, "challenge_missing")


def test_numbers_are_counted_as_challenges(computer, phone, wallet, provider):
    provider["RATE_LIMITS"] = {"challenge": "1/m/ip"}
    phone.request(wallet, computer.ask().wrong)

    response = phone.request(wallet, computer.wrong)

    assert (response.status_code, json_code(response)) == (429, "rate_limited")


# --- The proof --------------------------------------------------------------------------------


def test_phone_is_told_to_go_back_and_is_not_signed_in(computer, phone, wallet):
    response = phone.sign(wallet, computer.ask().scanned)

    assert response.status_code == 200
    assert "Go back to your computer" in response.content.decode()
    assert "no-store" in response["Cache-Control"]
    assert user_of(phone.client) is None
    assert computer.poll() == "approved"


def test_who_is_signed_in_on_the_phone_stays(computer, phone, wallet, other_wallet):
    sign_in(phone.client, other_wallet)
    key, before = phone.client.session.session_key, dict(phone.client.session)

    phone.sign(wallet, computer.ask().scanned)
    computer.complete()

    after = dict(phone.client.session)
    assert phone.client.session.session_key == key
    assert after.pop("allauth_moralis") == {}
    before.pop("allauth_moralis")
    assert after == before
    assert user_of(phone.client) != user_of(computer.client)


def test_wrong_signature_approves_nothing_and_says_what_to_do(
    computer, phone, wallet, other_wallet
):
    issued = phone.request(wallet, computer.ask().scanned).json()

    response = answer(phone.client, issued["challenge"], other_wallet.sign(issued["message"]))

    assert (response.status_code, page_code(response)) == (401, "signature_invalid")
    assert "This signs in <strong>another</strong> device" in response.content.decode()
    assert computer.poll() == "pending"
    # The text was used up, and the code was not.
    assert phone.sign(wallet, computer.scanned).status_code == 200


@pytest.mark.parametrize(("process", "counts"), [("login", True), ("connect", False)])
def test_wrong_signature_counts_as_a_failed_login(
    computer, phone, wallet, other_wallet, process, counts
):
    """As on the device itself, where a wrong signature to link a wallet is no failed login."""
    sign_in(computer.client, EvmWallet())
    told = []
    receiver = lambda **kwargs: told.append(kwargs["credentials"]["uid"])  # noqa: E731
    user_login_failed.connect(receiver)
    issued = phone.request(wallet, computer.ask(process=process).scanned).json()

    answer(phone.client, issued["challenge"], other_wallet.sign(issued["message"]))

    user_login_failed.disconnect(receiver)
    assert told == [wallet.address] * counts


def test_second_wallet_is_too_late(computer, wallet, other_wallet):
    computer.ask()
    first, second = Phone(Client()), Phone(Client())
    issued = second.request(other_wallet, computer.scanned).json()
    first.sign(wallet, computer.scanned)

    response = answer(second.client, issued["challenge"], **other_wallet.prove(issued["message"]))

    assert (response.status_code, page_code(response)) == (403, "challenge_missing")
    computer.complete()
    assert user_of(computer.client) is not None


def test_two_wallets_at_the_same_moment_are_one(computer, wallet):
    """Both have seen that nobody has approved yet."""
    computer.ask()
    device = states.find(computer.scanned["device"], "testserver")
    assert device is not None
    verified = _verified(computer, wallet)

    states.approve(device, verified)
    with pytest.raises(DeviceRequestOver):
        states.approve(device, verified)


def _verified(computer: Computer, wallet: EvmWallet) -> VerifiedWallet:
    """A wallet that has signed, for another request of the same computer."""
    other = approve(Computer(computer.client), wallet)
    return VerifiedWallet.from_json(
        cache.get(states._key(other.scanned["device"], states.APPROVED))
    )


def test_proof_that_comes_too_late_approves_nothing(computer, phone, wallet, monkeypatch):
    issued = phone.request(wallet, computer.ask().scanned).json()
    later = time.time() + 121
    monkeypatch.setattr(time, "time", lambda: later)

    response = answer(phone.client, issued["challenge"], **wallet.prove(issued["message"]))

    assert (response.status_code, page_code(response)) == (403, "challenge_expired")


def test_phone_is_not_told_that_it_worked_when_it_is_too_late_for_the_computer(
    computer, phone, wallet, monkeypatch
):
    """The computer asks every two seconds, and in the last ones it might not hear of it."""
    issued = phone.request(wallet, computer.ask().scanned).json()
    later = time.time() + 120 - states.LAST_SECONDS / 2
    monkeypatch.setattr(time, "time", lambda: later)

    response = answer(phone.client, issued["challenge"], **wallet.prove(issued["message"]))

    assert (response.status_code, page_code(response)) == (403, "challenge_missing")
    assert computer.poll() == "pending"


def test_refusal_while_the_cache_is_down_fails_nowhere(computer, phone, wallet, settings):
    issued = phone.request(wallet, computer.ask().scanned).json()
    settings.CACHES = {
        "default": {"BACKEND": f"{SilentCache.__module__}.{SilentCache.__qualname__}"}
    }

    response = answer(phone.client, issued["challenge"], **wallet.prove(issued["message"]))

    assert (response.status_code, page_code(response)) == (503, "misconfigured")


def test_refusal_that_needs_the_cache_fails_nowhere_while_it_is_down(
    computer, phone, wallet, provider, monkeypatch
):
    """The page that says so would look there for the request of the other device."""
    provider["RATE_LIMITS"] = False
    issued = phone.request(wallet, computer.ask().scanned).json()

    def fail(*args, **kwargs):
        raise ConnectionError

    monkeypatch.setattr(cache, "get_many", fail)

    response = answer(phone.client, issued["challenge"], **wallet.prove(issued["message"]))

    assert (response.status_code, page_code(response)) == (503, "misconfigured")
    assert response.context["device"] is None


@pytest.mark.parametrize("device_id", [None, "", "x", "../../x", "x" * 5000])
def test_form_of_the_phones_page_that_has_no_challenge_is_refused_there(computer, phone, device_id):
    computer.ask()
    posted = computer.scanned["device"] if device_id is None else device_id

    response = phone.client.post(
        reverse("moralis_verify"),
        {"challenge": "x", "signature": "0x00", "process": "device", "device": posted},
    )

    assert (response.status_code, page_code(response)) == (403, "challenge_missing")
    assert bool(response.context["device"]) == (device_id is None)


# --- The image --------------------------------------------------------------------------------


def test_code_is_an_image_of_the_pages_address(computer):
    image = computer.client.get(computer.ask().url, {"code": ""})

    assert image["Content-Type"] == "image/svg+xml"
    assert b"style" not in image.content
    assert read(image.content) == computer.told["verification_uri"]


def test_code_is_the_link_of_the_wallet_that_was_chosen(computer):
    image = computer.client.get(computer.ask().url, {"code": "MetaMask"})

    bare = computer.told["verification_uri"].removeprefix("http://")
    assert read(image.content) == f"https://link.metamask.io/dapp/{bare}"


def test_code_of_a_request_that_is_over_is_not_found(computer, wallet):
    approve(computer, wallet)

    assert computer.client.get(computer.url, {"code": ""}).status_code == 404


def test_wallet_page_itself_is_never_the_phones(client):
    page = client.get(reverse("moralis_login"), {"process": "device", "device": "x"})

    assert page.context["page_request"].process == "login"
