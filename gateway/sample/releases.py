"""Releases of each artist, from the first single to the collection of the best."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from datasources.records.albums import AlbumKind, AlbumRecord, DatePrecision
from gateway.sample.artists import artists_by_genre
from gateway.sample.dice import Dice, Urn
from gateway.sample.genres import PARENT_OF
from gateway.sample.identifiers import id_of_time, upc
from gateway.sample.model import SAMPLE_DAY, Album, Artist, Credit, Track
from gateway.sample.names import name_like
from gateway.sample.recordings import Recordings
from gateway.sample.words import ALBUMS

_MOST_ALBUMS = 8
_COLLECTED_FROM = 6  # so many releases are worth a collection
_COLLECTED_TRACKS = 8
_KINDS = Urn((AlbumKind.ALBUM, AlbumKind.EP, AlbumKind.SINGLE), (27, 25, 48))
_LENGTHS = {AlbumKind.ALBUM: (7, 10), AlbumKind.EP: (3, 5), AlbumKind.SINGLE: (1, 2)}
_DOUBLE_SHARE = 0.05
_PRECISIONS = Urn((DatePrecision.DAY, DatePrecision.MONTH, DatePrecision.YEAR), (82, 7, 11))
_UPC_SHARE = 0.92
_GUEST_SHARE = 0.06


def make_albums(artists: Sequence[Artist]) -> list[Album]:
    """Return all releases, those of one artist together and the oldest first."""
    dice = Dice("releases")
    neighbours = artists_by_genre(artists)
    recordings = Recordings(neighbours)
    albums: list[Album] = []
    for artist in artists:
        albums += _releases_of(dice, artist, recordings, neighbours[PARENT_OF[artist.genre]])
    return albums


def _releases_of(
    dice: Dice, artist: Artist, recordings: Recordings, neighbours: Sequence[Artist]
) -> list[Album]:
    count = _release_count(dice, artist)
    days = sorted(_day(dice, artist) for _ in range(count))
    titles: set[str] = set()
    albums: list[Album] = []
    for day in days:
        kind = dice.weighted(_KINDS)
        guest = dice.pick(neighbours) if dice.chance(_GUEST_SHARE) else artist
        credits_ = (Credit(artist),) if guest is artist else (Credit(artist), Credit(guest))
        low, high = _LENGTHS[kind]
        length = dice.whole(low, high)
        double = kind is AlbumKind.ALBUM and dice.chance(_DOUBLE_SHARE)
        record = _record(dice, name_like(dice, ALBUMS, titles), kind, day)
        tracks = tuple(recordings.of(record, credits_, length, discs=2 if double else 1))
        if kind is AlbumKind.SINGLE:
            record = replace(record, title=tracks[0].record.title)
        albums.append(Album(record, credits_, tracks))
    if count >= _COLLECTED_FROM:
        albums.append(_collection(dice, artist, albums, recordings))
    return albums


def _release_count(dice: Dice, artist: Artist) -> int:
    """Return 1 to 7: who is known has released more."""
    share = dice.unit()
    known = artist.record.popularity / 42
    return min(_MOST_ALBUMS - 1, 1 + int(1.25 * share * share + known * known))


def _day(dice: Dice, artist: Artist) -> date:
    first = datetime(artist.first_year, 1, 8, tzinfo=UTC)
    return (first + (SAMPLE_DAY - first) * dice.unit()).date()


def _collection(
    dice: Dice, artist: Artist, albums: Sequence[Album], recordings: Recordings
) -> Album:
    """Return a compilation of the most popular tracks: the same recordings, the same codes."""
    known = sorted(
        (track for album in albums for track in album.tracks),
        key=lambda track: (-track.record.popularity, track.record.id),
    )
    last = max(album.record.release_date or SAMPLE_DAY.date() for album in albums)
    first = min(album.record.release_date or SAMPLE_DAY.date() for album in albums)
    title = f"{artist.record.name}: Collected {first.year}–{last.year}"  # noqa: RUF001  years
    record = _record(dice, title, AlbumKind.COMPILATION, min(last, SAMPLE_DAY.date()))
    tracks: list[Track] = recordings.again(record, known[:_COLLECTED_TRACKS])
    return Album(record, (Credit(artist),), tuple(tracks))


def _record(dice: Dice, title: str, kind: AlbumKind, day: date) -> AlbumRecord:
    precision = dice.weighted(_PRECISIONS)
    known = {
        DatePrecision.DAY: day,
        DatePrecision.MONTH: day.replace(day=1),
        DatePrecision.YEAR: day.replace(month=1, day=1),
    }
    return AlbumRecord(
        id=id_of_time(dice, SAMPLE_DAY - timedelta(days=dice.between(0, 2000))),
        title=title,
        kind=kind,
        release_date=known[precision],
        release_date_precision=precision,
        upc=upc(dice) if dice.chance(_UPC_SHARE) else None,
    )
