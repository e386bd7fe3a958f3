"""What no key, app or service begins: changes by publishable keys, and signing people in."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx2
import pytest
from graphql import parse
from sqlalchemy import select

from auth.identity import Identity
from auth.principal import ANONYMOUS, Principal, PrincipalKind, person
from auth.scopes import Scope
from datasources.ids import new_id
from datasources.postgres.account_tables import audit_log
from datasources.stores import Stores
from schema.build import build_schema
from schema.selection import lacking_scopes
from tests.factories.accounts import PASSWORD, an_account
from tests.factories.api_keys import PAGE, READS, a_key
from tests.factories.http import client_of, post
from tests.factories.operations import identity_of

SIGN_IN = """mutation($password: String!, $skip: Boolean = false) {
  ...Begin @skip(if: $skip)
}
fragment Begin on Mutation {
  signIn(input: {login: "ann", password: $password, session: TOKENS}) { __typename }
}"""
EVERYTHING = frozenset(Scope)
NEW_SIGN_IN = 'mutation { signIn(input: {login: "a", password: "b"}) { __typename } }'


@pytest.fixture
async def ann(empty_stores: Stores) -> UUID:
    return await an_account(empty_stores)


@pytest.fixture
def identity(empty_stores: Stores) -> Identity:
    return identity_of(empty_stores)


@pytest.fixture
async def client(empty_stores: Stores, identity: Identity) -> AsyncIterator[httpx2.AsyncClient]:
    async with client_of(empty_stores, identity) as client:
        yield client


@pytest.mark.parametrize("new", [PAGE, READS], ids=["publishable", "secret"])
async def test_no_key_signs_anybody_in(
    client: httpx2.AsyncClient, empty_stores: Stores, identity: Identity, ann: UUID, new: Any
) -> None:
    text = (await a_key(empty_stores, identity, ann, new)).secret
    headers = {"X-API-Key": text, "Origin": "https://page.example"}
    answer = await post(client, SIGN_IN, {"password": PASSWORD}, headers=headers)
    (error,) = answer.json()["errors"]
    assert error["extensions"]["code"] == "FORBIDDEN"
    assert not answer.json().get("data")
    denied = select(audit_log.c.details).where(audit_log.c.action == "denied")
    (row,) = await empty_stores.postgres.read(denied)
    assert row[0]["what"] == ["Mutation.signIn"]
    skipped = await post(client, SIGN_IN, {"password": "x", "skip": True}, headers=headers)
    assert "errors" not in skipped.json()


def _refused(principal: Principal, operation: str) -> bool:
    schema = build_schema()._schema
    return bool(lacking_scopes(schema, parse(operation), None, {}, principal))


def test_who_may_sign_in() -> None:
    id_ = new_id()
    for one in (ANONYMOUS, person(id_)):
        assert not _refused(one, NEW_SIGN_IN)
    for one in (
        Principal(PrincipalKind.API_KEY, scopes=EVERYTHING),
        Principal(PrincipalKind.API_KEY, id_, scopes=EVERYTHING),
        Principal(PrincipalKind.APP, id_, scopes=EVERYTHING, app_id=id_),
        Principal(PrincipalKind.SERVICE, scopes=EVERYTHING, service="billing"),
    ):
        assert _refused(one, NEW_SIGN_IN)


def test_a_publishable_key_changes_nothing_whatever_its_scopes() -> None:
    change = "mutation { clearNowPlaying { __typename } }"
    assert _refused(Principal(PrincipalKind.API_KEY, scopes=EVERYTHING), change)
    assert not _refused(Principal(PrincipalKind.API_KEY, new_id(), scopes=EVERYTHING), change)
