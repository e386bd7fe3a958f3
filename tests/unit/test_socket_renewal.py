"""Who may go on with which credential on a socket."""

from dataclasses import replace
from types import SimpleNamespace
from typing import cast
from uuid import UUID

import pytest
from starlette.requests import HTTPConnection

from auth.principal import KeyRef, Principal, PrincipalKind, person
from auth.scopes import Scope
from datasources.records.accounts import Role
from datasources.records.api_keys import ApiKeyPlan
from gateway.graphql import socket_credentials
from gateway.graphql.frames import Closing
from gateway.graphql.rights import Rights, rights_of

CONNECTION = cast("HTTPConnection", SimpleNamespace(client=None, headers={}))
SHOWN = {"authorization": "Bearer later"}


def key(number: int) -> Principal:
    ref = KeyRef(UUID(int=number), UUID(int=9), ApiKeyPlan.FREE)
    return Principal(PrincipalKind.API_KEY, key=ref)


def app(number: int, user: UUID | None = None) -> Principal:
    return Principal(PrincipalKind.APP, user, app_id=UUID(int=number))


def service(name: str) -> Principal:
    return Principal(PrincipalKind.SERVICE, service=name)


ANN = person(UUID(int=1))
ADMIN = person(UUID(int=1), Role.ADMIN)
NARROW = replace(ANN, scopes=frozenset({Scope.CATALOG_READ}))


async def renewed(
    monkeypatch: pytest.MonkeyPatch, before: Principal, after: Principal
) -> Rights | None:
    async def authenticate(*_: object) -> Principal:
        return after

    monkeypatch.setattr(socket_credentials, "authenticate_credential", authenticate)
    return await socket_credentials.renewed_rights(CONNECTION, SHOWN, rights_of(before, None))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (key(1), key(2)),
        (app(1), app(2)),
        (app(1, UUID(int=1)), app(2, UUID(int=1))),
        (service("a"), service("b")),
        (ANN, person(UUID(int=2))),
        (ANN, NARROW),
        (ADMIN, ANN),
    ],
)
async def test_nobody_goes_on_as_another_or_with_less(
    monkeypatch: pytest.MonkeyPatch, before: Principal, after: Principal
) -> None:
    with pytest.raises(Closing) as refused:
        await renewed(monkeypatch, before, after)
    assert refused.value.code == 4403


@pytest.mark.parametrize(
    ("before", "after"),
    [(key(1), key(1)), (app(1), app(1)), (service("a"), service("a")), (ANN, ANN), (NARROW, ANN)],
)
async def test_the_same_caller_goes_on(
    monkeypatch: pytest.MonkeyPatch, before: Principal, after: Principal
) -> None:
    rights = await renewed(monkeypatch, before, after)
    assert rights is not None
    assert rights.principal == after
