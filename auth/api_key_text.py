"""The text of an API key: `pk_<environment>_[pub_]<random><checksum>`.

It can be told from anything else, and a mistyped one from a good one, without asking a store: the
checksum is no secret. Publishable keys have `pub_` in front of the random part.
"""

import re
import secrets
import string
from dataclasses import dataclass, field
from hashlib import sha256
from zlib import crc32

from datasources.records.api_keys import ApiKeyKind

_ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
_RANDOM_CHARS = 30  # 178 bits
_CHECK_CHARS = 6  # holds any CRC-32 in 62 letters
_SHOWN_CHARS = 6  # of the random part: what is left has 142 bits

_KINDS = {ApiKeyKind.SECRET: "", ApiKeyKind.PUBLISHABLE: "pub_"}
_FORM = re.compile(r"pk_([a-z]{1,10})_(pub_)?([0-9A-Za-z]{30})([0-9A-Za-z]{6})")
_ANYWHERE = re.compile(r"pk_[a-z]{1,10}_(?:pub_)?[0-9A-Za-z]{20,}")

MARK = "pk_"
"""What all keys begin with, and no other credential of ours."""


class BadKeyText(Exception):
    """Not the text of a key: of another form, mistyped, or made up."""


@dataclass(frozen=True, slots=True)
class KeyText:
    """A key that its owner sees once; `prefix` is what is kept of it to recognise it."""

    text: str = field(repr=False)
    environment: str
    kind: ApiKeyKind

    @property
    def prefix(self) -> str:
        """How it begins: all that is no secret, and a few characters more."""
        return self.text[: -(_RANDOM_CHARS - _SHOWN_CHARS + _CHECK_CHARS)]

    @property
    def hash(self) -> bytes:
        """What is stored in its place: SHA-256, which is enough for so much randomness."""
        return sha256(self.text.encode()).digest()


def new_key(environment: str, kind: ApiKeyKind) -> KeyText:
    """Return a new key for an environment ("live"), with 178 random bits."""
    random = "".join(secrets.choice(_ALPHABET) for _ in range(_RANDOM_CHARS))
    body = f"{MARK}{environment}_{_KINDS[kind]}{random}"
    return KeyText(body + _checksum(body), environment, kind)


def read_key(text: str) -> KeyText:
    """Return the key that a text is; no store is asked.

    Raises:
        BadKeyText: it has not the form of one, or its checksum is wrong.
    """
    match = _FORM.fullmatch(text)
    if match is None:
        raise BadKeyText("form")
    environment, mark, _, checksum = match.groups()
    if _checksum(text[:-_CHECK_CHARS]) != checksum:
        raise BadKeyText("checksum")
    kind = ApiKeyKind.PUBLISHABLE if mark else ApiKeyKind.SECRET
    return KeyText(text, environment, kind)


def has_key(text: str) -> bool:
    """Whether something that looks like a key stands anywhere in a text."""
    return MARK in text and _ANYWHERE.search(text) is not None


def without_keys(text: str) -> str:
    """Return a text for logs, without what looks like a key."""
    return _ANYWHERE.sub(f"{MARK}…", text) if MARK in text else text


def _checksum(body: str) -> str:
    """Return the CRC-32 of a text in base 62, padded with zeros."""
    rest, digits = crc32(body.encode()), ""
    for _ in range(_CHECK_CHARS):
        rest, digit = divmod(rest, len(_ALPHABET))
        digits = _ALPHABET[digit] + digits
    return digits
