"""Links in mails lead to us, whatever the request that asks for them calls us (host poisoning)."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from email.message import EmailMessage

import httpx2
import pytest

from auth.identity import Identity
from datasources.stores import Stores
from gateway.settings import Settings
from gateway.worker.loop import Tally, Worker
from gateway.worker.run import duties
from tests.factories.accounts import OTHER_PASSWORD, PASSWORD, an_account
from tests.factories.http import PREFLIGHT, client_of, post
from tests.factories.operations import identity_of

POISON = {
    "Host": "evil.example",
    "Origin": "https://evil.example",
    "Referer": "https://evil.example/account",
    "Forwarded": "host=evil.example;proto=http",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Server": "evil.example",
    "X-Forwarded-Proto": "http",
    "X-Forwarded-Port": "8080",
    "X-Forwarded-Prefix": "//evil.example",
    "X-Original-URL": "//evil.example/",
    "X-Rewrite-URL": "//evil.example/",
}
SIGN_UP = """
mutation ($password: String!) {
    signUp(input: {
        email: "new@example.org", handle: "newcomer", displayName: "New", password: $password
    }) { __typename }
}
"""
RESET = 'mutation { requestPasswordReset(input: {email: "ann@example.org"}) { __typename } }'
SIGN_IN = """
mutation ($password: String!) {
    signIn(input: {login: "ann", password: $password, session: COOKIE}) { __typename }
}
"""
CHANGE = """
mutation ($password: String!) {
    changeEmail(input: {password: $password, email: "anns@example.net"}) { __typename }
}
"""
URLS = re.compile(r"""https?:[^\s"'<>]*""")
OURS = "https://music.example"


@dataclass(slots=True)
class Postman:
    """Takes mails."""

    sent: dict[str, EmailMessage] = field(default_factory=dict)

    async def send(self, message: EmailMessage, recipient: str) -> None:
        self.sent[recipient] = message


@pytest.fixture
def identity(empty_stores: Stores) -> Identity:
    return identity_of(empty_stores)


@pytest.fixture
async def client(empty_stores: Stores, identity: Identity) -> AsyncIterator[httpx2.AsyncClient]:
    await an_account(empty_stores)
    async with client_of(empty_stores, identity) as client:
        yield client


async def sent(stores: Stores, identity: Identity) -> dict[str, EmailMessage]:
    """Return what the worker sends, by recipient."""
    postman = Postman()
    tally = await Worker(stores.postgres, duties(Settings(), stores, identity, postman)).drain()
    assert tally == Tally(done=len(postman.sent))
    return postman.sent


def leads_to_us_alone(message: EmailMessage, path: str) -> None:
    assert "evil" not in message.as_string()
    for kind in ("plain", "html"):
        body = message.get_body((kind,))
        assert body is not None
        content = str(body.get_content())
        assert "evil" not in content
        links = URLS.findall(content)
        assert any(link.startswith(f"{OURS}{path}?token=") for link in links)
        assert all(link == OURS or link.startswith(f"{OURS}/") for link in links)


async def test_a_mutation_does_not_choose_where_links_lead(
    client: httpx2.AsyncClient, empty_stores: Stores, identity: Identity
) -> None:
    asked = [
        (await post(client, SIGN_UP, {"password": OTHER_PASSWORD}, POISON)).json(),
        (await post(client, RESET, {}, POISON)).json(),
    ]
    assert [next(iter(one["data"].values()))["__typename"] for one in asked] == [
        "SignUpAccepted",
        "MailRequested",
    ]
    mails = await sent(empty_stores, identity)
    leads_to_us_alone(mails["new@example.org"], "/account/confirm")
    leads_to_us_alone(mails["ann@example.org"], "/account/reset")


async def test_a_change_of_address_does_not_choose_either(
    client: httpx2.AsyncClient, empty_stores: Stores, identity: Identity
) -> None:
    variables = {"password": PASSWORD}
    signed = await post(client, SIGN_IN, variables, PREFLIGHT)
    assert signed.json()["data"]["signIn"]["__typename"] == "SignedIn"
    asked = await post(client, CHANGE, variables, PREFLIGHT | POISON)  # with the cookie
    assert asked.json()["data"]["changeEmail"]["__typename"] == "MailRequested"
    mails = await sent(empty_stores, identity)
    leads_to_us_alone(mails["anns@example.net"], "/account/confirm")


async def test_a_form_does_not_choose_either(
    client: httpx2.AsyncClient, empty_stores: Stores, identity: Identity
) -> None:
    poison = {name: value for name, value in POISON.items() if name not in {"Origin", "Referer"}}
    headers = poison | {"Sec-Fetch-Site": "same-origin"}
    form = {"email": "ann@example.org"}
    answer = await client.post("/account/forgot", data=form, headers=headers)
    assert answer.status_code < 400
    assert "evil" not in answer.text + str(answer.headers)
    mails = await sent(empty_stores, identity)
    leads_to_us_alone(mails["ann@example.org"], "/account/reset")
