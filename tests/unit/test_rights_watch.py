"""Rights that are looked at, while they are renewed, and when their end is told."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from time import monotonic
from typing import Any
from uuid import UUID

import pytest

from auth.api_keys import ApiKeys
from auth.credentials import BadCredential, Credential
from auth.held import HeldToken
from auth.principal import KeyRef, Principal, PrincipalKind, SessionKind, SessionRef, person
from auth.revocations import Revocations
from datasources.errors import StoreUnavailable
from datasources.ids import new_id
from datasources.records.api_keys import ApiKeyPlan
from datasources.redis.credentials import CREDENTIALS
from datasources.redis.live import LiveEvent, Position
from gateway.graphql import rights_watch as watched
from gateway.graphql.rights import Rights
from gateway.graphql.rights_watch import RightsWatch
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


async def until(true: Callable[[], bool]) -> None:
    """Return once something is true."""
    async with asyncio.timeout(10):
        while not true():  # noqa: ASYNC110  there is nothing that tells of it
            await asyncio.sleep(0.001)


def in_doubt(held: Held) -> bool:
    return held.rights.doubt is not None


def owner_of(held: Held) -> UUID:
    (owner,) = held.rights.owners
    return owner


async def test_who_may_be_meant_is_looked_at_at_once_and_nobody_else(process: Process) -> None:
    meant, other = in_browser("a"), in_browser("b")
    process.over = {"a", "b"}
    with process.holding(meant, other):
        process.tell(owner_of(meant))
        assert (in_doubt(meant), in_doubt(other)) == (True, False)
        await until(lambda: not in_doubt(meant))
        assert (meant.ends, other.ends, process.asked) == ([True], [], [["a"]])
        assert meant.rights.over


async def test_what_is_not_over_goes_on(process: Process) -> None:
    ada = new_id()
    ended, kept = in_browser("a", ada), in_browser("b", ada)
    process.over = {"a"}
    with process.holding(ended, kept):
        process.tell(ada)
        doubt = kept.rights.doubt
        assert doubt is not None
        await doubt.wait()
        assert (ended.ends, kept.ends, process.asked) == ([True], [], [["a", "b"]])
        assert not in_doubt(kept)


async def test_an_answer_from_before_settles_nothing(process: Process) -> None:
    held = in_browser("a")
    process.answers.clear()
    with process.holding(held):
        process.tell(owner_of(held))
        await until(lambda: len(process.asked) == 1)
        process.over = {"a"}  # after the store was asked
        process.tell(owner_of(held))
        process.answers.set()
        await until(lambda: not in_doubt(held))
        assert process.asked == [["a"], ["a"]]
        assert held.ends == [True]


async def test_it_stays_in_doubt_while_the_store_cannot_tell(process: Process) -> None:
    held = in_browser("a")
    process.down = True
    with process.holding(held):
        process.tell(owner_of(held))
        await until(lambda: len(process.asked) == 1)
        await process.watch.look(process.identity, NO_STORES, utc_now())
        assert in_doubt(held)
        process.down = False
        await process.watch.look(process.identity, NO_STORES, utc_now())
        assert not in_doubt(held)
        assert held.ends == []


async def test_and_is_ended_where_it_never_can(process: Process) -> None:
    held = in_browser("a")
    process.down = True
    with process.holding(held):
        process.tell(owner_of(held))
        doubt = held.rights.doubt
        assert doubt is not None
        await process.watch.look(process.identity, NO_STORES, utc_now() + timedelta(seconds=4))
        await doubt.wait()
        assert held.ends == [False]
        assert held.rights.over


async def test_what_cannot_be_read_is_taken_as_missing(process: Process) -> None:
    held = in_browser("a")
    with process.holding(held):
        process.watch.put(LiveEvent(CREDENTIALS, "nobody", Position("e", 1, "1-0")))
        assert in_doubt(held)
        await until(lambda: not in_doubt(held))
        assert held.ends == []


async def test_what_was_renewed_meanwhile_is_looked_at_too(process: Process) -> None:
    held = in_browser("a")
    process.answers.clear()
    with process.holding(held):
        process.tell(owner_of(held))
        await until(lambda: len(process.asked) == 1)
        renewed = in_browser("b", owner_of(held)).rights.principal
        held.rights.renew(Rights(renewed, Credential("another"), utc_now()))
        process.over = {"a"}
        process.answers.set()
        await until(lambda: not in_doubt(held))
        assert (held.ends, process.asked) == ([], [["a"], ["b"]])


async def test_where_events_may_be_missing_all_are_looked_at(process: Process) -> None:
    held = in_browser("a"), in_browser("b")
    process.over = {"b"}
    with process.holding(*held):
        process.watch.miss()
        await until(lambda: not any(map(in_doubt, held)))
        assert [one.ends for one in held] == [[], [True]]


@pytest.mark.parametrize("missed", [True, False])
async def test_what_is_opened_right_after_the_end_is_looked_at(
    process: Process, missed: bool
) -> None:
    """It may have been resolved before."""
    held, other = in_browser("a"), in_browser("b")
    process.over = {"a"}
    if missed:
        process.watch.miss()
    else:
        process.tell(owner_of(held))
    with process.holding(held, other):
        assert (in_doubt(held), in_doubt(other)) == (True, missed)
        await until(lambda: not in_doubt(held))
        assert (held.ends, other.ends) == ([True], [])


async def test_what_was_heard_is_forgotten(
    process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = in_browser("a")
    process.tell(owner_of(held))
    later = monotonic() + 6
    monkeypatch.setattr(watched, "monotonic", lambda: later)
    with process.holding(held):
        assert not in_doubt(held)
    process.tell(new_id())
    assert len(process.watch._heard_at) == 1


async def test_who_has_left_is_forgotten(process: Process) -> None:
    held = in_browser("a")
    with process.holding(held):
        pass
    process.tell(owner_of(held))
    assert not in_doubt(held)
    assert process.watch._of_owner == {}


# --- tokens and keys ------------------------------------------------------------------------------


def in_app(process: Process, monkeypatch: pytest.MonkeyPatch) -> Held:
    monkeypatch.setattr(process.identity.keys, "verifies", lambda *_: True)
    held = Held(person(new_id(), session=SessionRef(SessionKind.TOKENS, "f")))
    begun, ends = NOW - timedelta(minutes=1), NOW + timedelta(minutes=9)
    held.rights.token = HeldToken("k", owner_of(held), new_id(), begun, ends, None)
    return held


@pytest.mark.parametrize("revoked", [True, False])
async def test_for_a_token_the_list_is_read_again(
    process: Process, monkeypatch: pytest.MonkeyPatch, revoked: bool
) -> None:
    held = in_app(process, monkeypatch)
    read = []

    async def refresh(*_: Any) -> None:
        read.append(1)
        if revoked and held.rights.token is not None:
            process.identity.revocations.revoke(held.rights.token.family_id)

    monkeypatch.setattr(Revocations, "refresh", refresh)
    with process.holding(held):
        process.tell(owner_of(held))
        await until(lambda: not in_doubt(held))
        assert (held.ends, read) == ([True] if revoked else [], [1])


async def test_where_the_list_cannot_be_read_a_token_is_told_nothing(
    process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = in_app(process, monkeypatch)

    async def refresh(*_: Any) -> None:
        raise StoreUnavailable("postgres", "gone")

    monkeypatch.setattr(Revocations, "refresh", refresh)
    with process.holding(held):
        process.tell(owner_of(held))
        await process.watch.look(process.identity, NO_STORES, utc_now())
        assert in_doubt(held)
        await process.watch.look(process.identity, NO_STORES, utc_now() + timedelta(seconds=4))
        assert held.ends == [False]


async def test_tokens_live_on_where_events_may_be_missing(
    process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = in_app(process, monkeypatch)
    with process.holding(held):
        process.watch.miss()
        assert not in_doubt(held)


async def test_a_key_is_asked_for_again_once_for_all(
    process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = KeyRef(new_id(), new_id(), ApiKeyPlan.FREE)
    held = [Held(Principal(PrincipalKind.API_KEY, key=key)) for _ in range(3)]
    forgotten: list[tuple[UUID, ...]] = []

    async def principal_of(*_: Any) -> Principal:
        raise BadCredential("revoked")

    async def find_all(*_: Any) -> None:
        assert forgotten

    monkeypatch.setattr(watched, "principal_of", principal_of)
    monkeypatch.setattr(ApiKeys, "find_all", find_all)
    monkeypatch.setattr(ApiKeys, "forget", lambda _, *ids: forgotten.append(ids))
    with process.holding(*held):
        process.tell(key.owner_id)
        await until(lambda: not any(map(in_doubt, held)))
        assert [one.ends for one in held] == [[True]] * 3
        assert forgotten == [(key.id,)]


# --- defects --------------------------------------------------------------------------------------


async def test_who_cannot_be_ended_is_over_all_the_same(
    process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("a defect")

    broken, other = in_browser("a"), in_browser("b")
    monkeypatch.setattr(broken, "end_rights", fail)
    process.over = {"a", "b"}
    with process.holding(broken, other):
        process.watch.miss()
        await until(lambda: not any(map(in_doubt, (broken, other))))
        assert (broken.rights.over, other.ends) == (True, [True])


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
