"""Editors who change a list at the same time, and what a plain list is after their changes."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from time import perf_counter
from uuid import UUID

from datasources.stores import Stores
from resolvers.errors import NotFound, PlaylistConflict
from resolvers.ids import global_id
from resolvers.playlist_change import ItemsChanged
from resolvers.playlist_history import undo_change
from resolvers.playlist_items import add_items, move_items, remove_items
from tests.factories.editing import ListModel, counts_of, item, items, list_of, track
from tests.factories.playlists import as_user


@dataclass
class Acknowledged:
    """A change that was acknowledged: what was done, and in front of what, or which version."""

    what: str
    done: ItemsChanged
    before: UUID | None = None
    undone: int = 0


class Editor:
    """Changes a list as somebody who looks at it now and then."""

    def __init__(self, stores: Stores, playlist: UUID, number: int) -> None:
        self.stores, self.playlist = stores, playlist
        self.id = global_id("Playlist", playlist)
        self.number, self.dice = number, Random(number)  # noqa: S311  no secret
        self.acknowledged: list[Acknowledged] = []
        self.refused = 0
        self.times_s: list[float] = []

    async def work(self, changes: int) -> None:
        seen: list[UUID] = []
        version = 1
        for turn in range(changes):
            if turn % 5 == 0:
                version = (await counts_of(self.stores, self.playlist))[0]
                seen = await list_of(self.stores, self.playlist)
            began = perf_counter()
            try:
                await self.change(seen, version)
            except (PlaylistConflict, NotFound):  # not there when it looked, or any more
                self.refused += 1
            self.times_s.append(perf_counter() - began)

    async def change(self, seen: list[UUID], version: int) -> None:
        context, dice = as_user(self.stores, self.number), self.dice
        before = dice.choice([*seen, None]) if seen else None
        anchor = None if before is None else item(before)
        what = dice.choices(("add", "move", "remove", "undo"), (4, 3, 2, 1))[0]
        undone = 0
        if what == "undo" and version > 1:
            undone = dice.randint(max(2, version - 5), version)
            done = await undo_change(context, self.id, undone)
        elif what == "move" and len(seen) > 5:
            some = dice.sample([one for one in seen if one != before], 3)
            done = await move_items(context, self.id, items(some), anchor, version)
        elif what == "remove" and len(seen) > 5:
            done = await remove_items(context, self.id, items(dice.sample(seen, 2)), version)
        else:
            what = "add"
            tracks = [track(1), track(2), track(1)]
            done = await add_items(context, self.id, tracks, anchor, version)
        self.acknowledged.append(Acknowledged(what, done, before, undone))


def replay(acknowledged: Sequence[Acknowledged]) -> ListModel:
    """Return what a plain list is after the acknowledged changes, in the order of versions."""
    model = ListModel()
    for one in sorted(acknowledged, key=lambda one: one.done.version):
        assert one.done.version == model.version + 1
        match one.what:
            case "remove":
                model.remove(one.done.item_ids)
            case "undo":
                assert model.undo(one.undone)
            case _:
                model.put(one.done.item_ids, one.before)
    return model
