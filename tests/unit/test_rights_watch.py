"""Rights that are renewed while a store is asked about those of before."""

from datetime import timedelta
from typing import Any

import pytest

from auth.credentials import BadCredential, Credential
from auth.held import HeldToken
from auth.principal import Principal, PrincipalKind, SessionKind, SessionRef, person
from datasources.ids import new_id
from gateway.graphql import rights as watched
from gateway.graphql.rights import Rights, RightsWatch
from resolvers.context import utc_now
from tests.factories.live_socket import NO_STORES
from tests.factories.operations import identity_of

NOW = utc_now()
BEFORE, RENEWED = NOW - timedelta(seconds=3), NOW - timedelta(seconds=1)
CREDENTIAL = Credential("secret")
A_KEY = Principal(PrincipalKind.API_KEY)
A_SERVICE = Principal(PrincipalKind.SERVICE, service="radio")
IN_AN_APP = person(new_id(), session=SessionRef(SessionKind.TOKENS, "f"))
IN_A_BROWSER = person(new_id(), session=SessionRef(SessionKind.COOKIE, "h"))


class Held:
    """A socket that is renewed when the test says so."""

    def __init__(self, principal: Principal) -> None:
        self.old = self.rights = Rights(principal, CREDENTIAL, BEFORE)
        self.ends: list[bool] = []

    def end_rights(self, *, known: bool) -> None:
        self.ends.append(known)

    def renew(self) -> None:
        self.rights = Rights(IN_A_BROWSER, CREDENTIAL, RENEWED)


async def look(monkeypatch: pytest.MonkeyPatch, held: Held, *, over: bool, renews: bool) -> None:
    """Look at its rights; the store says that they are over, or not, after they are renewed."""

    async def principal_of(*_: Any) -> Principal:
        if renews:
            held.renew()
        if over:
            raise BadCredential("over")
        return Principal(PrincipalKind.API_KEY, service="fresh")

    async def ended_among(*_: Any) -> set[str]:
        if renews:
            held.renew()
        return {"h"} if over else set()

    monkeypatch.setattr(watched, "principal_of", principal_of)
    monkeypatch.setattr(watched, "ended_among", ended_among)
    watch, identity = RightsWatch(), identity_of(NO_STORES)
    watch.add(held, identity, NO_STORES)
    try:
        await watch.look(identity, NO_STORES, NOW)
    finally:
        watch.remove(held)


@pytest.mark.parametrize("principal", [A_KEY, IN_A_BROWSER])
async def test_what_was_renewed_meanwhile_does_not_end(
    monkeypatch: pytest.MonkeyPatch, principal: Principal
) -> None:
    held = Held(principal)
    await look(monkeypatch, held, over=True, renews=True)
    assert held.ends == []


@pytest.mark.parametrize("principal", [A_KEY, IN_A_BROWSER])
async def test_nor_is_what_was_before_written(
    monkeypatch: pytest.MonkeyPatch, principal: Principal
) -> None:
    held = Held(principal)
    await look(monkeypatch, held, over=False, renews=True)
    assert (held.old.asked_at, held.rights.asked_at) == (BEFORE, RENEWED)
    assert held.old.principal == principal


@pytest.mark.parametrize("principal", [A_KEY, IN_A_BROWSER])
async def test_what_is_over_ends(monkeypatch: pytest.MonkeyPatch, principal: Principal) -> None:
    held = Held(principal)
    await look(monkeypatch, held, over=True, renews=False)
    assert held.ends == [True]


async def test_a_defect_ends_what_it_is_about_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    async def principal_of(_: Any, __: Any, credential: Credential, *___: Any) -> Principal:
        if credential.secret == "breaks":
            raise RuntimeError("a defect")
        return A_KEY

    monkeypatch.setattr(watched, "principal_of", principal_of)
    long_ago = NOW - timedelta(minutes=1)
    token = HeldToken("k", new_id(), new_id(), long_ago, NOW + timedelta(minutes=9), None)
    held = {
        "token": Rights(IN_AN_APP, CREDENTIAL, long_ago, token),
        "key": Rights(A_KEY, CREDENTIAL, long_ago),
        "service": Rights(A_SERVICE, Credential("breaks"), long_ago),
        "other service": Rights(A_SERVICE, CREDENTIAL, long_ago),
    }
    watch, identity = RightsWatch(), identity_of(NO_STORES)
    monkeypatch.setattr(identity.keys, "verifies", lambda *_: True)
    holders = {name: Held(rights.principal) for name, rights in held.items()}
    for name, holder in holders.items():
        holder.rights = held[name]
        watch.add(holder, identity, NO_STORES)
    try:
        await watch.look(identity, NO_STORES, NOW)
    finally:
        for holder in holders.values():
            watch.remove(holder)
    assert {name: holder.ends for name, holder in holders.items()} == {
        "token": [],
        "key": [],
        "service": [False],
        "other service": [],
    }
