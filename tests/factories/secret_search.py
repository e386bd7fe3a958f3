"""Looks for secrets in texts, however they are written there."""

import base64
import html
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, quote_plus

import numpy as np
from markupsafe import escape

_PART = 12
"""Of a long secret its beginning and its end are looked for: part of it is a leak, too."""
_LONG = 2 * _PART
_SHORTEST = 7  # what is shorter is found by chance; codes are looked for as numbers
_FIRST_BYTES = np.uint64((1 << 8 * _SHORTEST) - 1)
_BEGIN = np.uint64((1 << 8 * 3) - 1)  # few places begin so: only there it pays to look closer
_CODE = re.compile(rb"\d{6}")
# By itself: no part of an id, nor of a second, as texts and as Python write that.
_NUMBER = re.compile(rb"(?<![0-9A-Za-z.])\d{6}(?![0-9A-Za-z]|, tzinfo=)")
_SQUEEZED = re.compile(r"[-\s]")
_AROUND = 60


@dataclass(frozen=True)
class Place:
    """Where a secret may have come to light: its kind, a name that tells it apart, its content."""

    kind: str
    name: str
    content: bytes = field(repr=False)


@dataclass
class Secret:
    """Something that nobody else may learn, and the names of the places that are to show it."""

    what: str
    value: str | bytes = field(repr=False)
    shown: set[str] = field(default_factory=set)

    def traces(self) -> Mapping[bytes, str]:
        """Return what it looks like, and how it is written then."""
        found: dict[bytes, str] = {}
        for part in _parts(self.value):
            for how, trace in _written(part):
                if len(trace) >= _SHORTEST:
                    found.setdefault(trace, how)
        return found

    @property
    def number(self) -> bytes | None:
        """A code of six digits, which is looked for as a number by itself."""
        text = self.value
        return text.encode() if isinstance(text, str) and _CODE.fullmatch(text.encode()) else None


class Secrets:
    """All that a run has seen of secrets."""

    def __init__(self) -> None:
        self._known: dict[str | bytes, Secret] = {}

    def __iter__(self) -> Iterator[Secret]:
        return iter(self._known.values())

    def __len__(self) -> int:
        return len(self._known)

    def kinds(self) -> set[str]:
        """Return what kinds of secrets there were."""
        return {one.what for one in self}

    def learn(self, what: str, value: str, *shown: str) -> str:
        """Note a secret and the places that are to show it, and return it.

        Of a JSON Web Token its signature is the secret: all else is known to many.
        """
        secret = value.rpartition(".")[2] if value.count(".") == 2 else value
        if not secret:  # a token without a signature
            return value
        self._known.setdefault(secret, Secret(what, secret)).shown.update(shown)
        return value

    def learn_key(self, what: str, value: bytes) -> None:
        """Note a key."""
        self._known.setdefault(value, Secret(what, value))


def leaks(secrets: Iterable[Secret], places: Iterable[Place]) -> list[str]:
    """Return what is to be seen of secrets where it should not be, each with some of its place."""
    index = _Index(secrets)
    found: dict[tuple[str, str], str] = {}
    for place in places:
        for secret, how, at in index.seen_in(place.content):
            if place.name in secret.shown:
                continue
            around = place.content[max(0, at - _AROUND) : at + _AROUND]
            text = f"{secret.what} in {place.kind} {place.name}, {how}: {around!r}"
            found.setdefault((str(secret.value), place.name), text)
    return list(found.values())


class _Index:
    """All traces of secrets by their first bytes: a place is read once, however many there are."""

    def __init__(self, secrets: Iterable[Secret]) -> None:
        self._traces: dict[int, list[tuple[bytes, Secret, str]]] = {}
        self._numbers: dict[bytes, Secret] = {}
        for secret in secrets:
            if secret.number is not None:
                self._numbers[secret.number] = secret
            for trace, how in secret.traces().items():
                key = int.from_bytes(trace[:_SHORTEST], "little")
                self._traces.setdefault(key, []).append((trace, secret, how))
        self._keys = np.array(list(self._traces), dtype="<u8")
        self._begun = np.zeros(int(_BEGIN) + 1, dtype=bool)
        self._begun[self._keys & _BEGIN] = True

    def seen_in(self, content: bytes) -> Iterator[tuple[Secret, str, int]]:
        """Yield what is there, how it is written, and where."""
        for match in _NUMBER.finditer(content):
            if secret := self._numbers.get(match[0]):
                yield secret, "plain", match.start()
        padded = content + bytes(8)
        # At each byte the number that it makes with those behind it.
        here = np.ndarray((len(content),), "<u8", padded, strides=(1,))
        likely = np.flatnonzero(self._begun[here & _BEGIN])
        for at in likely[np.isin(here[likely] & _FIRST_BYTES, self._keys)].tolist():
            for trace, secret, how in self._traces[int(here[at] & _FIRST_BYTES)]:
                if content.startswith(trace, at):
                    yield secret, how, at


def _parts(value: str | bytes) -> list[str] | list[bytes]:
    if isinstance(value, bytes):
        return [value[:_PART], value[-_PART:]] if len(value) >= _LONG else [value]
    texts = {
        one
        for form in (value, unicodedata.normalize("NFKC", value), _SQUEEZED.sub("", value))
        for one in (form, form.lower(), form.upper())
    }
    return [
        part
        for text in sorted(texts)
        for part in ([text[:_PART], text[-_PART:]] if len(text) >= _LONG else [text])
    ]


def _written(part: str | bytes) -> Iterator[tuple[str, bytes]]:
    raw = part if isinstance(part, bytes) else part.encode(errors="surrogatepass")
    yield "plain", raw
    yield "hex", raw.hex().encode()
    yield "hex", raw.hex().upper().encode()
    yield "escaped", repr(raw)[2:-1].encode()
    yield "url-encoded", quote(raw, safe="").encode()
    yield "url-encoded", quote_plus(raw).encode()
    yield from (("base64", one) for one in _in_base64(raw))
    if isinstance(part, str):
        yield "escaped", repr(part)[1:-1].encode()
        yield "JSON", json.dumps(part)[1:-1].encode()
        yield "JSON", json.dumps(part, ensure_ascii=False)[1:-1].encode()
        yield "HTML", html.escape(part).encode()
        yield "HTML", str(escape(part)).encode()


def _in_base64(raw: bytes) -> Iterator[bytes]:
    """Yield what stays the same of it in base64, whatever stands before and behind."""
    for before in range(3):
        padded = bytes(before) + raw
        whole = slice(-(-before * 8 // 6), len(padded) * 8 // 6)
        yield base64.b64encode(padded)[whole]
        yield base64.urlsafe_b64encode(padded)[whole]
