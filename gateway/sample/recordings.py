"""The tracks of a release: titles, lengths, codes, guests and remixers."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from datasources.records.albums import AlbumRecord
from datasources.records.artists import CreditRole
from datasources.records.tracks import TrackRecord
from gateway.sample.dice import Dice
from gateway.sample.genres import GENRES, PARENT_OF, SOUNDS
from gateway.sample.identifiers import id_of_time, isrc, mbid
from gateway.sample.model import SAMPLE_DAY, Artist, Credit, Track
from gateway.sample.names import name_like
from gateway.sample.words import TRACKS

_FEATURED_SHARE = 0.09
_REMIX_SHARE = 0.025
_UNSURE_SHARE = 0.01  # of tracks that nobody marked as explicit or not
_ISRC_SHARE = 0.95
_MBID_SHARE = 0.7
_SECOND_GENRE_SHARE = 0.14
_FEATURING = ("feat.", "feat.", "ft.", "with")
_SHORTEST_MS, _LONGEST_MS = 45_000, 1_140_000


class Recordings:
    """Makes tracks; the codes of a registrant are counted through all of its releases."""

    def __init__(self, neighbours: Mapping[str, Sequence[Artist]]) -> None:
        self._dice = Dice("recordings")
        self._neighbours = neighbours
        self._codes: dict[str, int] = {}
        self._titles: dict[str, set[str]] = {}

    def of(
        self, album: AlbumRecord, main: Sequence[Credit], length: int, discs: int
    ) -> list[Track]:
        """Return the tracks of a release, numbered from 1 on each disc."""
        return [
            self._track(album, main, disc, number)
            for disc in range(1, discs + 1)
            for number in range(1, length + 1)
        ]

    def again(self, album: AlbumRecord, tracks: Sequence[Track]) -> list[Track]:
        """Return the same recordings as tracks of another release: less popular there."""
        return [
            replace(
                track,
                record=replace(
                    track.record,
                    id=self._id(),
                    album_id=album.id,
                    disc_number=1,
                    track_number=number,
                    popularity=track.record.popularity // 2,
                ),
            )
            for number, track in enumerate(tracks, start=1)
        ]

    def _track(self, album: AlbumRecord, main: Sequence[Credit], disc: int, number: int) -> Track:
        dice = self._dice
        artist = main[0].artist
        sound = SOUNDS[artist.genre]
        title, guests = self._title(main)
        minutes = dice.bell(sound.minutes, sound.minutes * 0.2)
        explicit = dice.chance(sound.explicit)
        year = album.release_date.year if album.release_date else SAMPLE_DAY.year
        return Track(
            record=TrackRecord(
                id=self._id(),
                album_id=album.id,
                title=title,
                duration_ms=min(max(int(minutes * 60_000), _SHORTEST_MS), _LONGEST_MS),
                explicit=None if dice.chance(_UNSURE_SHARE) else explicit,
                isrc=self._isrc(artist, year) if dice.chance(_ISRC_SHARE) else None,
                mbid=mbid(dice) if dice.chance(_MBID_SHARE) else None,
                disc_number=disc,
                track_number=number,
                popularity=self._popularity(artist),
            ),
            genres=self._genres(artist),
            credits=(*main, *guests),
        )

    def _title(self, main: Sequence[Credit]) -> tuple[str, list[Credit]]:
        """Return a title new to the artist, and the guest whom it names."""
        dice, artist = self._dice, main[0].artist
        templates = TRACKS[""] + 3 * TRACKS.get(PARENT_OF[artist.genre], ())
        title = name_like(dice, templates, self._titles.setdefault(artist.record.name, set()))
        if dice.chance(_FEATURED_SHARE):
            guest = dice.pick(self._neighbours[PARENT_OF[artist.genre]])
            role, named = CreditRole.FEATURED, f"{title} ({dice.pick(_FEATURING)} {{}})"
        elif dice.chance(_REMIX_SHARE):
            guest = dice.pick(self._neighbours["Electronic"])
            role, named = CreditRole.REMIXER, f"{title} - {{}} Remix"
        else:
            return title, []
        if guest in [credit.artist for credit in main]:
            return title, []
        return named.format(guest.record.name), [Credit(guest, role)]

    def _genres(self, artist: Artist) -> tuple[str, ...]:
        if not self._dice.chance(_SECOND_GENRE_SHARE):
            return (artist.genre,)
        second = self._dice.pick(list(GENRES[PARENT_OF[artist.genre]]))
        return (artist.genre,) if second == artist.genre else (artist.genre, second)

    def _popularity(self, artist: Artist) -> int:
        """Return up to the artist's own: the hit, and all the others."""
        share = self._dice.unit()
        return int(artist.record.popularity * (0.12 + 0.88 * share * share))

    def _isrc(self, artist: Artist, year: int) -> str:
        count = self._codes[artist.registrant] = self._codes.get(artist.registrant, 0) + 1
        return isrc(artist.registrant, year, count)

    def _id(self) -> UUID:
        days = self._dice.between(0, 2000)
        return id_of_time(self._dice, SAMPLE_DAY - timedelta(days=days))
