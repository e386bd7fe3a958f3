"""A year of listening: people with taste, in sessions, mostly in the evening."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from datasources.records.listening import NewListen, counts_as_play
from gateway.sample.catalogue import Catalogue, both_levels
from gateway.sample.dice import Dice, Urn
from gateway.sample.model import Album, Person, Track
from gateway.sample.people import ADA

LISTEN_COUNT = 20_000

_DAYS = 363  # from the day before yesterday on, so that a year holds them whatever the hour
_HOURS = Urn(tuple(range(6, 24)), (2, 4, 5, 3, 2, 2, 3, 3, 2, 2, 3, 5, 8, 11, 12, 11, 8, 4))
_SESSION_TRACKS = (3, 18)
_ALBUM_SHARE = 0.16  # of sessions that are one release in its order
_ELSEWHERE_SHARE = 0.08  # of tracks from outside of one's taste
_SKIP_SHARE = 0.07
_SKIP_S = (3, 24)
_GAP_S = (1, 9)
_FAVOURITES = 14
_SHORT = 3  # tracks of a release that fills no evening
_CLIENTS = ("ios", "web", "desktop")
_JUST_BEFORE = 5
_LONG_TRACK_MS = 300_000

NOW_PLAYING = (ADA, "emeka", "liam_ob", "siobhan", "zoe")
"""The handles of those who listen at this moment."""


@dataclass(frozen=True, slots=True)
class NowPlaying:
    """Who plays what since when, and the seconds that are left of it."""

    user_id: UUID
    track_id: UUID
    started_at: datetime
    expires_s: int


class Taste:
    """What a person plays: favourites again and again, their genres often, the rest at times."""

    def __init__(self, dice: Dice, person: Person, albums: Sequence[Album]) -> None:
        self.person = person
        tracks = [track for album in albums for track in album.tracks]
        liked = {genre: 1 / (1 + rank) for rank, genre in enumerate(person.likes)}
        own = [track for track in tracks if not liked.keys().isdisjoint(both_levels(track))]
        artists = Urn(
            [track.credits[0].artist.record.id for track in own],
            [1 + track.record.popularity for track in own],
        )
        favourites = {dice.weighted(artists): 3 + 30 / (1 + rank) for rank in range(_FAVOURITES)}
        weights = []
        for track in own:
            affinity = max(liked.get(genre, 0) for genre in both_levels(track))
            fond = favourites.get(track.credits[0].artist.record.id, 1)
            share = dice.unit()
            weights.append(affinity * fond * (4 + track.record.popularity) * share * share * share)
        self._own = Urn(own, weights)
        self._all = Urn(tracks, [1 + track.record.popularity for track in tracks])
        loved = [album for album in albums if album.credits[0].artist.record.id in favourites]
        self._albums = [album for album in loved if len(album.tracks) > _SHORT] or loved
        self._clients = Urn(dice.some(_CLIENTS, len(_CLIENTS)), (70, 22, 8))

    def session(self, dice: Dice) -> Iterator[Track]:
        """Yield the tracks of one evening."""
        if self._albums and dice.chance(_ALBUM_SHARE):
            yield from dice.pick(self._albums).tracks
            return
        for _ in range(dice.whole(*_SESSION_TRACKS)):
            yield dice.weighted(self._all if dice.chance(_ELSEWHERE_SHARE) else self._own)

    def client(self, dice: Dice) -> str:
        """Return what the person listens with this time."""
        return dice.weighted(self._clients)


def make_listens(catalogue: Catalogue, now: datetime) -> list[NewListen]:
    """Return the listens of the year before `now`: each person's together, the oldest first.

    Who plays what does not depend on `now`; only the days move with it.
    """
    dice = Dice("listening")
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    listens: list[NewListen] = []
    for person, count in zip(catalogue.people, _counts(catalogue.people), strict=True):
        taste = Taste(dice, person, catalogue.albums)
        plays: list[NewListen] = []
        days = iter(dice.some(range(2, _DAYS), _DAYS))
        while len(plays) < count:
            start = midnight - timedelta(days=next(days))
            plays += list(_session(dice, taste, start))[: count - len(plays)]
        listens += sorted(plays, key=lambda play: play.listened_at)
    return listens


def _counts(people: Sequence[Person]) -> list[int]:
    """Return how much each person listened: some all day, some hardly ever."""
    dice = Dice("listeners")
    weights = [0.15 + dice.unit() * dice.unit() for _ in people]
    weights[0] = 1.0
    counts = [int(LISTEN_COUNT * weight / sum(weights)) for weight in weights]
    counts[0] += LISTEN_COUNT - sum(counts)
    return counts


def _session(dice: Dice, taste: Taste, day: datetime) -> Iterator[NewListen]:
    at = day + timedelta(seconds=3600 * dice.weighted(_HOURS) + dice.whole(0, 3599))
    client = taste.client(dice)
    for track in taste.session(dice):
        played_ms = track.record.duration_ms
        if dice.chance(_SKIP_SHARE):
            played_ms = min(played_ms, 1000 * dice.whole(*_SKIP_S))
        yield _listen(taste.person, track, at, played_ms, client)
        at += timedelta(seconds=played_ms // 1000 + dice.whole(*_GAP_S))


def make_now_playing(
    catalogue: Catalogue, now: datetime
) -> tuple[list[NowPlaying], list[NewListen]]:
    """Return what some people play at this moment, and what they played just before."""
    dice = Dice("now playing")
    now = now.replace(microsecond=0)
    long_tracks = [one for one in catalogue.tracks if one.record.duration_ms > _LONG_TRACK_MS]
    playing: list[NowPlaying] = []
    before: list[NewListen] = []
    for person in catalogue.people:
        if person.record.handle not in NOW_PLAYING:
            continue
        track, since_s = dice.pick(long_tracks), dice.whole(10, 40)
        at = now - timedelta(seconds=since_s)
        left_s = track.record.duration_ms // 1000 - since_s
        playing.append(NowPlaying(person.record.id, track.record.id, at, left_s))
        taste = Taste(dice, person, catalogue.albums)
        client = taste.client(dice)
        for earlier in reversed(list(taste.session(dice))[:_JUST_BEFORE]):
            length_ms = earlier.record.duration_ms
            at -= timedelta(seconds=length_ms // 1000 + dice.whole(*_GAP_S))
            before.append(_listen(person, earlier, at, length_ms, client))
    return playing, before


def _listen(person: Person, track: Track, at: datetime, played_ms: int, client: str) -> NewListen:
    length_ms = track.record.duration_ms
    counted = counts_as_play(length_ms, played_ms)
    return NewListen(person.record.id, track.record.id, at, played_ms, client, counted)
