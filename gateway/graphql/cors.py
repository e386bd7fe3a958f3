"""Lets pages of other sites send operations, where the operator names these sites."""

from collections.abc import Collection

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

_SENT = (
    "Apollo-Require-Preflight",
    "Authorization",
    "Content-Type",
    "GraphQL-Preflight",
    "Last-Event-ID",
    "X-API-Key",
    "X-Request-Timeout-Ms",
)
_READ = ("Retry-After", "Server-Timing", "X-Request-Id")
_MAX_AGE_S = 7200  # browsers keep an answer no longer


def with_cors(endpoint: ASGIApp, origins: Collection[str]) -> ASGIApp:
    """Return the endpoint, open to pages of these origins and their sessions, and of no other.

    Sessions come along from other hosts of the same site only: their cookies are `SameSite=Lax`.
    """
    if not origins:
        return endpoint
    return CORSMiddleware(
        endpoint,
        allow_origins=origins,
        allow_methods=("GET", "POST"),
        allow_headers=_SENT,
        allow_credentials=True,
        expose_headers=_READ,
        max_age=_MAX_AGE_S,
    )
