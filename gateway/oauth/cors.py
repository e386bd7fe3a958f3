"""Lets apps that run in pages call what apps call (CORS), of whatever site they are.

No cookie means anything there, and none comes along: what is shown is in the request.
"""

from starlette.middleware.cors import CORSMiddleware
from starlette.routing import Route

_SENT = ("Authorization", "Content-Type")
_READ = ("Retry-After", "WWW-Authenticate", "X-Request-Id")
_MAX_AGE_S = 7200  # browsers keep an answer no longer


def for_any_page(route: Route) -> Route:
    """Return the route, open to pages of any origin."""
    open_ = CORSMiddleware(
        route,
        allow_origins=("*",),
        allow_methods=sorted(route.methods or ()),
        allow_headers=_SENT,
        expose_headers=_READ,
        max_age=_MAX_AGE_S,
    )
    return Route(route.path, open_)
