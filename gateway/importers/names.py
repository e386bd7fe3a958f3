"""Who made a track, read from an artist column and a title: the rule of splitting names.

A file that gives names instead of ids does not say where one artist ends and the next begins:
"Earth, Wind & Fire", "Tyler, The Creator" and "AC/DC" are one each. So:

1. An artist column is never split at commas, "&", "and", "x" or "/". It is split only at "feat.",
   "ft." or "featuring" between spaces, in any case: "Gucci Mane feat. Young Jeezy" is Gucci Mane
   (MAIN) and Young Jeezy (FEATURED). What stands behind the marker is one name. "Little Feat" has
   no marker. An artist column of `NA`, or an empty one, is the artist `[unknown]`.
2. A title is kept as the file has it. "(feat. X)", "(ft. X)", "(featuring X)" and "(with X)" in it,
   in round or square brackets, add FEATURED credits only where X is a main artist of the same
   file, whatever its case, accents and punctuation; or, where X holds ", ", " & " or " and ", all
   its parts are. Of artists that differ in those alone the exact name is taken, else the most
   popular, else the first in the file. No artist is ever made from a title.
"""

import re
from collections.abc import Iterable, Mapping, Sequence

from datasources.names import name_key
from datasources.records.artists import CreditRole

UNKNOWN = "[unknown]"
"""What MusicBrainz calls an artist or a work whose name nobody knows."""

_IN_ARTIST = re.compile(r"(?<=\S)\s+(?:feat\.|ft\.|featuring)\s+(?=\S)", re.IGNORECASE)
_IN_TITLE = re.compile(r"[(\[](?:feat\.?|ft\.?|featuring|with)\s+([^()\[\]]+)[)\]]", re.IGNORECASE)
_BETWEEN = re.compile(r", and |, & |, | & | and ", re.IGNORECASE)


def split_artist(column: str) -> tuple[str, str | None]:
    """Return the main artist of an artist column, and who is featured there, if anybody is."""
    main, *featured = _IN_ARTIST.split(column, maxsplit=1)
    return main, featured[0] if featured else None


def keys_in_title(title: str) -> set[str]:
    """Return the normalised names, whole and in parts, that may be artists featured in a title."""
    return {
        name_key(name)
        for whole in _IN_TITLE.findall(title)
        for name in (whole, *_BETWEEN.split(whole))
    }


def credits_of(
    main: str, featured: str | None, title: str, known: Mapping[str, Sequence[str]]
) -> list[tuple[str, CreditRole]]:
    """Return a track's artists by name, in order: the main one, then those featured, once each.

    `known` has the main artists of the file by normalised name, the best first; only the keys of
    `keys_in_title` are asked for.
    """
    names = [main]
    if featured is not None:
        names.append(featured)
    for whole in _IN_TITLE.findall(title):
        names += _resolve([whole], known) or _resolve(_BETWEEN.split(whole), known)
    main_name, *others = dict.fromkeys(names)
    return [(main_name, CreditRole.MAIN), *((name, CreditRole.FEATURED) for name in others)]


def _resolve(names: Iterable[str], known: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the known spelling of all names, or nothing where one is not known."""
    found: list[str] = []
    for name in names:
        spellings = known.get(name_key(name))
        if not spellings:
            return []
        found.append(name if name in spellings else spellings[0])
    return found
