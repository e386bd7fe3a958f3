"""All that the sample puts into PostgreSQL, as rows by table."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import timedelta
from functools import cache
from uuid import UUID

from datasources.names import name_key, slug
from gateway.sample.artists import make_artists
from gateway.sample.dice import Dice
from gateway.sample.external import external_ids
from gateway.sample.genres import GENRES, PARENT_OF
from gateway.sample.identifiers import id_of_time
from gateway.sample.model import SAMPLE_DAY, Album, Credit, Person, Playlist, Row, Track
from gateway.sample.people import make_follows, make_people
from gateway.sample.playlists import make_playlists
from gateway.sample.releases import make_albums
from gateway.sample.search import search_rows
from gateway.sample.sound import make_features

_FIRST_DAYS = 2950
_MOST_SAVED = 110


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The sample: its rows by table, in an order that foreign keys accept, and who listens."""

    tables: dict[str, list[Row]]
    people: list[Person]
    albums: list[Album]
    playlists: list[Playlist]

    @property
    def tracks(self) -> list[Track]:
        """All tracks, release by release."""
        return [track for album in self.albums for track in album.tracks]


@cache
def sample_catalogue() -> Catalogue:
    """Return the sample, made once in a process. It is the same on every machine and day."""
    artists = make_artists()
    albums = make_albums(artists)
    tracks = [track for album in albums for track in album.tracks]
    people = make_people()
    playlists = make_playlists(people, tracks)
    genre_ids = _genre_ids()
    artist_genres = _artist_genres(tracks, genre_ids)
    tables: dict[str, list[Row]] = {
        "users": [_row(person.record) for person in people],
        "user_follows": [
            {"follower_id": one.record.id, "followed_id": other.record.id}
            for one, other in make_follows(people)
        ],
        "artists": [
            {**_row(artist.record), "name_key": name_key(artist.record.name)} for artist in artists
        ],
        "albums": [_row(album.record) for album in albums],
        "tracks": [_row(track.record) for track in tracks],
        "track_credits": [
            row for track in tracks for row in _credits("track_id", track.record.id, track.credits)
        ],
        "album_credits": [
            row for album in albums for row in _credits("album_id", album.record.id, album.credits)
        ],
        "audio_features": [_row(features) for features in make_features(tracks)],
        "genres": _genres(tracks, genre_ids),
        "track_genres": [
            {"track_id": track.record.id, "genre_id": genre_ids[genre]}
            for track in tracks
            for genre in both_levels(track)
        ],
        "artist_genres": artist_genres,
        "external_ids": external_ids(artists, albums, playlists),
        **_playlist_tables(playlists),
        "saved_tracks": _saved_tracks(people, tracks),
        "search_entries": search_rows(artists, albums, playlists, people),
    }
    return Catalogue(tables, people, albums, playlists)


def both_levels(track: Track) -> list[str]:
    """Return the genres of a track, and those above them."""
    return list(dict.fromkeys((*track.genres, *(PARENT_OF[genre] for genre in track.genres))))


def _row(record: object) -> Row:
    return {one.name: getattr(record, one.name) for one in fields(record)}  # type: ignore[arg-type]  # all are dataclasses


def _credits(key: str, entity_id: UUID, credits_: Sequence[Credit]) -> Iterable[Row]:
    for position, credit in enumerate(credits_):
        yield {
            key: entity_id,
            "position": position,
            "artist_id": credit.artist.record.id,
            "role": credit.role,
        }


def _genre_ids() -> dict[str, UUID]:
    dice = Dice("genres")
    first = SAMPLE_DAY - timedelta(days=_FIRST_DAYS)
    names = [name for parent, children in GENRES.items() for name in (parent, *children)]
    return {name: id_of_time(dice, first + timedelta(hours=n)) for n, name in enumerate(names)}


def _genres(tracks: Sequence[Track], genre_ids: dict[str, UUID]) -> list[Row]:
    counts = Counter(genre for track in tracks for genre in both_levels(track))
    return [
        {
            "id": genre_id,
            "slug": slug(name),
            "name": name,
            "parent_id": genre_ids[PARENT_OF[name]] if name in PARENT_OF else None,
            "track_count": counts[name],
        }
        for name, genre_id in genre_ids.items()
    ]


def _artist_genres(tracks: Sequence[Track], genre_ids: dict[str, UUID]) -> list[Row]:
    counts = Counter(
        (artist_id, genre)
        for track in tracks
        for artist_id in dict.fromkeys(credit.artist.record.id for credit in track.credits)
        for genre in both_levels(track)
    )
    return [
        {"artist_id": artist_id, "genre_id": genre_ids[genre], "track_count": count}
        for (artist_id, genre), count in counts.items()
    ]


def _playlist_tables(playlists: Sequence[Playlist]) -> dict[str, list[Row]]:
    return {
        "playlists": [_row(playlist.record) for playlist in playlists],
        "playlist_items": [
            {
                "id": item.id,
                "playlist_id": playlist.record.id,
                "position": item.position,
                "track_id": item.track.id,
                "added_by": item.added_by_id,
                "added_at": item.added_at,
            }
            for playlist in playlists
            for item in playlist.items
        ],
        "playlist_collaborators": [
            {
                "playlist_id": playlist.record.id,
                "user_id": user_id,
                "role": role,
                "added_at": added_at,
            }
            for playlist in playlists
            for user_id, role, added_at in playlist.collaborators
        ],
        "playlist_followers": [
            {"playlist_id": playlist.record.id, "user_id": user_id}
            for playlist in playlists
            for user_id in playlist.followers
        ],
    }


def _saved_tracks(people: Sequence[Person], tracks: Sequence[Track]) -> list[Row]:
    dice = Dice("saved tracks")
    rows: list[Row] = []
    for person in people:
        liked = [one for one in tracks if not set(person.likes).isdisjoint(both_levels(one))]
        since = SAMPLE_DAY - person.record.created_at
        for track in dice.some(liked, dice.whole(5, _MOST_SAVED)):
            saved_at = (person.record.created_at + since * dice.unit()).replace(microsecond=0)
            rows.append(
                {
                    "user_id": person.record.id,
                    "track_id": track.record.id,
                    "saved_at": saved_at,
                }
            )
    # As they would have been written: lists show what was written last first.
    return sorted(rows, key=lambda row: (row["saved_at"], row["track_id"]))
