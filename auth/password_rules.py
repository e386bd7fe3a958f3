"""Which passwords are taken: long enough, and not among the first that would be tried."""

import asyncio
import unicodedata
from collections.abc import Iterator, Sequence

from zxcvbn_rs_py import zxcvbn

MIN_CHARS = 10
MAX_BYTES = 1024
_MIN_SCORE = 2  # of 4: not found by 10^6 guesses

# The estimator holds the interpreter while it thinks, and its time grows fast with the length and
# with the signs that may stand for letters ("p4$$w0rd"): these bounds keep it below 10 ms.
_WINDOW, _NARROW_WINDOW = 32, 16
_SIGNS_FOR_LETTERS = frozenset("4@8({[<369!1|70$5+%2")
_MANY_SIGNS = 8
_MAX_WINDOWS = 4
_MAX_CHARS_ABOUT_THEM = 64


async def problem_with(password: str, about_them: Sequence[str] = ()) -> str | None:
    """Return why a new password cannot be taken, or None.

    No rules of composition: its length, and how soon it would be guessed by one who knows
    `about_them`: the handle, name and address of the person. A long one is as good as its best
    part.
    """
    if len(password) > MAX_BYTES * 4:  # composing makes one character of a few at most
        return _TOO_LONG
    if "\0" in password or any("\ud800" <= char <= "\udfff" for char in password):
        return "A password has no such characters."
    text = unicodedata.normalize("NFKC", password)
    if len(text) < MIN_CHARS:
        return f"A password has at least {MIN_CHARS} characters."
    if len(text.encode()) > MAX_BYTES:
        return _TOO_LONG
    known = [one[:_MAX_CHARS_ABOUT_THEM] for one in about_them]
    for window in _windows(text):
        if int(zxcvbn(window, known).score) >= _MIN_SCORE:
            return None
        await asyncio.sleep(0)  # others have their turn between two parts
    return "This password is among the first that would be tried. Choose another one."


_TOO_LONG = f"A password has at most {MAX_BYTES} bytes."


def _windows(text: str) -> Iterator[str]:
    """Yield parts of a text: its beginning, its end, and what lies next to them."""
    signs = len(_SIGNS_FOR_LETTERS.intersection(text))
    size = _WINDOW if signs <= _MANY_SIGNS else _NARROW_WINDOW
    starts = [0, len(text) - size, size, len(text) - 2 * size]
    seen = dict.fromkeys(max(0, start) for start in starts if start < len(text))
    for start in list(seen)[:_MAX_WINDOWS]:
        yield text[start : start + size]
