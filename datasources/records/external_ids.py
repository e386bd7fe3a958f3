"""Ids that other services gave to our entities."""

from dataclasses import dataclass
from enum import StrEnum


class EntityKind(StrEnum):
    """The five kinds of entity that have pages of their own."""

    TRACK = "TRACK"
    ALBUM = "ALBUM"
    ARTIST = "ARTIST"
    PLAYLIST = "PLAYLIST"
    USER = "USER"


class ExternalSource(StrEnum):
    """A service that knows our entities by ids of its own."""

    SPOTIFY = "SPOTIFY"
    APPLE_MUSIC = "APPLE_MUSIC"
    TIDAL = "TIDAL"
    DEEZER = "DEEZER"
    MUSICBRAINZ = "MUSICBRAINZ"
    DISCOGS = "DISCOGS"
    LASTFM = "LASTFM"
    HETREC = "HETREC"


@dataclass(frozen=True, slots=True)
class ExternalIdRecord:
    """A row of `external_ids`, without the entity it points at."""

    source: ExternalSource
    value: str
