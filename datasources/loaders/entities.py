"""The loader of entities of any kind: one statement for each kind that is asked for."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from uuid import UUID

from datasources.loaders.batch import Batch
from datasources.loaders.viewers import seen_from_postgres
from datasources.postgres.albums import fetch_albums_by_ids
from datasources.postgres.artists import fetch_artists_by_ids
from datasources.postgres.client import Postgres
from datasources.postgres.playlists import fetch_playlists_by_ids
from datasources.postgres.tracks import fetch_tracks_by_ids
from datasources.postgres.users import fetch_users_by_ids
from datasources.records.albums import AlbumRecord
from datasources.records.artists import ArtistRecord
from datasources.records.external_ids import EntityKind
from datasources.records.playlists import PlaylistRecord
from datasources.records.references import EntityRef
from datasources.records.tracks import TrackRecord
from datasources.records.users import UserRecord

EntityRecord = TrackRecord | AlbumRecord | ArtistRecord | PlaylistRecord | UserRecord

_CATALOGUE: dict[
    EntityKind, Callable[[Postgres, Sequence[UUID]], Awaitable[Mapping[UUID, EntityRecord]]]
] = {
    EntityKind.TRACK: fetch_tracks_by_ids,
    EntityKind.ALBUM: fetch_albums_by_ids,
    EntityKind.ARTIST: fetch_artists_by_ids,
}
_OF_PEOPLE: dict[
    EntityKind,
    Callable[[Postgres, Sequence[UUID], UUID | None], Awaitable[Mapping[UUID, EntityRecord]]],
] = {
    EntityKind.PLAYLIST: fetch_playlists_by_ids,
    EntityKind.USER: fetch_users_by_ids,
}


async def _fetch(
    postgres: Postgres, refs: Sequence[EntityRef], viewer: UUID | None
) -> Mapping[EntityRef, EntityRecord]:
    ids: defaultdict[EntityKind, list[UUID]] = defaultdict(list)
    for ref in refs:
        ids[ref.kind].append(ref.id)
    fetches = (
        _CATALOGUE[kind](postgres, some)
        if kind in _CATALOGUE
        else _OF_PEOPLE[kind](postgres, some, viewer)
        for kind, some in ids.items()
    )
    found = dict(zip(ids, await asyncio.gather(*fetches), strict=True))
    return {ref: found[ref.kind][ref.id] for ref in refs if ref.id in found[ref.kind]}


EntityByRef = Batch("EntityByRef", seen_from_postgres(_fetch))
"""Entities, but for those of people whom the viewer does not see; keys are (ref, viewer)."""
