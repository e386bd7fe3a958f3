"""Opens the stores when the server starts, and closes them when it stops."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TypedDict

from starlette.applications import Starlette

from datasources.stores import Stores, open_stores
from gateway.settings import Settings


class State(TypedDict):
    """What each request finds in `request.state`."""

    stores: Stores


def lifespan(settings: Settings) -> Callable[[Starlette], AbstractAsyncContextManager[State]]:
    """Return the lifespan of an application with these settings."""

    @asynccontextmanager
    async def running(_: Starlette) -> AsyncIterator[State]:
        async with open_stores(settings.stores) as stores:
            yield State(stores=stores)

    return running
