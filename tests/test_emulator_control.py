"""The emulator's switches and faults, on the wire and while it runs."""

import json
import time

import pytest
import requests

from allauth_moralis.emulator import NAMES, Behaviour, Emulator

KEY = {"X-API-Key": "any"}
ADDRESS = "0x2c7536E3605D9C16a7a3D7b1898e529396a65c23"
SOLANA = "FAe4sisG95oZ42w7buUn5qEE4TAnfTTFPiguZUHmhiF"
BODY = {
    "domain": "localhost",
    "chainId": "1",
    "address": ADDRESS,
    "uri": "http://localhost/",
    "timeout": 60,
    "statement": "Sign in to localhost",
}
ASK = "/challenge/request/evm"
NETWORK = "network must be one of the following values: mainnet, testnet"
TYPE = "blockchainType must be one of the following values: evm, solana, aptos"
MISSING = ["message must be present", "signature must be present"]


@pytest.fixture
def emulator():
    with Emulator(control=True) as running:
        yield running


def post(emulator: Emulator, path: str, body: object, **kwargs) -> requests.Response:
    return requests.post(emulator.url + path, json=body, headers=KEY, timeout=5, **kwargs)


def control(emulator: Emulator, **body: object) -> requests.Response:
    return post(emulator, "/_emulator/control", body)


def test_it_is_off_unless_asked_for():
    with Emulator() as plain:
        assert control(plain, fault="hang").status_code == 404


def test_it_shows_its_state(emulator):
    state = requests.get(emulator.url + "/_emulator/control", timeout=5).json()

    assert state == {
        "behaviour": {
            "single_use": True,
            "domain_rule": "lenient",
            "addresses_status": 201,
            "verify_chain_id": "number",
            "validator": "0.14",
            "checks_signatures": True,
        },
        "faults": [],
    }


def test_behaviour_changes_and_is_reset(emulator):
    assert (
        control(emulator, behaviour={"single_use": False}).json()["behaviour"]["single_use"]
        is False
    )
    assert emulator.service.behaviour.single_use is False

    control(emulator, reset=True)

    assert emulator.service.behaviour == Behaviour()


def test_a_fault_happens_so_many_times_and_where_it_was_asked_for(emulator):
    state = control(emulator, fault="server_error", path="/challenge", times=2).json()
    assert state["faults"] == [{"fault": "server_error", "path": "/challenge", "times": 2}]

    statuses = [post(emulator, ASK, BODY).status_code for _ in range(3)]

    assert statuses == [500, 500, 201]
    control(emulator, fault="server_error", path="/elsewhere")
    assert post(emulator, ASK, BODY).status_code == 201


@pytest.mark.parametrize(
    "body",
    [
        {"fault": "nonsense"},
        {"behaviour": {"nonsense": 1}},
        {"behaviour": 5},
        {"behaviour": {"single_use": 1}},
        {"behaviour": {"single_use": "no"}},
        {"behaviour": {"domain_rule": "strict"}},
        {"behaviour": {"addresses_status": "200"}},
        {"behaviour": {"verify_chain_id": None}},
        {"behaviour": {"validator": 0.13}},
        {"behaviour": {"checks_signatures": []}},
    ],
)
def test_what_it_does_not_know_it_says(emulator, body):
    response = control(emulator, **body)

    assert response.status_code == 400
    assert response.json()["message"]


def test_every_fault_can_be_asked_for(emulator):
    for name in NAMES:
        assert control(emulator, fault=name, path="/nowhere").status_code == 200


def test_retry_after_where_it_is_named(emulator):
    with emulator.fault("rate_limited_retry_after"):
        assert post(emulator, ASK, BODY).headers["Retry-After"] == "7"
    with emulator.fault("rate_limited"):
        assert "Retry-After" not in post(emulator, ASK, BODY).headers


def test_an_answer_without_a_text_stays_as_it_is(emulator):
    with emulator.fault("wrong_text_domain"):
        assert requests.get(emulator.url + "/health", timeout=5).json()["status"] == "ok"


def test_a_hang_ends_when_the_emulator_does():
    emulator = Emulator().__enter__()
    emulator.faults.add("hang")
    with requests.Session() as session:
        request = requests.Request("POST", emulator.url + ASK, json=BODY, headers=KEY).prepare()
        with pytest.raises(requests.ReadTimeout):
            session.send(request, timeout=0.2)
    started = time.monotonic()

    emulator.__exit__()

    assert time.monotonic() - started < 2


@pytest.mark.parametrize("fault", ["slow_drip", "slow_headers"])
def test_a_drip_comes_to_its_end(emulator, fault, monkeypatch):
    monkeypatch.setattr("allauth_moralis.emulator.server.DRIP", 0.0001)

    with emulator.fault(fault):
        assert post(emulator, ASK, BODY).json()["message"].startswith("localhost wants you")


def test_a_drip_ends_when_the_emulator_does(emulator):
    emulator.faults.add("slow_drip")
    emulator.stopped.set()

    with pytest.raises(requests.RequestException):
        post(emulator, ASK, BODY)


def test_chunked_requests_are_not_read(emulator):
    response = requests.post(
        emulator.url + ASK, data=iter([json.dumps(BODY).encode()]), headers=KEY, timeout=5
    )

    assert response.status_code == 400
    assert response.headers["Connection"] == "close"


# --- Rules of the other networks and of binding ------------------------------------------------


def problems(emulator: Emulator, path: str, body: object) -> object:
    response = post(emulator, path, body)
    assert response.status_code == 400
    assert list(response.json()) == ["statusCode", "name", "message"]
    return response.json()["message"]


@pytest.mark.parametrize(
    ("network", "change", "problem"),
    [
        ("solana", {"network": None}, "network should not be empty"),
        ("solana", {"network": "moon"}, NETWORK + ", devnet"),
        ("solana", {"address": "x" * 31}, "address must be longer than or equal to 32 characters"),
        ("solana", {"address": "x" * 45}, "address must be shorter than or equal to 44 characters"),
        ("solana", {"address": "0" * 43}, "address must be a valid Solana address"),
        ("aptos", {"address": "x"}, "address must be a valid Aptos address"),
        ("aptos", {"publicKey": "x"}, "publicKey must be a valid Aptos public key"),
        ("aptos", {"network": "devnet"}, NETWORK),
    ],
)  # fmt: skip
def test_what_solana_and_aptos_ask_for(emulator, network, change, problem):
    address = SOLANA if network == "solana" else "0x1"
    body = {
        **BODY,
        "network": "mainnet",
        "address": address,
        "publicKey": "0x" + "0" * 64,
        **change,
    }

    assert problems(emulator, f"/challenge/request/{network}", body) == [problem]


def test_aptos_takes_the_chain_id_that_it_asked_for_once(emulator):
    body = {**BODY, "address": "0x1", "publicKey": "0x" + "0" * 64, "chainId": "2"}

    message = post(emulator, "/challenge/request/aptos", body).json()["message"]

    assert "\nChain ID: 2\n" in message
    assert f"\n0x{'0' * 63}1\n" in message


def test_solana_signatures_are_base58(emulator):
    body = {"message": "text", "signature": "0x00"}

    assert problems(emulator, "/challenge/verify/solana", body) == (
        "signature must be a valid base58 string"
    )


def test_the_words_of_an_older_validator(emulator):
    control(emulator, behaviour={"validator": "0.13"})

    assert problems(emulator, ASK, {**BODY, "chainId": "42161", "uri": "x"}) == [
        "chainId must be a valid enum value",
        "uri must be an URL address",
    ]


ACCOUNT = {"blockchainType": "evm", "address": ADDRESS}


@pytest.mark.parametrize(
    ("path", "body", "problem"),
    [
        ("request", {}, ["addresses must be an array"]),
        ("request", {"addresses": [ACCOUNT]}, ["addresses must contain at least 2 elements"]),
        ("request", {"addresses": [ACCOUNT] * 3},
         ["addresses must contain no more than 2 elements"]),
        ("request", {"addresses": [ACCOUNT, 5]}, [TYPE]),
        ("request", {"addresses": [ACCOUNT, {**ACCOUNT, "address": "x"}]},
         ["address must be an Ethereum address"]),
        ("request/verify", {"verifications": [{}]},
         ["verifications must contain at least 2 elements"]),
        ("request/verify", {"verifications": [5, {}]}, MISSING * 2),
        ("remove", {"blockchainType": "moon"}, [TYPE, "profileId must be a string"]),
        ("remove", {**ACCOUNT, "profileId": "0x"}, "The address is not of this profile"),
        ("remove/verify", {}, MISSING),
        ("remove/verify", {"message": "x", "signature": "y"}, "Invalid Signature"),
    ],
)  # fmt: skip
def test_what_binding_asks_for(emulator, path, body, problem):
    assert problems(emulator, f"/bind/{path}", body) == problem


@pytest.mark.parametrize("status", [200, 201])
def test_the_status_of_addresses(emulator, status):
    control(emulator, behaviour={"addresses_status": status})

    response = requests.get(
        f"{emulator.url}/profile/0x{'0' * 64}/addresses", headers=KEY, timeout=5
    )

    assert (response.status_code, response.json()) == (status, [])


def test_a_service_that_was_broken_into(emulator):
    control(emulator, behaviour={"checks_signatures": False})
    text = post(emulator, ASK, BODY).json()["message"]

    response = post(
        emulator, "/challenge/verify/evm", {"message": text, "signature": "0x" + "00" * 65}
    )

    assert response.status_code == 201


@pytest.mark.parametrize(("error", "told"), [(ConnectionResetError(), False), (KeyError(), True)])
def test_a_client_that_hangs_up_is_no_news_and_a_bug_is(emulator, capsys, monkeypatch, error, told):
    monkeypatch.setattr("allauth_moralis.emulator.server.sys.exception", lambda: error)

    emulator._server.handle_error(None, ("127.0.0.1", 1))

    assert bool(capsys.readouterr().err) is told


def test_a_fault_that_is_over_leaves_the_others_waiting(emulator):
    emulator.faults.add("server_error", path="/elsewhere")

    with emulator.fault("hang", path="/nowhere"):
        pass

    assert [fault["fault"] for fault in emulator.faults.waiting] == ["server_error"]
