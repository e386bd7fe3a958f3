"""Artists: a few known to all, and a long tail."""

from collections.abc import Sequence
from datetime import timedelta

from datasources.records.artists import ArtistRecord
from gateway.sample.dice import Dice
from gateway.sample.genres import PARENT_OF
from gateway.sample.identifiers import id_of_time, mbid, registrant
from gateway.sample.model import SAMPLE_DAY, Artist
from gateway.sample.names import name_like
from gateway.sample.words import ARTISTS, FAMOUS

ARTIST_COUNT = 300

_MBID_SHARE = 0.82
_FAMOUS_POPULARITY = 95


def make_artists() -> list[Artist]:
    """Return the artists, the famous ones first, then in no order of popularity."""
    dice = Dice("artists")
    used = {name for name, _ in FAMOUS}
    famous = [
        _artist(dice, name, genre, _FAMOUS_POPULARITY - 2 * rank)
        for rank, (name, genre) in enumerate(FAMOUS)
    ]
    genres = list(PARENT_OF)
    others = [
        _artist(dice, _name(dice, genre, used), genre, _popularity(dice))
        for genre in (genres[index % len(genres)] for index in range(ARTIST_COUNT - len(FAMOUS)))
    ]
    return famous + others


def _name(dice: Dice, genre: str, used: set[str]) -> str:
    return name_like(dice, ARTISTS.get(genre) or ARTISTS[PARENT_OF[genre]], used)


def _popularity(dice: Dice) -> int:
    """Most are little known: the median is near 12, a tenth is above 50."""
    share = dice.unit()
    return 2 + int(70 * share * share * share)


def _artist(dice: Dice, name: str, genre: str, popularity: int) -> Artist:
    share = dice.unit()
    first_year = 2023 - int(52 * share * share)
    created_at = SAMPLE_DAY - timedelta(days=dice.between(400, 2000))
    return Artist(
        record=ArtistRecord(
            id=id_of_time(dice, created_at),
            name=name,
            mbid=mbid(dice) if dice.chance(_MBID_SHARE) else None,
            popularity=popularity,
        ),
        genre=genre,
        first_year=first_year,
        registrant=registrant(dice),
    )


def artists_by_genre(artists: Sequence[Artist]) -> dict[str, list[Artist]]:
    """Return the artists of each parent genre, in the order given."""
    found: dict[str, list[Artist]] = {}
    for artist in artists:
        found.setdefault(PARENT_OF[artist.genre], []).append(artist)
    return found
