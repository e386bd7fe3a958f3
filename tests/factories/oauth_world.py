"""A person's browser and an app of somebody else, for tests of our own provider."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

import httpx2

from auth.identity import Identity
from datasources.stores import Stores
from tests.factories.accounts import an_account
from tests.factories.apps import App, an_app, sign_in, viewer
from tests.factories.http import client_of
from tests.factories.operations import identity_of


@dataclass(slots=True)
class World:
    """Ann's browser, and an app of Bob's."""

    stores: Stores
    identity: Identity
    browser: httpx2.AsyncClient
    ann: UUID
    bob: UUID
    app: App


@asynccontextmanager
async def a_world(stores: Stores, identity: Identity | None = None) -> AsyncIterator[World]:
    """Make both people and the app, and sign Ann in."""
    identity = identity or identity_of(stores)
    ann = await an_account(stores, "ann", identity=identity)
    bob = await an_account(stores, "bob", identity=identity)
    app = await an_app(stores, identity, bob)
    async with client_of(stores, identity) as client:
        await sign_in(client, stores, identity, ann)
        yield World(stores, identity, client, ann, bob, app)


async def is_void(world: World, access_token: str) -> bool:
    """Whether a token is refused, in this process and in one that reads it from the store."""
    here = (await viewer(world.browser, access_token)).status_code == 401
    other = identity_of(world.stores)
    async with client_of(world.stores, other) as elsewhere:
        return here and (await viewer(elsewhere, access_token)).status_code == 401


def code_of(answer: httpx2.Response) -> str:
    """Return the error of an endpoint's answer."""
    return str(answer.json().get("error"))
