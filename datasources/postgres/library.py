"""Changes to what people keep: saved tracks and albums, and the artists whom they follow."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    Column,
    Table,
    Uuid,
    bindparam,
    delete,
    func,
    literal,
    select,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from datasources.postgres.playlist_tables import artist_follows, saved_albums
from datasources.postgres.reading import any_of
from datasources.postgres.tables import albums, artists, saved_tracks, tracks, users


@dataclass(frozen=True, slots=True)
class Kept:
    """One kind of thing that people keep: its table, the things, and its columns."""

    table: Table
    things: Table
    thing: str
    moment: str

    @property
    def user(self) -> Column[UUID]:
        """Whose it is."""
        return self.table.c.user_id

    @property
    def id(self) -> Column[UUID]:
        """Which thing."""
        return self.table.c[self.thing]


SAVED_TRACKS = Kept(saved_tracks, tracks, "track_id", "saved_at")
SAVED_ALBUMS = Kept(saved_albums, albums, "album_id", "saved_at")
FOLLOWED_ARTISTS = Kept(artist_follows, artists, "artist_id", "followed_at")


async def lock_library(connection: AsyncConnection, user_id: UUID) -> bool:
    """Let nothing else be added to a person's library until the transaction ends.

    So what is counted stays so. False where there is no such person (`users`).
    """
    statement = select(users.c.id).where(users.c.id == user_id)
    held = await connection.execute(statement.with_for_update(key_share=True))
    return held.first() is not None


async def hold_things(connection: AsyncConnection, kept: Kept, ids: Sequence[UUID]) -> set[UUID]:
    """Return those of the things that are there; they stay until the transaction ends."""
    id_ = kept.things.c.id
    statement = select(id_).where(any_of(id_, ids)).order_by(id_)
    held = await connection.execute(statement.with_for_update(read=True, key_share=True))
    return set(held.scalars())


async def keep(
    connection: AsyncConnection, kept: Kept, user_id: UUID, ids: Sequence[UUID], at: datetime
) -> int:
    """Add things to what a person keeps, each once; return how many were not there yet.

    It is as if they were added one after the other: the last is the newest. What was there keeps
    its moment and its place.
    """
    added = bindparam("added", list(ids), type_=ARRAY(Uuid))
    asked = func.unnest(added).table_valued("id", with_ordinality="place").render_derived("asked")
    rows = select(literal(user_id), asked.c.id, literal(at)).order_by(asked.c.place)
    statement = insert(kept.table).from_select(["user_id", kept.thing, kept.moment], rows)
    new = await connection.execute(statement.on_conflict_do_nothing().returning(kept.id))
    return len(new.all())


async def drop(connection: AsyncConnection, kept: Kept, user_id: UUID, ids: Sequence[UUID]) -> int:
    """Remove things from what a person keeps; return how many were there."""
    statement = delete(kept.table).where(kept.user == user_id, any_of(kept.id, ids))
    return len((await connection.execute(statement.returning(kept.id))).all())


async def count_kept(connection: AsyncConnection, kept: Kept, user_id: UUID) -> int:
    """Return how many things of a kind a person keeps."""
    statement = select(func.count()).where(kept.user == user_id)
    return int((await connection.execute(statement)).scalar_one())
