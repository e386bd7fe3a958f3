"""The cookies: one holds a browser's session, one says that somebody signed in there before."""

from starlette.datastructures import Headers
from starlette.responses import Response

from resolvers.context import Reply

SESSION_COOKIE = "__Host-session"
"""Browsers take this name from this very host over TLS only: no other can plant it."""

BROWSER_COOKIE = "__Host-browser"
"""Stays when the session ends: see `auth/browsers.py`."""

_PATH = "/"
_BROWSER_AGE_S = 365 * 86_400


def session_cookies(headers: Headers) -> list[str]:
    """Return the value of each session cookie that a request shows: one, if all is well."""
    pairs = (pair.partition("=") for pair in ";".join(headers.getlist("cookie")).split(";"))
    return [value.strip() for name, _, value in pairs if name.strip() == SESSION_COOKIE]


def keep_session(response: Response, reply: Reply, max_age_s: int) -> None:
    """Let the browser keep the session that an operation began, or forget the one it ended."""
    if reply.browser_mark:
        _set(response, BROWSER_COOKIE, reply.browser_mark, _BROWSER_AGE_S)
    if reply.session_id:
        _set(response, SESSION_COOKIE, reply.session_id, max_age_s)
    elif reply.session_id is not None:
        forget_session(response)


def forget_session(response: Response) -> None:
    """Let the browser forget its session."""
    _set(response, SESSION_COOKIE, "", 0)


def _set(response: Response, name: str, value: str, max_age_s: int) -> None:
    response.set_cookie(
        name,
        value,
        max_age=max_age_s,
        path=_PATH,
        secure=True,
        httponly=True,
        samesite="lax",
    )
    response.headers["Cache-Control"] = "no-store"
