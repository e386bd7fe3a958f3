"""Recovery codes: each lets a person in once when their authenticator is gone."""

import hashlib
import secrets
import unicodedata

COUNT = 10
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base32: no I, L, O, U
_CHARS = 24  # of 5 bits each: 120 bits, so that a plain hash keeps them
_GROUP = 4
_MISREAD = str.maketrans("ILO", "110")


def new_codes() -> list[str]:
    """Return ten new codes, in groups of four characters."""
    return [_new_code() for _ in range(COUNT)]


def _new_code() -> str:
    chars = "".join(secrets.choice(_ALPHABET) for _ in range(_CHARS))
    return "-".join(chars[start : start + _GROUP] for start in range(0, _CHARS, _GROUP))


def hash_of(text: str) -> bytes | None:
    """Return the SHA-256 of a code as somebody typed it; None where it is no recovery code.

    Case, spaces and hyphens do not matter, and letters that are not used count as the digits that
    they look like.
    """
    if len(text) > _CHARS * 4:
        return None
    typed = "".join(unicodedata.normalize("NFKC", text).upper().split()).replace("-", "")
    code = typed.translate(_MISREAD)
    if len(code) != _CHARS or not set(code) <= set(_ALPHABET):
        return None
    return hashlib.sha256(code.encode()).digest()
