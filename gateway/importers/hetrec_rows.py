"""Reads the rows of a HetRec data set: artists, play counts and friendships."""

import re
from collections.abc import Sequence

from datasources.names import name_key
from datasources.postgres.listening_stage import ArtistRow, FriendsRow, PlaysRow
from gateway.importers.values import MAX_ID_CHARS, BadValue, read_integer, read_text

ARTISTS = "artists.dat"
PLAYS = "user_artists.dat"
FRIENDS = "user_friends.dat"

FILES = {
    ARTISTS: ("id", "name", "url"),
    PLAYS: ("userID", "artistID", "weight"),
    FRIENDS: ("userID", "friendID"),
}
"""The files that are read, and the columns that are read of each."""

_GREATEST = 2**53  # beyond it not every integer is a float, and one such number is as bad as none
_LASTFM = re.compile(r"https?://(?:www\.)?last\.fm/music/([^/?#\s]+)", re.ASCII)


def read_artist(line: int, fields: Sequence[str]) -> ArtistRow:
    """Return the row of an artist.

    Raises:
        BadValue: a value that cannot be.
    """
    artist, name, url = fields
    number = _number("id", artist)
    name = read_text("name", name)
    if not name.strip():
        raise BadValue("name is missing")
    found = _LASTFM.match(url)
    lastfm = found[1] if found and len(found[1]) <= MAX_ID_CHARS else None
    return ArtistRow(line, number, name, name_key(name), lastfm)


def read_plays(line: int, fields: Sequence[str]) -> PlaysRow:
    """Return the row of a play count, which is at least 1.

    Raises:
        BadValue: a value that cannot be.
    """
    person, artist, weight = fields
    return PlaysRow(
        line, _number("userID", person), _number("artistID", artist), _number("weight", weight, 1)
    )


def read_friends(line: int, fields: Sequence[str]) -> FriendsRow:
    """Return the row of a friendship.

    Raises:
        BadValue: a value that cannot be.
    """
    person, friend = fields
    return FriendsRow(line, _number("userID", person), _number("friendID", friend))


def _number(column: str, value: str, least: int = 0) -> int:
    number = read_integer(column, value, least, _GREATEST)
    if number is None:
        raise BadValue(f"{column} is missing")
    return number
