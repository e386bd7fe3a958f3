"""Whatever is done to a list, one change at a time: it is what a plain list would be."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from datasources.postgres import positions
from datasources.stores import Stores
from resolvers import playlist_change
from resolvers.errors import PlaylistConflict
from resolvers.ids import global_id
from resolvers.playlist_change import ItemsChanged
from resolvers.playlist_history import undo_change
from resolvers.playlist_items import add_items, move_items, remove_items
from tests.factories.editing import (
    DURATION_MS,
    ListModel,
    counts_of,
    item,
    items,
    list_at,
    list_of,
    new_playlist,
    track,
    versions_of,
)
from tests.factories.music import Music
from tests.factories.playlists import as_user

T = TypeVar("T")

PLACES = st.integers(0, 200)


class Lists(RuleBasedStateMachine):
    """Edits of one playlist; clients may have seen any version of it."""

    stores: Stores
    loop: asyncio.AbstractEventLoop

    def wait(self, awaitable: Awaitable[T]) -> T:
        async def run() -> T:
            return await awaitable

        return asyncio.run_coroutine_threadsafe(run(), self.loop).result(120)

    @initialize()
    def make(self) -> None:
        self.playlist = self.wait(new_playlist(self.stores))
        self.id = global_id("Playlist", self.playlist)
        self.model = ListModel()

    def change(
        self,
        use_case: Callable[..., Awaitable[ItemsChanged]],
        base: int | None,
        named: list[UUID],
        *arguments: Any,
    ) -> ItemsChanged | None:
        """Make a change; it must be refused where what it names is gone, and only there."""
        call = use_case(as_user(self.stores, 1), self.id, *arguments, base_version=base)
        gone = [one for one in named if one not in self.model.now]
        if gone:
            with pytest.raises(PlaylistConflict) as refused:
                self.wait(call)
            assert refused.value.current_version == self.model.version
            assert sorted(refused.value.item_ids) == sorted(gone)
            return None
        done = self.wait(call)
        assert done.version == self.model.version + 1
        return done

    def seen(self, back: int) -> tuple[int, list[UUID]]:
        """Return a version that a client may have seen, and its list."""
        version = max(1, self.model.version - back)
        return version, self.model.versions[version - 1]

    @rule(tracks=st.lists(st.integers(1, 3), min_size=1, max_size=4), place=PLACES, back=PLACES)
    def add(self, tracks: list[int], place: int, back: int) -> None:
        base, seen = self.seen(back % 5)
        before = seen[place] if place < len(seen) else None
        named = [] if before is None else [before]
        texts = [track(number) for number in tracks]
        done = self.change(add_items, base, named, texts, item(before) if before else None)
        if done is not None:
            self.model.put(done.item_ids, before)

    @rule()
    def crowd(self) -> None:
        """Add where the last one was added, again and again."""
        for _ in range(6):
            before = self.model.now[-1] if self.model.now else None
            done = self.change(
                add_items, None, [], [track(1)], None if before is None else item(before)
            )
            assert done is not None
            self.model.put(done.item_ids, before)

    @precondition(lambda self: self.model.now)
    @rule(data=st.data(), place=PLACES, back=PLACES)
    def move(self, data: st.DataObject, place: int, back: int) -> None:
        base, seen = self.seen(back % 5)
        if not seen:
            return
        some = data.draw(st.lists(st.sampled_from(seen), min_size=1, max_size=5, unique=True))
        others = [one for one in seen if one not in some]
        before = others[place] if place < len(others) else None
        named = some if before is None else [*some, before]
        anchor = None if before is None else item(before)
        if self.change(move_items, base, named, items(some), anchor) is not None:
            self.model.put(some, before)

    @precondition(lambda self: self.model.now)
    @rule(data=st.data(), back=PLACES)
    def remove(self, data: st.DataObject, back: int) -> None:
        base, seen = self.seen(back % 5)
        if not seen:
            return
        some = data.draw(st.lists(st.sampled_from(seen), min_size=1, max_size=3, unique=True))
        if self.change(remove_items, base, some, items(some)) is not None:
            self.model.remove(some)

    @precondition(lambda self: self.model.version > 1)
    @rule(back=PLACES)
    def undo(self, back: int) -> None:
        version = max(2, self.model.version - back % 20)
        call = undo_change(as_user(self.stores, 1), self.id, version)
        if self.model.undo(version):
            assert self.wait(call).version == self.model.version
        else:
            with pytest.raises(PlaylistConflict):
                self.wait(call)

    @invariant()
    def the_list_is_that_of_the_model(self) -> None:
        if hasattr(self, "model"):
            assert self.wait(list_of(self.stores, self.playlist)) == self.model.now

    def teardown(self) -> None:
        if not hasattr(self, "model"):
            return
        size = len(self.model.now)
        counted = self.wait(counts_of(self.stores, self.playlist))
        assert counted == (self.model.version, size, size * DURATION_MS)
        kept = self.wait(versions_of(self.stores, self.playlist))
        assert kept == list(range(2, self.model.version + 1))
        for version, then in enumerate(self.model.versions, start=1):
            assert self.wait(list_at(self.stores, self.playlist, version)) == then


@pytest.mark.parametrize("room", ["narrow", "wide"])
async def test_a_list_is_what_a_plain_list_would_be(
    empty_stores: Stores, room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    music = Music()
    for number in (1, 2, 3):
        music.user(number)
        music.track(number)
    await music.write(empty_stores)
    if room == "narrow":  # positions are rewritten all the time, also only some of them
        monkeypatch.setattr(positions, "MAX_CHARS", 4)
        monkeypatch.setattr(positions, "_ROOMY_CHARS", 3)
        monkeypatch.setattr(positions, "REACHES", (2, 5))
        monkeypatch.setattr(playlist_change, "REACHES", (2, 5))
    machine = type(
        "OfThisTest", (Lists,), {"stores": empty_stores, "loop": asyncio.get_running_loop()}
    )
    patient = settings(
        max_examples=5,
        stateful_step_count=20,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    await asyncio.to_thread(partial(run_state_machine_as_test, machine, settings=patient))
