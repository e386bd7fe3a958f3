"""People, who follows whom, and the artists they listen to, as the HetRec import writes them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from datasources.ids import new_id
from datasources.postgres.artist_import import ImportedArtist, put_artists
from datasources.postgres.bulk import Upserted, copy_rows, upsert_rows
from datasources.postgres.import_ids import claim_ids, find_ids, join_ids
from datasources.postgres.listening_stage import StagedArtist
from datasources.postgres.reading import any_of
from datasources.postgres.search_index import entry
from datasources.postgres.tables import artists, users
from datasources.records.external_ids import EntityKind, ExternalSource
from datasources.records.users import ListeningVisibility

_SOURCE = ExternalSource.HETREC


@dataclass(frozen=True, slots=True)
class ArtistsJoined:
    """What a batch of artists met. `joined` of the unchanged were found by name just now."""

    artists: Upserted
    joined: int


async def write_people(
    connection: AsyncConnection, people: Sequence[str], now: datetime
) -> Upserted:
    """Create accounts for people (numbers of the source) that have none: `lastfm-2`, say.

    One that is there stays as it is. Writes `users`, `external_ids` and `search_entries`.
    """
    ids = await claim_ids(connection, _SOURCE, EntityKind.USER, people)
    found = await connection.execute(select(users.c.id).where(any_of(users.c.id, ids.values())))
    there = set(found.scalars())
    new = {person: entity_id for person, entity_id in ids.items() if entity_id not in there}
    handles = await _free_handles(connection, new)
    rows: list[dict[str, object]] = [
        {
            "id": entity_id,
            "handle": handles[person],
            "display_name": f"Listener {person}",
            "created_at": now,
            "listening_visibility": ListeningVisibility.PUBLIC.value,
        }
        for person, entity_id in new.items()
    ]
    await copy_rows(connection, "users", rows)
    entries = [
        entry(EntityKind.USER, entity_id, f"Listener {person}", (handles[person],), 0)
        for person, entity_id in new.items()
    ]
    await upsert_rows(connection, "search_entries", entries, "kind", "entity_id")
    return Upserted(len(new), 0, len(there))


async def _free_handles(connection: AsyncConnection, new: Mapping[str, UUID]) -> dict[str, str]:
    """A handle that somebody else has taken gets the end of the account's id."""
    handles = {person: f"lastfm-{person}" for person in new}
    found = await connection.execute(
        select(users.c.handle_key).where(any_of(users.c.handle_key, handles.values()))
    )
    taken = set(found.scalars())
    return {
        person: f"{handle}-{new[person].hex[-8:]}" if handle in taken else handle
        for person, handle in handles.items()
    }


async def write_follows(
    connection: AsyncConnection, follows: Sequence[tuple[str, str]]
) -> Upserted:
    """Let people (numbers of the source) follow each other (`user_follows`)."""
    numbers = list({person for pair in follows for person in pair})
    ids = await find_ids(connection, _SOURCE, EntityKind.USER, numbers)
    rows: list[dict[str, object]] = [
        {"follower_id": ids[follower], "followed_id": ids[followed]}
        for follower, followed in follows
    ]
    return await upsert_rows(connection, "user_follows", rows, "follower_id", "followed_id")


async def join_artists(connection: AsyncConnection, batch: Sequence[StagedArtist]) -> ArtistsJoined:
    """Find the artists of the source among ours by normalised name, or create them.

    Of several candidates it is the most popular, then the oldest. An artist that is there stays
    as it is. Writes `artists`, `external_ids` of the source and of Last.fm, where these are free,
    and `search_entries`.
    """
    known = await find_ids(connection, _SOURCE, EntityKind.ARTIST, [one.artist for one in batch])
    unknown = [one for one in batch if one.artist not in known]
    by_key = await _by_key(connection, {one.name_key for one in unknown})
    new: list[ImportedArtist] = []
    ids: dict[str, UUID] = {}
    for one in unknown:
        if one.name_key not in by_key:
            by_key[one.name_key] = new_id()
            new.append(ImportedArtist(by_key[one.name_key], one.name, one.popularity))
        ids[one.artist] = by_key[one.name_key]
    await put_artists(connection, new)
    await join_ids(connection, _SOURCE, EntityKind.ARTIST, ids)
    ids |= known
    await _join_lastfm(
        connection,
        {one.lastfm: ids[one.artist] for one in reversed(batch) if one.lastfm is not None},
    )
    return ArtistsJoined(Upserted(len(new), 0, len(batch) - len(new)), len(unknown) - len(new))


async def _by_key(connection: AsyncConnection, keys: set[str]) -> dict[str, UUID]:
    statement = (
        select(artists.c.name_key, artists.c.id)
        .where(any_of(artists.c.name_key, keys))
        .order_by(artists.c.popularity, artists.c.id.desc())
    )
    return {row[0]: row[1] for row in await connection.execute(statement)}


async def _join_lastfm(connection: AsyncConnection, ids: Mapping[str, UUID]) -> None:
    rows: list[dict[str, object]] = [
        {
            "source": ExternalSource.LASTFM.value,
            "type": EntityKind.ARTIST.value,
            "value": value,
            "entity_id": entity_id,
        }
        for value, entity_id in ids.items()
    ]
    key = ("source", "type", "value")
    await upsert_rows(connection, "external_ids", rows, *key, keep=["entity_id"])
