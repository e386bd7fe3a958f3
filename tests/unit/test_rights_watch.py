"""Rights that are looked at, while they are renewed, and when their end is told."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from auth.credentials import BadCredential, Credential
from auth.held import HeldToken
from auth.principal import Principal, PrincipalKind, SessionKind, SessionRef, person
from datasources.errors import StoreUnavailable
from datasources.ids import new_id
from datasources.redis.credentials import CREDENTIALS
from datasources.redis.live import LiveEvent, Position
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
        self.rights = Rights(principal, CREDENTIAL, BEFORE)
        self.ends: list[bool] = []

    def end_rights(self, *, known: bool) -> None:
        self.ends.append(known)

    def renew(self) -> None:
        self.rights.renew(Rights(IN_A_BROWSER, Credential("another"), RENEWED))


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
async def test_nor_is_what_was_found_of_the_one_before_written(
    monkeypatch: pytest.MonkeyPatch, principal: Principal
) -> None:
    held = Held(principal)
    await look(monkeypatch, held, over=False, renews=True)
    assert (held.rights.asked_at, held.rights.principal) == (RENEWED, IN_A_BROWSER)


@pytest.mark.parametrize("principal", [A_KEY, IN_A_BROWSER])
async def test_what_is_over_ends(monkeypatch: pytest.MonkeyPatch, principal: Principal) -> None:
    held = Held(principal)
    await look(monkeypatch, held, over=True, renews=False)
    assert held.ends == [True]


# --- what the live stream tells -------------------------------------------------------------------


class Process:
    """A watch, and a store that says which sessions are over, when the test lets it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.watch = RightsWatch()
        self.identity = identity_of(NO_STORES)
        self.over: set[str] = set()
        self.down = False
        self.asked: list[list[str]] = []
        self.answers = asyncio.Event()
        self.answers.set()
        monkeypatch.setattr(watched, "ended_among", self._ended_among)
        monkeypatch.setattr(watched, "LOOK_EVERY_S", 3_600)  # only when it is told to

    async def _ended_among(self, _: Any, __: Any, hashes: list[str], ___: Any) -> set[str]:
        self.asked.append(hashes)
        over, down = set(self.over), self.down
        await self.answers.wait()
        if down:
            raise StoreUnavailable("redis", "gone")
        return over

    @contextmanager
    def holding(self, *holders: Held) -> Iterator[None]:
        for one in holders:
            one.rights.asked_at = utc_now()
            self.watch.add(one, self.identity, NO_STORES)
        try:
            yield
        finally:
            for one in holders:
                self.watch.remove(one)

    def tell(self, owner_id: UUID) -> None:
        """Tell in the live stream that a credential of somebody's may have ended."""
        self.watch.put(LiveEvent(CREDENTIALS, str(owner_id), Position("e", 1, "1-0")))


@pytest.fixture
def process(monkeypatch: pytest.MonkeyPatch) -> Process:
    return Process(monkeypatch)


def in_browser(session: str, user_id: UUID | None = None) -> Held:
    ref = SessionRef(SessionKind.COOKIE, session)
    return Held(person(user_id or new_id(), session=ref))


async def settled() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


def in_doubt(held: Held) -> bool:
    return held.rights.doubt is not None


def owner_of(held: Held) -> UUID:
    (owner,) = held.rights.owners
    return owner


async def test_who_may_be_meant_is_looked_at_at_once_and_nobody_else(process: Process) -> None:
    meant, other = in_browser("a"), in_browser("b")
    process.over = {"a", "b"}
    with process.holding(meant, other):
        await settled()
        process.tell(owner_of(meant))
        assert meant.rights.doubt is not None
        assert other.rights.doubt is None
        await settled()
        assert (meant.ends, other.ends, process.asked) == ([True], [], [["a"]])
        assert meant.rights.over
        assert meant.rights.doubt is None


async def test_what_is_not_over_goes_on(process: Process) -> None:
    ada = new_id()
    ended, kept = in_browser("a", ada), in_browser("b", ada)
    process.over = {"a"}
    with process.holding(ended, kept):
        await settled()
        process.tell(ada)
        doubt = kept.rights.doubt
        assert doubt is not None
        await settled()
        assert (ended.ends, kept.ends, process.asked) == ([True], [], [["a", "b"]])
        assert kept.rights.doubt is None
        assert doubt.is_set()


async def test_an_answer_from_before_settles_nothing(process: Process) -> None:
    held = in_browser("a")
    process.answers.clear()
    with process.holding(held):
        await settled()
        process.tell(owner_of(held))
        await settled()
        process.over = {"a"}  # after the store was asked
        process.tell(owner_of(held))
        process.answers.set()
        await settled()
        assert process.asked == [["a"], ["a"]]
        assert held.ends == [True]


async def test_it_stays_in_doubt_while_the_store_cannot_tell(process: Process) -> None:
    held = in_browser("a")
    process.down = True
    with process.holding(held):
        await settled()
        process.tell(owner_of(held))
        await settled()
        assert in_doubt(held)
        process.down = False
        await process.watch.look(process.identity, NO_STORES, utc_now())
        assert not in_doubt(held)
        assert held.ends == []


async def test_what_was_renewed_meanwhile_is_looked_at_too(process: Process) -> None:
    held = in_browser("a")
    process.answers.clear()
    with process.holding(held):
        await settled()
        process.tell(owner_of(held))
        await settled()
        renewed = in_browser("b", owner_of(held)).rights.principal
        held.rights.renew(Rights(renewed, Credential("another"), utc_now()))
        process.over = {"a"}
        process.answers.set()
        await settled()
        assert in_doubt(held), "the answer was about the one before"
        await process.watch.look(process.identity, NO_STORES, utc_now())
        assert not in_doubt(held)
        assert (held.ends, process.asked) == ([], [["a"], ["b"]])


async def test_where_events_may_be_missing_all_are_looked_at(process: Process) -> None:
    held = in_browser("a"), in_browser("b")
    process.over = {"b"}
    with process.holding(*held):
        await settled()
        process.watch.miss()
        await settled()
        assert [one.ends for one in held] == [[], [True]]
        assert held[0].rights.doubt is None


async def test_who_has_left_is_forgotten(process: Process) -> None:
    held = in_browser("a")
    with process.holding(held):
        pass
    process.tell(owner_of(held))
    assert held.rights.doubt is None
    assert process.watch._of_owner == {}


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
