"""How people stand to a playlist: what is decided about it, in the transaction that acts on it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Uuid, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from datasources.postgres.blocks import block_between
from datasources.postgres.client import Postgres
from datasources.postgres.reading import columns_of, unnest_columns
from datasources.postgres.tables import playlist_collaborators, playlists
from datasources.records.playlists import CollaboratorRole, PlaylistRecord

_COLUMNS = columns_of(PlaylistRecord, playlists)


@dataclass(frozen=True, slots=True)
class Standing:
    """A playlist, and how a person stands to it: their role, and whether a block is between."""

    playlist: PlaylistRecord
    role: CollaboratorRole | None = None
    apart: bool = False


async def hold_playlist(connection: AsyncConnection, playlist_id: UUID) -> None:
    """Let nobody change a playlist until the transaction ends; others may hold it, too.

    What depends on it is read afterwards, by another statement (`playlists`).
    """
    row = select(playlists.c.id).where(playlists.c.id == playlist_id)
    await connection.execute(row.with_for_update(read=True))


async def fetch_standing(
    connection: AsyncConnection, playlist_id: UUID, user_id: UUID | None
) -> Standing | None:
    """Return a playlist and how a person stands to it; None where there is no such playlist.

    It is what other transactions had committed when this statement began: to have nothing of it
    change any more, lock the playlist by a statement before. Read from `playlists`,
    `playlist_collaborators` and `blocks`.
    """
    person = literal(user_id, Uuid)
    row = select(*_COLUMNS, *_standing_of(person)).where(playlists.c.id == playlist_id)
    found = (await connection.execute(row)).one_or_none()
    return None if found is None else Standing(PlaylistRecord(*found[:-2]), found[-2], found[-1])


async def fetch_standings(
    postgres: Postgres, pairs: Sequence[tuple[UUID, UUID | None]]
) -> Mapping[tuple[UUID, UUID | None], Standing]:
    """Return how people stand to playlists, by (playlist, person), in one statement.

    A playlist that is not there is left out. Read from `playlists`, `playlist_collaborators` and
    `blocks`.
    """
    asked = unnest_columns(
        "asked",
        playlist_id=([playlist for playlist, _ in pairs], Uuid()),
        person=([person for _, person in pairs], Uuid()),
    ).c
    statement = select(*_COLUMNS, asked.person, *_standing_of(asked.person)).where(
        playlists.c.id == asked.playlist_id
    )
    found = {}
    for row in await postgres.read(statement):
        *columns, person, role, apart = row
        playlist = PlaylistRecord(*columns)
        found[playlist.id, person] = Standing(playlist, role, apart)
    return found


def _standing_of(person: ColumnElement[UUID | None]) -> tuple[ColumnElement[Any], ...]:
    """Return the columns of the role of a person in a playlist, and of a block between."""
    shared = playlist_collaborators.c
    role = select(shared.role).where(shared.playlist_id == playlists.c.id, shared.user_id == person)
    return role.scalar_subquery(), block_between(playlists.c.owner_id, person)
