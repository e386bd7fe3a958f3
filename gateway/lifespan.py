"""Opens the stores when the server starts, and closes them when it stops."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TypedDict

from starlette.applications import Starlette

from auth.identity import Identity
from datasources.stores import Stores, open_stores
from gateway.background import kept_fresh
from gateway.identity import open_identity
from gateway.settings import Settings
from gateway.worker.run import running_worker
from resolvers.settings import PlaylistSettings


class State(TypedDict):
    """What each request finds in `request.state`."""

    stores: Stores
    identity: Identity
    playlists: PlaylistSettings


def lifespan(
    settings: Settings, *, demo: bool = False
) -> Callable[[Starlette], AbstractAsyncContextManager[State]]:
    """Return the lifespan of an application with these settings; `demo` opens its accounts."""

    @asynccontextmanager
    async def running(_: Starlette) -> AsyncIterator[State]:
        async with (
            open_stores(settings.stores) as stores,
            open_identity(settings, stores, demo=demo) as identity,
            kept_fresh(identity, stores),
            running_worker(settings, stores, identity),
        ):
            yield State(stores=stores, identity=identity, playlists=settings.playlists)

    return running
