"""What happens after the end of a credential is told to nobody who holds it, at any process."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from uuid import UUID

import pytest

from auth.credentials import Credential, principal_of
from auth.identity import Identity
from auth.principal import SessionKind, SessionRef, person
from auth.sessions import ended_among, session_hash
from datasources.redis.credentials import announce_ending
from datasources.stores import Stores
from gateway.graphql import rights_watch as watched
from gateway.graphql.rights import Rights, rights_of
from gateway.graphql.rights_watch import RightsWatch
from resolvers.api_keys import revoke_api_key
from resolvers.context import utc_now
from resolvers.ids import global_id
from resolvers.live import Live
from resolvers.playlist_items import add_items
from resolvers.publishing import publish_subject
from resolvers.session_commands import sign_out, sign_out_everywhere
from tests.factories.api_keys import a_key, owner_context
from tests.factories.editing import new_playlist, share, track
from tests.factories.live import Subscriber, running, subscriber
from tests.factories.music import Music, user_id
from tests.factories.operations import context_of, identity_of
from tests.factories.people import add_account, cookie_of, tokens_of
from tests.factories.playlists import as_user

OWNER, HOLDER, OTHER = 1, 2, 3
FOLLOW = """
subscription ($id: ID!) { playlistChanged(id: $id) { ... on PlaylistChanged { seq } } }
"""


class Held:
    """A connection of somebody's."""

    def __init__(self, rights: Rights) -> None:
        self.rights = rights
        self.ended: bool | None = None

    def end_rights(self, *, known: bool) -> None:
        self.ended = known


@dataclass(slots=True)
class Place:
    """A process where people follow a playlist. Its own looks come too late for a test.

    What ends credentials runs with another `Identity`, as in another process.
    """

    stores: Stores
    live: Live
    playlist: UUID
    identity: Identity
    watch: RightsWatch

    async def change(self) -> None:
        await add_items(
            as_user(self.stores, OWNER), global_id("Playlist", self.playlist), [track(1)]
        )
        await publish_subject(self.stores, self.playlist)

    @asynccontextmanager
    async def following(self, credential: Credential) -> AsyncIterator[tuple[Subscriber, Held]]:
        """Let somebody follow the playlist with a credential."""
        principal = await principal_of(self.identity, self.stores, credential, utc_now())
        held = Held(rights_of(principal, credential))
        self.watch.add(held, self.identity, self.stores)
        following = subscriber(
            self.live,
            self.stores,
            FOLLOW,
            {"id": global_id("Playlist", self.playlist)},
            principal,
            lambda context: replace(context, identity=self.identity),
            rights=held.rights,
        )
        try:
            async with following as one:
                yield one, held
        finally:
            self.watch.remove(held)


@pytest.fixture
async def place(empty_stores: Stores, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Place]:
    monkeypatch.setattr(watched, "LOOK_EVERY_S", 3_600)
    music = Music()
    music.track(1)
    await music.write(empty_stores)
    for number in (OWNER, HOLDER, OTHER):
        await add_account(empty_stores, number)
    playlist = await new_playlist(empty_stores)
    await share(empty_stores, playlist, [HOLDER, OTHER], "EDITOR")
    identity = identity_of(empty_stores)
    await identity.revocations.refresh(empty_stores.postgres, utc_now())
    async with running(empty_stores) as live:
        watch = RightsWatch()
        watch.listen(live.reader)
        yield Place(empty_stores, live, playlist, identity, watch)


Ends = Callable[[], Awaitable[object]]


async def in_a_browser(place: Place, elsewhere: Identity, who: UUID) -> tuple[Credential, Ends]:
    cookie = await cookie_of(place.stores, elsewhere, who)
    session = SessionRef(SessionKind.COOKIE, session_hash(cookie))
    context = context_of(place.stores, person(who, session=session), identity=elsewhere)
    return Credential(cookie, cookie=True), lambda: sign_out(context)


async def in_an_app(place: Place, elsewhere: Identity, who: UUID) -> tuple[Credential, Ends]:
    token = (await tokens_of(place.stores, elsewhere, who)).access_token
    principal = await principal_of(elsewhere, place.stores, Credential(token), utc_now())
    context = context_of(place.stores, principal, identity=elsewhere)
    return Credential(token), lambda: sign_out(context)


async def in_all_apps(place: Place, elsewhere: Identity, who: UUID) -> tuple[Credential, Ends]:
    token = (await tokens_of(place.stores, elsewhere, who)).access_token
    context = context_of(place.stores, person(who), identity=elsewhere)
    return Credential(token), lambda: sign_out_everywhere(context)


async def with_a_key(place: Place, elsewhere: Identity, who: UUID) -> tuple[Credential, Ends]:
    key = await a_key(place.stores, elsewhere, who)
    context = owner_context(place.stores, elsewhere, who)
    return Credential(key.secret), lambda: revoke_api_key(context, key.api_key.id)


WAYS = [in_a_browser, in_an_app, in_all_apps, with_a_key]


@pytest.mark.parametrize("way", WAYS)
async def test_nothing_is_told_that_happens_after_the_end(
    place: Place, way: Callable[..., Awaitable[tuple[Credential, Ends]]]
) -> None:
    elsewhere = identity_of(place.stores)
    await elsewhere.revocations.refresh(place.stores.postgres, utc_now())
    ended, end = await way(place, elsewhere, user_id(HOLDER))
    kept, _ = await way(place, elsewhere, user_id(OTHER))
    async with AsyncExitStack() as stack:
        one, held = await stack.enter_async_context(place.following(ended))
        other, others = await stack.enter_async_context(place.following(kept))
        await place.change()
        assert [await each.next() for each in (one, other)] == [{"playlistChanged": {"seq": 2}}] * 2
        await end()
        await place.change()
        await one.until(lambda: one.ended)
        assert [(each.data, each.code) for each in one.results] == [(None, "UNAUTHENTICATED")]
        assert held.ended is True
        assert await other.next() == {"playlistChanged": {"seq": 3}}
        assert others.ended is None


async def test_an_end_that_nobody_read_is_found_when_somebody_subscribes(place: Place) -> None:
    """The stream is read while there are subscriptions; a key is believed for seconds."""
    elsewhere = identity_of(place.stores)
    credential, end = await with_a_key(place, elsewhere, user_id(HOLDER))
    place.identity.api_keys.clock = lambda: 0.0  # it is believed for as long as the test takes
    principal = await principal_of(place.identity, place.stores, credential, utc_now())
    held = Held(rights_of(principal, credential))
    place.watch.add(held, place.identity, place.stores)
    await end()
    async with place.following(credential) as (one, _):
        await place.change()
        await one.until(lambda: one.ended)
        assert [(each.data, each.code) for each in one.results] == [(None, "UNAUTHENTICATED")]
    assert held.ended is True
    place.watch.remove(held)


async def test_who_is_in_doubt_waits_and_goes_on(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = asyncio.Event()
    answers.set()

    async def slow(*args: object) -> frozenset[str]:
        await answers.wait()
        return await ended_among(*args)  # type: ignore[arg-type]  # as it was called

    monkeypatch.setattr(watched, "ended_among", slow)
    doubted, _ = await in_a_browser(place, place.identity, user_id(HOLDER))
    trusted, _ = await in_a_browser(place, place.identity, user_id(OTHER))
    async with place.following(doubted) as (one, held), place.following(trusted) as (other, _):
        await place.change()
        assert [await each.next() for each in (one, other)] == [{"playlistChanged": {"seq": 2}}] * 2
        answers.clear()
        await announce_ending(place.stores.redis, user_id(HOLDER))
        await place.change()
        assert await other.next() == {"playlistChanged": {"seq": 3}}
        assert held.rights.doubt is not None
        assert one.results == []
        answers.set()
        assert await one.next() == {"playlistChanged": {"seq": 3}}
        assert held.ended is None
