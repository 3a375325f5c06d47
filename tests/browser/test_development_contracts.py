"""A contract wallet of the development wallet in a browser."""

import re

import pytest
from allauth.socialaccount.models import SocialAccount

from allauth_moralis.development import contracts, keys

from ..chain.artifacts import plan
from ..chain.demo import described
from ..chain.evm import Chain
from .common import Visitor, signed_in

CHAIN_ID = 31337

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.urls("tests.urls_development"),
    pytest.mark.usefixtures("state"),
    pytest.mark.xdist_group("browser"),
]


def test_pressing_a_contract_signs_in_on_its_own_chain(
    browser, live_server, provider, on_this_machine
):
    chain, ada = Chain(CHAIN_ID), keys.accounts()[0]
    planned = plan(chain.deploy("Factory"), "Owner", ada.address)
    contracts.remember(ada, [described(planned, is_deployed=False)])
    with chain.serve() as node:
        provider.update(RPC={CHAIN_ID: node.url}, RATE_LIMITS=False)
        visitor = Visitor(browser, live_server.url)
        visitor.open_wallet_page()
        visitor.button("Development wallet").click()
        visitor.button(re.compile("^Ada's next contract")).click()
        visitor.page.get_by_role("button", name="Sign", exact=True).click()
        signed_in(visitor)
        visitor.context.close()

    assert SocialAccount.objects.get().uid == f"eip155:{CHAIN_ID}:{planned.address}"
    assert visitor.faults == []
