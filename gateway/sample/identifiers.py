"""Ids and codes in their valid forms: UUIDs, ISRC, UPC, and those of other services."""

from datetime import datetime
from uuid import UUID

from gateway.sample.dice import Dice

_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_REGISTRANT = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
_COUNTRIES = ("GB", "US", "SE", "IS", "FR", "DE", "BR", "MX", "JP", "PL", "NL", "CA")
_VARIANT = 0b10 << 62


def id_of_time(dice: Dice, created_at: datetime) -> UUID:
    """Return an id of version 7: the milliseconds of its creation, and chance."""
    milliseconds = int(created_at.timestamp()) * 1000 + dice.whole(0, 999)
    high = milliseconds << 16 | 7 << 12 | dice.bits(12)
    return UUID(int=high << 64 | _VARIANT | dice.bits(62))


def mbid(dice: Dice) -> UUID:
    """Return an id as MusicBrainz makes them: version 4, all chance."""
    high = dice.bits(48) << 16 | 4 << 12 | dice.bits(12)
    return UUID(int=high << 64 | _VARIANT | dice.bits(62))


def base62(dice: Dice, length: int = 22) -> str:
    """Return an id of letters and digits, by default as long as those of Spotify."""
    return "".join(dice.pick(_BASE62) for _ in range(length))


def number(dice: Dice, digits: int) -> str:
    """Return a number as text, without a leading zero."""
    return str(dice.whole(10 ** (digits - 1), 10**digits - 1))


def registrant(dice: Dice) -> str:
    """Return the first five letters and digits of an ISRC: a country and who registers there."""
    return dice.pick(_COUNTRIES) + "".join(dice.pick(_REGISTRANT) for _ in range(3))


def isrc(owner: str, year: int, designation: int) -> str:
    """Return the code of a recording: registrant, two digits of the year, five of its own."""
    return f"{owner}{year % 100:02}{designation % 100_000:05}"


def upc(dice: Dice) -> str:
    """Return the code of a release: eleven digits and the check digit over them."""
    digits = number(dice, 11)
    odd, even = sum(map(int, digits[::2])), sum(map(int, digits[1::2]))
    return digits + str(-(3 * odd + even) % 10)
