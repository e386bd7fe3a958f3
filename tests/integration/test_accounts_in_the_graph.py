"""Accounts as clients see them."""

from typing import Any

from datasources.stores import Stores
from tests.factories.accounts import PASSWORD, an_account, queued, sign_up_link, signed_in_as
from tests.factories.operations import ask, respond
from tests.plugins.round_trips import RoundTrips

ANN = "ann@example.org"
ERRORS = "... on Error { code message } ... on ValidationError { path }"


async def mutate(stores: Stores, field: str, selection: str, given: dict[str, Any]) -> Any:
    name = field[0].upper() + field[1:]
    document = f"mutation ($input: {name}Input!) {{ {field}(input: $input) {{ {selection} }} }}"
    return (await ask(stores, document, {"input": given}))[field]


async def test_from_sign_up_to_sign_in(empty_stores: Stores) -> None:
    given = {"email": ANN, "handle": "ann", "displayName": "Ann", "password": PASSWORD}
    accepted = await mutate(empty_stores, "signUp", "... on SignUpAccepted { email }", given)
    assert accepted == {"email": ANN}
    token = await sign_up_link(empty_stores, ANN)
    wrong = {"token": token, "password": "not the password"}
    refused = await mutate(empty_stores, "verifyEmail", ERRORS, wrong)
    assert refused["code"] == "UNAUTHENTICATED"
    refused = await mutate(empty_stores, "verifyEmail", ERRORS, {"token": token})
    assert refused["path"] == ["input", "password"]
    verified = await mutate(
        empty_stores,
        "verifyEmail",
        "... on EmailVerified { user { handle } }",
        {"token": token, "password": PASSWORD},
    )
    assert verified == {"user": {"handle": "ann"}}
    signed = await mutate(
        empty_stores,
        "signIn",
        "... on SignedIn { user { handle } tokens { expiresInS } }",
        {"login": ANN, "password": PASSWORD, "session": "TOKENS"},
    )
    assert signed == {"user": {"handle": "ann"}, "tokens": {"expiresInS": 900}}


async def test_errors_have_codes_and_paths(empty_stores: Stores) -> None:
    given = {"email": "ann", "handle": "ann", "displayName": "Ann", "password": PASSWORD}
    refused = await mutate(empty_stores, "signUp", ERRORS, given)
    assert (refused["code"], refused["path"]) == ("BAD_USER_INPUT", ["input", "email"])
    refused = await mutate(empty_stores, "verifyEmail", ERRORS, {"token": "x"})
    assert refused["code"] == "UNAUTHENTICATED"
    refused = await mutate(
        empty_stores, "resetPassword", ERRORS, {"token": "x", "password": PASSWORD}
    )
    assert refused["code"] == "UNAUTHENTICATED"
    await mutate(
        empty_stores, "requestPasswordReset", "... on MailRequested { email }", {"email": ANN}
    )
    assert len(await queued(empty_stores)) == 1


async def test_what_needs_a_session_says_so(empty_stores: Stores) -> None:
    for document in (
        'mutation { changePassword(input: {password: "x", newPassword: "y"}) { __typename } }',
        'mutation { changeEmail(input: {password: "x", email: "y"}) { __typename } }',
    ):
        response = await respond(empty_stores, document)
        assert response["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_an_account_is_its_owners(empty_stores: Stores, round_trips: RoundTrips) -> None:
    ann = await an_account(empty_stores)
    await an_account(empty_stores, "bob")
    document = """{
      ann: user(handle: "ann") { email account { email role } }
      bob: user(handle: "bob") { email account { email role } }
    }"""
    before = round_trips.copy()
    data = await ask(empty_stores, document, principal=signed_in_as(ann))
    assert data == {
        "ann": {"email": ANN, "account": {"email": ANN, "role": "LISTENER"}},
        "bob": {"email": None, "account": None},
    }
    assert round_trips.since(before) == {"postgres": 2}
    nobody = await respond(empty_stores, document)
    assert nobody["data"] == {name: {"email": None, "account": None} for name in ("ann", "bob")}
    assert {error["extensions"]["code"] for error in nobody["errors"]} == {"UNAUTHENTICATED"}
