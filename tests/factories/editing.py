"""A playlist that people edit, and a model of its list: plain lists of item ids."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import select

from datasources.postgres.bulk import copy_rows
from datasources.postgres.playlist_tables import playlist_changes
from datasources.postgres.playlist_versions import fetch_items_of_version
from datasources.postgres.tables import playlist_items, playlists
from datasources.records.changes import ListVersion
from datasources.records.page import PageRequest
from datasources.stores import Stores
from resolvers.ids import global_id
from resolvers.playlist_commands import NewPlaylist, create_playlist
from resolvers.playlist_input import ITEM
from tests.factories.music import NOW, track_id, user_id
from tests.factories.playlists import as_user

DURATION_MS = 200_000
"""Of each track that the factory of music writes."""


def track(number: int) -> str:
    """Return the global id of a track."""
    return global_id("Track", track_id(number))


def item(item_id: UUID) -> str:
    """Return the global id of an item."""
    return global_id(ITEM, item_id)


def items(ids: Sequence[UUID]) -> list[str]:
    """Return the global ids of items."""
    return [item(one) for one in ids]


async def new_playlist(stores: Stores, owner: int = 1) -> UUID:
    """Make an empty playlist on which editors work, and return its id."""
    new = NewPlaylist("Together", collaborative=True)
    return (await create_playlist(as_user(stores, owner), new)).playlist_id


async def list_of(stores: Stores, playlist: UUID) -> list[UUID]:
    """Return the ids of the items of a list, in their order."""
    columns = playlist_items.c
    order = select(columns.id).where(columns.playlist_id == playlist)
    rows = await stores.postgres.read(order.order_by(columns.position, columns.id))
    return [row[0] for row in rows]


async def list_at(stores: Stores, playlist: UUID, version: int) -> list[UUID]:
    """Return the ids of the items of a list as it was, page by page."""
    found: list[UUID] = []
    request = PageRequest(limit=20)
    while True:
        page = await fetch_items_of_version(
            stores.postgres, ListVersion(playlist, version), request
        )
        found += [node.id for node in page.nodes]
        if not page.has_next:
            return found
        request = PageRequest(limit=20, after=page.edges[-1].key)


async def counts_of(stores: Stores, playlist: UUID) -> tuple[int, int, int]:
    """Return version, number of items and length of a playlist, as it says itself."""
    columns = (playlists.c.version, playlists.c.track_count, playlists.c.duration_ms)
    (row,) = await stores.postgres.read(select(*columns).where(playlists.c.id == playlist))
    return row[0], row[1], row[2]


async def versions_of(stores: Stores, playlist: UUID) -> list[int]:
    """Return the versions in the history of a playlist, in their order."""
    version = playlist_changes.c.version
    kept = select(version).where(playlist_changes.c.playlist_id == playlist)
    return [row[0] for row in await stores.postgres.read(kept.order_by(version))]


async def share(stores: Stores, playlist: UUID, users: Sequence[int], role: str) -> None:
    """Let people work on a playlist, behind everybody's back."""
    rows = [
        {"playlist_id": playlist, "user_id": user_id(user), "role": role, "added_at": NOW}
        for user in users
    ]
    async with stores.postgres.transaction() as connection:
        await copy_rows(connection, "playlist_collaborators", rows)


@dataclass
class ListModel:
    """What a list should be: all its versions, the first of them empty."""

    versions: list[list[UUID]] = field(default_factory=lambda: [[]])
    touched: list[tuple[UUID, ...]] = field(default_factory=lambda: [()])

    @property
    def now(self) -> list[UUID]:
        """The list at the newest version."""
        return self.versions[-1]

    @property
    def version(self) -> int:
        """The newest version."""
        return len(self.versions)

    def put(self, ids: Sequence[UUID], before: UUID | None) -> None:
        """Add or move items."""
        rest = [one for one in self.now if one not in ids]
        place = len(rest) if before is None else rest.index(before)
        self._become([*rest[:place], *ids, *rest[place:]], ids)

    def remove(self, ids: Sequence[UUID]) -> None:
        """Take items out."""
        self._become([one for one in self.now if one not in ids], ids)

    def undo(self, version: int) -> bool:
        """Turn a change back; False where that cannot be done, and nothing is."""
        then, after = self.versions[version - 2], self.versions[version - 1]
        touched = self.touched[version - 1]
        if any((one in self.now) != (one in after) for one in touched):
            return False
        result = [one for one in self.now if one not in touched]
        for place in reversed(range(len(then))):
            if then[place] in touched:
                behind = next((one for one in then[place + 1 :] if one in result), None)
                result.insert(len(result) if behind is None else result.index(behind), then[place])
        self._become(result, touched)
        return True

    def _become(self, result: list[UUID], touched: Sequence[UUID]) -> None:
        self.versions.append(result)
        self.touched.append(tuple(touched))
