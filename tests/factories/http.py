"""The application over HTTP without a socket, on stores and an identity of the test's own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
from starlette.types import ASGIApp, Receive, Scope, Send

from auth.identity import Identity
from datasources.stores import Stores
from gateway.app import create_app
from gateway.settings import Settings
from resolvers.settings import PlaylistSettings

BASE = "https://music.example"
PREFLIGHT = {"GraphQL-Preflight": "1"}


def application(stores: Stores, identity: Identity) -> ASGIApp:
    """Return the application as after its start."""
    app = create_app(Settings())

    async def started(scope: Scope, receive: Receive, send: Send) -> None:
        scope["state"] = {
            "stores": stores,
            "identity": identity,
            "live": None,
            "playlists": PlaylistSettings(),
        }
        await app(scope, receive, send)

    return started


@asynccontextmanager
async def client_of(stores: Stores, identity: Identity) -> AsyncIterator[httpx2.AsyncClient]:
    """Yield a client that keeps cookies, as a browser does."""
    transport = httpx2.ASGITransport(application(stores, identity))
    async with httpx2.AsyncClient(transport=transport, base_url=BASE) as client:
        yield client


async def post(
    client: httpx2.AsyncClient,
    query: str,
    variables: dict[str, Any] | None = None,
    headers: dict[str, str] | None = None,
) -> httpx2.Response:
    """Send an operation."""
    body = {"query": query, "variables": variables or {}}
    return await client.post("/graphql", json=body, headers=headers or {})
