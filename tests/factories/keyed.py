"""Requests that carry an `Idempotency-Key`, and what is kept of them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from sqlalchemy import make_url, select

from auth.principal import ANONYMOUS, Principal, person
from datasources.postgres.client import open_postgres
from datasources.postgres.playlist_tables import idempotent_requests
from datasources.postgres.settings import PostgresSettings
from datasources.stores import Stores
from resolvers.context import Client
from tests.factories.music import user_id
from tests.factories.operations import respond
from tests.plugins.proxy import Proxy, proxy_to
from tests.plugins.stores import PATIENT_POSTGRES

KEY = "0f3c9a52-7b1e-4f7e-9a59-2a0d1b7c9e11"
ANN, BOB = person(user_id(1)), person(user_id(2))
NOBODY = ANONYMOUS

CREATE = """
mutation ($title: String!) {
  createPlaylist(input: {title: $title}) {
    ... on PlaylistCreated { playlist { id title } }
    ... on Error { code message }
  }
}
"""


def client_with(key: str | None) -> Client:
    """Return a browser's page that sends this key."""
    return Client("192.0.2.1", "test", preflight=True, idempotency_key=key)


async def send(
    stores: Stores,
    query: str,
    variables: dict[str, Any] | None = None,
    *,
    key: str | None = KEY,
    principal: Principal = ANN,
) -> dict[str, Any]:
    """Return the response of an operation that carries a key."""
    return await respond(stores, query, variables, principal, client_with(key))


async def create(
    stores: Stores, title: str, *, key: str | None = KEY, principal: Principal = ANN
) -> dict[str, str]:
    """Return the playlist that an operation has made, or made before."""
    response = await send(stores, CREATE, {"title": title}, key=key, principal=principal)
    playlist: dict[str, str] = response["data"]["createPlaylist"]["playlist"]
    return playlist


def codes(response: dict[str, Any]) -> list[str]:
    """Return the codes of a response's errors."""
    return [error["extensions"]["code"] for error in response.get("errors", [])]


async def kept(stores: Stores) -> list[dict[str, Any]]:
    """Return the rows of repeated requests, by path."""
    statement = select(idempotent_requests).order_by(idempotent_requests.c.path)
    return [row._asdict() for row in await stores.postgres.read(statement)]


@asynccontextmanager
async def with_pool_of(stores: Stores, size: int) -> AsyncIterator[Stores]:
    """Yield the same stores, with a pool of so many connections to PostgreSQL."""
    async with _reached_by(stores, stores.postgres.url, pool_size=size) as few:
        yield few


@asynccontextmanager
async def fragile(stores: Stores) -> AsyncIterator[tuple[Stores, Proxy]]:
    """Yield the same stores, with PostgreSQL behind a proxy that can cut its connections."""
    url = make_url(stores.postgres.url)
    folder = url.query.get("host")
    host = folder if isinstance(folder, str) else url.host or ""
    async with proxy_to(host, url.port or 5432) as proxy:
        through = url.set(host="127.0.0.1", port=proxy.port, query={})
        shown = through.render_as_string(hide_password=False)
        async with _reached_by(stores, shown) as behind:
            yield behind, proxy


@asynccontextmanager
async def _reached_by(stores: Stores, url: str, **settings: int) -> AsyncIterator[Stores]:
    patient: PostgresSettings = PATIENT_POSTGRES.model_copy(update=settings)
    postgres = open_postgres(url, patient)
    try:
        yield replace(stores, postgres=postgres)
    finally:
        await postgres.close()
