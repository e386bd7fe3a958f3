"""Looks for secrets in texts, however they are written there."""

import base64
import html
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import quote, quote_plus

from markupsafe import escape

_PART = 12
"""Of a long secret its beginning and its end are looked for: part of it is a leak, too."""
_LONG = 2 * _PART
_SHORTEST = 7  # what is shorter is found by chance; codes are looked for as numbers
_CODE = re.compile(r"\d{6}")
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

    @cached_property
    def traces(self) -> Mapping[bytes, str]:
        """What it looks like, and how it is written then."""
        found: dict[bytes, str] = {}
        for part in _parts(self.value):
            for how, trace in _written(part):
                if len(trace) >= _SHORTEST:
                    found.setdefault(trace, how)
        return found

    @cached_property
    def number(self) -> re.Pattern[bytes] | None:
        """What finds a code of six digits where it is a number by itself."""
        if not isinstance(self.value, str) or not _CODE.fullmatch(self.value):
            return None
        # Not the parts of a second, or of an id.
        return re.compile(rb"(?<![0-9A-Za-z.])" + self.value.encode() + rb"(?![0-9A-Za-z])")

    def in_(self, content: bytes) -> tuple[str, int] | None:
        """Return how it is written there, and where; None where it is not."""
        if self.number is not None and (match := self.number.search(content)):
            return "plain", match.start()
        for trace, how in self.traces.items():
            if (at := content.find(trace)) >= 0:
                return how, at
        return None


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
        secret = value.rstrip(".").rpartition(".")[2] if value.count(".") == 2 else value
        self._known.setdefault(secret, Secret(what, secret)).shown.update(shown)
        return value

    def learn_key(self, what: str, value: bytes) -> None:
        """Note a key."""
        self._known.setdefault(value, Secret(what, value))


def leaks(secrets: Iterable[Secret], places: Iterable[Place]) -> list[str]:
    """Return what is to be seen of secrets where it should not be, each with some of its place."""
    found = []
    known = list(secrets)
    for place in places:
        for secret in known:
            if place.name in secret.shown or not (seen := secret.in_(place.content)):
                continue
            how, at = seen
            around = place.content[max(0, at - _AROUND) : at + _AROUND]
            found.append(f"{secret.what} in {place.kind} {place.name}, {how}: {around!r}")
    return found


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
