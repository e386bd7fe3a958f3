"""Which pages may open a socket: those of this very host, and those that are configured."""

from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

_DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}


def origin_of(connection: HTTPConnection) -> str | None:
    """Return where the page is from that opens the connection; None for what is no browser.

    Several, or one that is no address, are "null", which nobody has allowed.
    """
    match connection.headers.getlist("origin"):
        case []:
            return None
        case [origin]:
            return origin
        case _:
            return "null"


def is_allowed(
    connection: HTTPConnection, origin: str, public_url: str, allowed: Collection[str]
) -> bool:
    """Whether a page of this origin may open a socket.

    The same origin is that of the public address, or of the Host that the browser asked: another
    site's page has another. Its scheme is that of the public address, not of the connection, for a
    proxy may end TLS: where that is https, anybody on the way can write a page that came by http.
    """
    if origin in allowed:
        return True
    asked = _place(origin)
    if asked is None:
        return False
    if asked == _place(public_url):
        return True
    scheme = asked[0]
    if scheme == "http" and urlsplit(public_url).scheme == "https":
        return False
    return asked == _place(f"{scheme}://{connection.headers.get('host', '')}")


def _place(url: str) -> tuple[str, str, int | None] | None:
    """Return scheme, host and port of an address; None for what is none."""
    try:
        parts = urlsplit(url)
        port = parts.port or _DEFAULT_PORTS.get(parts.scheme)
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return None
    return parts.scheme, parts.hostname, port
