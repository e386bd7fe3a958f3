"""Passkeys as clients of the graph use them."""

from typing import Any

from datasources.stores import Stores
from tests.factories.authenticator import Authenticator
from tests.factories.operations import ask, respond
from tests.factories.second_factors import PASSWORD, House

START = """
    mutation ($password: String) {
        startPasskeyRegistration(password: $password) {
            __typename
            ... on PasskeyOptions { options expiresInS }
            ... on Error { code message }
        }
    }
"""
ADD = """
    mutation ($credential: JSON!) {
        addPasskey(credential: $credential, name: "Phone") {
            __typename
            ... on PasskeyAdded { passkey { id name createdAt lastUsedAt backedUp } }
            ... on ValidationError { code path }
        }
    }
"""
SIGN_IN = """
    mutation ($credential: JSON!) {
        signInWithPasskey(credential: $credential, session: TOKENS) {
            __typename
            ... on SignedIn { user { handle } tokens { expiresInS } }
            ... on ValidationError { code path }
            ... on WrongCredentials { code }
        }
    }
"""
KEEP = """
    mutation ($id: ID!, $password: String) {
        renamePasskey(id: $id, name: "Laptop") {
            __typename
            ... on PasskeyRenamed { passkey { name } }
        }
        removePasskey(id: $id, password: $password) {
            __typename
            ... on PasskeyRemoved { id }
        }
    }
"""


async def test_a_client_adds_uses_and_removes_a_passkey(empty_stores: Stores) -> None:
    house = House.of(empty_stores)
    ada = await house.person()
    principal = house.signed_in(ada).principal
    device = Authenticator()

    async def mutate(query: str, **variables: Any) -> dict[str, Any]:
        return await ask(empty_stores, query, variables, principal)

    begun = await mutate(START, password=PASSWORD)
    options = begun["startPasskeyRegistration"]["options"]
    assert options["user"]["name"] == "user1"
    added = await mutate(ADD, credential=device.create(options))
    passkey = added["addPasskey"]["passkey"]
    assert (passkey["name"], passkey["lastUsedAt"], passkey["backedUp"]) == ("Phone", None, True)

    begun = await ask(empty_stores, "mutation { startPasskeySignIn { options expiresInS } }")
    options = begun["startPasskeySignIn"]["options"]
    signed = await ask(empty_stores, SIGN_IN, {"credential": device.get(options)})
    assert signed["signInWithPasskey"] == {
        "__typename": "SignedIn",
        "user": {"handle": "user1"},
        "tokens": {"expiresInS": 900},
    }
    listed = await mutate('{ user(handle: "user1") { account { passkeys { id lastUsedAt } } } }')
    (one,) = listed["user"]["account"]["passkeys"]
    assert one["id"] == passkey["id"]
    assert one["lastUsedAt"]

    kept = await mutate(KEEP, id=passkey["id"], password=PASSWORD)
    assert kept["renamePasskey"]["passkey"] == {"name": "Laptop"}
    assert kept["removePasskey"] == {"__typename": "PasskeyRemoved", "id": passkey["id"]}


async def test_what_is_wrong_is_said_by_types(empty_stores: Stores) -> None:
    house = House.of(empty_stores)
    principal = house.signed_in(await house.person(), seconds_ago=10**9).principal
    begun = await ask(empty_stores, START, {}, principal)
    assert begun["startPasskeyRegistration"]["__typename"] == "WrongCredentials"
    nothing: list[object] = [{}, [], "text", 1, {"a": {"b": ["c"]}}, {"a": "x" * 20_000}]
    for credential in nothing:
        variables = {"credential": credential}
        added = await ask(empty_stores, ADD, variables, principal)
        malformed = {
            "__typename": "ValidationError",
            "code": "BAD_USER_INPUT",
            "path": ["credential"],
        }
        assert added["addPasskey"] == malformed
        signed = await ask(empty_stores, SIGN_IN, variables)
        assert signed["signInWithPasskey"] == malformed
    kept = await ask(empty_stores, KEEP, {"id": "no id", "password": PASSWORD}, principal)
    assert kept["renamePasskey"]["__typename"] == "NotFound"
    assert kept["removePasskey"]["__typename"] == "NotFound"


async def test_aliases_make_no_challenges_without_end(empty_stores: Stores) -> None:
    fields = " ".join(f"a{number}: startPasskeySignIn {{ expiresInS }}" for number in range(40))
    response = await respond(empty_stores, f"mutation {{ {fields} }}")
    assert sum(one is not None for one in response["data"].values()) == 30
    codes = [error["extensions"]["code"] for error in response["errors"]]
    assert codes == ["RATE_LIMITED"] * 10


async def test_nobody_adds_a_passkey_to_nobody(empty_stores: Stores) -> None:
    for query, variables in ((START, {}), (ADD, {"credential": {}}), (KEEP, {"id": "x"})):
        response = await respond(empty_stores, query, variables)
        codes = {error["extensions"]["code"] for error in response["errors"]}
        assert codes == {"UNAUTHENTICATED"}
