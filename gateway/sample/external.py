"""Ids that other services would have given, in the forms that they use."""

from collections.abc import Iterator, Sequence
from uuid import UUID

from datasources.records.external_ids import EntityKind, ExternalSource
from gateway.sample.dice import Dice
from gateway.sample.identifiers import base62, number
from gateway.sample.model import Album, Artist, Playlist, Row

_SHARES = {
    EntityKind.ARTIST: {
        ExternalSource.SPOTIFY: 0.95,
        ExternalSource.APPLE_MUSIC: 0.6,
        ExternalSource.DISCOGS: 0.35,
    },
    EntityKind.ALBUM: {
        ExternalSource.SPOTIFY: 0.95,
        ExternalSource.TIDAL: 0.4,
        ExternalSource.DISCOGS: 0.25,
    },
    EntityKind.TRACK: {ExternalSource.SPOTIFY: 0.95, ExternalSource.DEEZER: 0.45},
    EntityKind.PLAYLIST: {ExternalSource.SPOTIFY: 0.8},
}
_DIGITS = {
    ExternalSource.APPLE_MUSIC: 10,
    ExternalSource.DISCOGS: 7,
    ExternalSource.TIDAL: 9,
    ExternalSource.DEEZER: 10,
}


def external_ids(
    artists: Sequence[Artist], albums: Sequence[Album], playlists: Sequence[Playlist]
) -> list[Row]:
    """Return the rows of `external_ids`: each source, kind and value once."""
    rows: dict[tuple[str, str, str], Row] = {}
    dice = Dice("external ids")
    for kind, entity_id, mbid in _entities(artists, albums, playlists):
        values = [
            (source, number(dice, _DIGITS[source]) if source in _DIGITS else base62(dice))
            for source, share in _SHARES[kind].items()
            if dice.chance(share)
        ]
        if mbid is not None:
            values.append((ExternalSource.MUSICBRAINZ, str(mbid)))
        for source, value in values:
            # A recording is on several releases; its MusicBrainz id points at the first.
            row: Row = {"source": source, "type": kind, "value": value, "entity_id": entity_id}
            rows.setdefault((source, kind, value), row)
    return list(rows.values())


def _entities(
    artists: Sequence[Artist], albums: Sequence[Album], playlists: Sequence[Playlist]
) -> Iterator[tuple[EntityKind, UUID, UUID | None]]:
    for artist in artists:
        yield EntityKind.ARTIST, artist.record.id, artist.record.mbid
    for album in albums:
        yield EntityKind.ALBUM, album.record.id, None
    for album in albums:
        for track in album.tracks:
            yield EntityKind.TRACK, track.record.id, track.record.mbid
    for playlist in playlists:
        yield EntityKind.PLAYLIST, playlist.record.id, None
