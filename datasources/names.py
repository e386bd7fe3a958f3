"""One normalised key per name, for search and for joining artists of different sources."""

import re
import unicodedata

# What compatibility decomposition leaves as it is, and people type with plain letters.
_PLAIN = str.maketrans(
    {
        # dotless i is written as an escape: it looks like i
        "ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ð": "d",
        "þ": "th", "ß": "ss", "ħ": "h", "\u0131": "i", "ŋ": "n", "ŧ": "t",
    }
)  # fmt: skip
_APOSTROPHES = re.compile(r"[\u0027\u0060\u00b4\u02b9-\u02bf\u2018-\u201b\u2032\uff07]")
_MAX_KEY_CHARS = 300  # an index of PostgreSQL holds at most 2,704 bytes
_NOT_TEXT = re.compile(r"[\0\ud800-\udfff]")  # what UTF-8 or PostgreSQL cannot hold
_NOT_WORD = re.compile(r"[\W_]+")
_FEATURING = re.compile(r"\b(?:ft|featuring)\b")


def search_key(name: str) -> str:
    """Return the words of a name without case, accents or punctuation, one space between them.

    "Beyoncé" and "BEYONCE" share a key; so do "Don't Stop" and "dont stop", "Jay-Z" and "jay z",
    "ft." and "feat.". The key has only word characters and single spaces; it may be empty.
    """
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    letters = "".join(c for c in decomposed if not unicodedata.category(c).startswith("M"))
    letters = _APOSTROPHES.sub("", letters.casefold().translate(_PLAIN))
    words = _NOT_WORD.sub(" ", letters).strip()
    return _FEATURING.sub("feat", words)


def name_key(name: str) -> str:
    """Return `search_key`, or the bare name where nothing of it is a word ("!!!", "+/-").

    Cut at 300 characters, so that every name fits into an index.
    """
    key = search_key(name) or _NOT_TEXT.sub("", name).strip().casefold()
    return key[:_MAX_KEY_CHARS].rstrip()


def slug(name: str) -> str:
    """Return a name for use in an address: "R&B" becomes "r-b"."""
    return search_key(name).replace(" ", "-")
