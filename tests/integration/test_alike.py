"""Results that viewers share are those that each of them would have had alone."""

import random
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, replace
from uuid import UUID

import pytest
from sqlalchemy import insert, update

from auth.principal import ANONYMOUS, Principal, person
from auth.scopes import PUBLIC_SCOPES, Scope
from datasources.postgres.playlist_tables import blocks
from datasources.postgres.tables import playlists, user_follows, users
from datasources.records.playlists import PlaylistVisibility
from datasources.records.users import ListeningVisibility
from datasources.stores import Stores
from gateway.graphql import sharing
from gateway.graphql.pipeline import RequestFailed
from gateway.graphql.results import Result, encode
from resolvers.ids import global_id
from resolvers.live import Live
from resolvers.playlist_items import add_items
from resolvers.publishing import publish_subject
from schema.viewers import Depends
from tests.factories.editing import new_playlist, share, track
from tests.factories.live import Subscriber, new_pipeline, running, subscriber
from tests.factories.music import NOW, Music, user_id, write_plays
from tests.factories.playlists import as_user

OWNER, EDITOR, FOLLOWER, APART, *STRANGERS = range(1, 9)
VIEWERS: Mapping[str, Principal] = {
    "editor": person(user_id(EDITOR)),
    "owner": person(user_id(OWNER)),
    "follower": person(user_id(FOLLOWER)),
    "apart": person(user_id(APART)),
    **{f"stranger {number}": person(user_id(number)) for number in STRANGERS},
    "follower with less": replace(
        person(user_id(FOLLOWER)), scopes=PUBLIC_SCOPES | {Scope.PLAYLISTS_READ}
    ),
    "nobody": ANONYMOUS,
}
FOLLOW = """subscription ($id: ID!) {
  playlistChanged(id: $id) { ... on PlaylistChanged { seq %s } }
}"""
OF_A_PERSON = (
    "handle",
    "isFollowed",
    "email",
    "followers(first: 5) { totalCount edges { node { handle } } }",
    "playlists(first: 5) { edges { node { title isFollowed } } }",
    "recentListens(first: 2) { edges { node { track { title isSaved } } } }",
    "topTracks(first: 2) { edges { node { id } } }",
    "savedTracks(first: 1) { totalCount }",
    "account { role email }",
)
OF_A_PLAYLIST = (
    "title",
    "isFollowed",
    "owner { handle isFollowed }",
    "collaborators { user { handle } role }",
    "shareLinks { id }",
    "items(first: 3) { edges { node { track { title } addedBy { handle } } } }",
)


@dataclass
class World:
    """A playlist that all may read, on which an editor works whom one of them blocked."""

    stores: Stores
    live: Live
    playlist: UUID

    async def told(self, selected: str) -> dict[str, Result]:
        """Let all viewers hear of a change at once; return the result of each who may ask so."""
        id_, pipeline = global_id("Playlist", self.playlist), new_pipeline()
        async with AsyncExitStack() as stack:
            crowd = {}
            for name, who in VIEWERS.items():
                query, variables = FOLLOW % selected, {"id": id_}
                following = subscriber(
                    self.live, self.stores, query, variables, who, pipeline=pipeline
                )
                with suppress(RequestFailed):  # not all have the scopes of all fields
                    crowd[name] = await stack.enter_async_context(following)
            while not all(one.results for one in crowd.values()):  # by then, all listen
                await self._change()
            version = await self._change()
            return {name: await _of(one, version) for name, one in crowd.items()}

    async def _change(self) -> int:
        id_ = global_id("Playlist", self.playlist)
        changed = await add_items(as_user(self.stores, EDITOR), id_, [track(1)])
        await publish_subject(self.stores, self.playlist)
        return changed.version


async def _of(one: Subscriber, version: int) -> Result:
    """Return what a viewer is told of a version."""
    while True:
        result = await one.next_result()
        if result.data["playlistChanged"]["seq"] == version:
            return result


def content(result: Result) -> bytes:
    """Return all that a client gets, but for the number of the event."""
    return re.sub(rb'"seq":[0-9]+', b"", encode(result))


@pytest.fixture
async def world(empty_stores: Stores, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    monkeypatch.setattr("resolvers.live.RECHECK_S", 3_600)
    music = Music()
    for number in range(1, 9):
        music.user(number)
    music.track(1)
    await music.write(empty_stores)
    await write_plays(empty_stores, (EDITOR, 1, 1.0))
    playlist = await new_playlist(empty_stores)
    await share(empty_stores, playlist, [EDITOR], "EDITOR")
    follow = {"follower_id": user_id(FOLLOWER), "followed_id": user_id(EDITOR)}
    block = {"blocker_id": user_id(EDITOR), "blocked_id": user_id(APART), "blocked_at": NOW}
    shown = {"listening_visibility": ListeningVisibility.FOLLOWERS}
    async with empty_stores.postgres.transaction() as connection:
        visible = update(playlists).values(visibility=PlaylistVisibility.UNLISTED)
        await connection.execute(visible)
        await connection.execute(insert(user_follows).values(follow))
        await connection.execute(insert(blocks).values(block))
        await connection.execute(update(users).where(users.c.id == user_id(EDITOR)).values(shown))
    async with running(empty_stores) as live:
        yield World(empty_stores, live, playlist)


def selections() -> list[str]:
    """Return what is selected of an event: each field by itself, and many together."""
    chance = random.Random(8)  # noqa: S311  the same ones each time
    alone = [f"change {{ actor {{ {one} }} }}" for one in OF_A_PERSON]
    alone += [f"playlist {{ {one} }}" for one in OF_A_PLAYLIST]
    together = [
        f"change {{ kind actor {{ {' '.join(chance.sample(OF_A_PERSON, 4))} }} }}"
        f" playlist {{ {' '.join(chance.sample(OF_A_PLAYLIST, 3))} }}"
        for _ in range(6)
    ]
    return alone + together


async def test_all_get_what_they_would_have_got_alone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = {selected: await world.told(selected) for selected in selections()}
    monkeypatch.setattr(sharing, "depends_on_viewer", lambda *_: Depends.SOMEHOW)
    different = 0
    for selected, results in shared.items():
        alone = await world.told(selected)
        assert {one: content(result) for one, result in results.items()} == {
            one: content(result) for one, result in alone.items()
        }, selected
        people = [result for name, result in alone.items() if name != "nobody"]
        assert not any(result.errors for result in people), selected
        different += len({content(result) for result in alone.values()}) > 1
    assert different > len(shared) / 2  # or else this would say little


async def test_whom_a_block_hides_is_hidden_and_the_others_share(world: World) -> None:
    results = await world.told("change { version actor { handle } }")
    apart = results.pop("apart")
    others = set(VIEWERS) - {"apart", "nobody", "follower with less"}  # who have other scopes
    assert apart.data["playlistChanged"]["change"]["actor"] is None
    one = results["owner"]
    assert one.data["playlistChanged"]["change"]["actor"] == {"handle": "user2"}
    assert all(results[other] is one for other in others)
