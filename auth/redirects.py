"""Where an app may have people sent back to: what may be registered, and what fits that.

A code goes to whoever is behind such an address. So it is compared as it is written, letter by
letter; but for the port of this very machine, which native apps learn only when they run (RFC 8252,
7.3).
"""

import re
from collections.abc import Collection
from urllib.parse import urlsplit

MAX_CHARS = 500

_LOOPBACK = re.compile(r"http://(?P<host>127\.0\.0\.1|\[::1\])(?::[0-9]{1,5})?(?P<rest>(?:/.*)?)")
_LOCAL = ("127.0.0.1", "::1", "localhost")
_HOST = re.compile(
    r"(?:[a-z0-9-]+(?:\.[a-z0-9-]+)*|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?", re.IGNORECASE
)
# The reversed name of a domain: no scheme that a browser gives a meaning to has a dot.
_OF_AN_APP = re.compile(r"[a-z][a-z0-9-]*(?:\.[a-z0-9-]+)+")
_NEVER = frozenset("\\#*<>\"'`{}|^ ")


def problem_with(uri: str, *, public: bool) -> str | None:
    """Return why an address cannot be registered, in a sentence; None where it can.

    `public` says that the app keeps no secret: only such a one runs on people's devices, and may
    have a scheme of its own.
    """
    if not uri or len(uri) > MAX_CHARS or not uri.isascii() or not uri.isprintable():
        return f"An address has 1 to {MAX_CHARS} characters of ASCII."
    if _NEVER & set(uri):
        return "An address has no fragment, wildcard, space or backslash."
    try:
        parts = urlsplit(uri)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "This is no address."
    if parts.scheme in ("http", "https"):
        return _problem_with_host(parts.scheme, parts.netloc, host)
    if not _OF_AN_APP.fullmatch(parts.scheme):
        return "A scheme of an app's own is a domain written backwards: `org.example.app:/back`."
    return None if public else "Only an app without a secret has a scheme of its own."


def _problem_with_host(scheme: str, netloc: str, host: str | None) -> str | None:
    if not host or not _HOST.fullmatch(netloc):
        return "This is no address of a host."
    if scheme == "http" and host not in _LOCAL:
        return "An address begins with https://; http:// is for one's own machine."
    return None


def fits(uri: str, registered: Collection[str], *, any_port: bool) -> bool:
    """Whether a request's address is one of those that are registered, exactly.

    With `any_port`, one at 127.0.0.1 or [::1] may have any port.
    """
    if uri in registered:
        return True
    asked = _LOOPBACK.fullmatch(uri) if any_port else None
    return asked is not None and any(
        known is not None and known.groups() == asked.groups()
        for known in map(_LOOPBACK.fullmatch, registered)
    )
