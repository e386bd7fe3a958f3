"""What may be said of a key that is made."""

from collections.abc import Collection, Sequence
from datetime import datetime
from urllib.parse import urlsplit

from auth.key_settings import SCOPES_OF_KIND
from auth.networks import network_text
from auth.scopes import Scope
from datasources.records.api_keys import ApiKeyKind
from resolvers.errors import InvalidInput
from resolvers.text import NOT_TEXT

_MAX_NAME_CHARS = 60
_MAX_ADDRESSES = 50
_MAX_ORIGINS = 20
_MAX_ORIGIN_CHARS = 255
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def checked_name(name: str) -> str:
    """Return the name of a key, with single spaces.

    Raises:
        InvalidInput: it is empty, too long, or no text.
    """
    name = " ".join(name.split())
    if not name or len(name) > _MAX_NAME_CHARS or NOT_TEXT.search(name):
        raise InvalidInput(("input", "name"), f"A name has 1 to {_MAX_NAME_CHARS} characters.")
    return name


def checked_scopes(
    scopes: Sequence[str], kind: ApiKeyKind, within: Collection[Scope] | None = None
) -> Sequence[str]:
    """Return the scopes of a key of this kind, sorted, each once; `within` bounds them further.

    Raises:
        InvalidInput: there are none, or one that such a key cannot have.
    """
    path = ("input", "scopes")
    allowed = SCOPES_OF_KIND[kind]
    if within is not None:
        allowed = allowed.intersection(within)
    if not scopes:
        raise InvalidInput(path, "A key has one scope at least.")
    if not set(scopes) <= {scope.value for scope in allowed}:
        listed = ", ".join(sorted(allowed))
        raise InvalidInput(path, f"A {kind.value.lower()} key can have of these: {listed}.")
    return sorted({Scope(scope).value for scope in scopes})


def checked_expiry(wanted: datetime | None, now: datetime) -> datetime | None:
    """Return when a key ends; None for never.

    Raises:
        InvalidInput: it is in the past, or has no offset.
    """
    path = ("input", "expiresAt")
    if wanted is not None and wanted.tzinfo is None:
        raise InvalidInput(path, "A moment has its offset from UTC.")
    if wanted is not None and wanted <= now:
        raise InvalidInput(path, "A key ends in the future.")
    return wanted


def checked_addresses(addresses: Sequence[str]) -> Sequence[str]:
    """Return networks in CIDR notation, each once; an address is a network of one.

    Raises:
        InvalidInput: one that is no network, or too many.
    """
    path = ("input", "allowedAddresses")
    if len(addresses) > _MAX_ADDRESSES:
        raise InvalidInput(path, f"A key has at most {_MAX_ADDRESSES} networks.")
    try:
        return list(dict.fromkeys(map(network_text, addresses)))
    except ValueError:
        raise InvalidInput(
            path, "Networks are written `192.0.2.0/24` or `2001:db8::/32`."
        ) from None


def checked_origins(origins: Sequence[str], kind: ApiKeyKind) -> Sequence[str]:
    """Return origins as browsers write them, each once.

    Raises:
        InvalidInput: one that is none, or too many; or none for a publishable key.
    """
    path = ("input", "allowedOrigins")
    if len(origins) > _MAX_ORIGINS:
        raise InvalidInput(path, f"A key has at most {_MAX_ORIGINS} origins.")
    if kind is ApiKeyKind.PUBLISHABLE and not origins:
        raise InvalidInput(path, "A publishable key is bound to one origin at least.")
    checked = [_origin(one) for one in origins]
    if None in checked:
        raise InvalidInput(
            path, "An origin is `https://music.example`; without TLS only on this machine."
        )
    return list(dict.fromkeys(one for one in checked if one is not None))


def _origin(text: str) -> str | None:
    """Return an origin as browsers write it; None for what is none."""
    text = text.strip().lower()
    try:
        parts = urlsplit(text)
        port, host = parts.port, parts.hostname or ""
    except ValueError:
        return None
    shown = f"[{host}]" if ":" in host else host
    default = {"https": 443, "http": 80}.get(parts.scheme)
    written = f"{parts.scheme}://{shown}" + (f":{port}" if port is not None else "")
    secure = parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK)
    fine = secure and bool(host) and text.rstrip("/") == written and text.isascii()
    if not fine or len(text) > _MAX_ORIGIN_CHARS or not text.isprintable() or "*" in host:
        return None
    return written.removesuffix(f":{default}")
