"""Opens the stores when the server starts, and closes them when it stops."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TypedDict

from starlette.applications import Starlette

from auth.identity import Identity
from datasources.stores import Stores, open_stores
from gateway.background import kept_fresh, live_updates
from gateway.identity import open_identity
from gateway.server.draining import Draining
from gateway.settings import Settings
from gateway.worker.run import running_worker
from resolvers.live import Live
from resolvers.settings import PlaylistSettings


class State(TypedDict):
    """What each request finds in `request.state`."""

    stores: Stores
    identity: Identity
    draining: Draining
    live: Live
    playlists: PlaylistSettings


def lifespan(
    settings: Settings, *, demo: bool = False
) -> Callable[[Starlette], AbstractAsyncContextManager[State]]:
    """Return the lifespan of an application with these settings; `demo` opens its accounts."""

    @asynccontextmanager
    async def running(app: Starlette) -> AsyncIterator[State]:
        async with (
            open_stores(settings.stores) as stores,
            open_identity(settings, stores, demo=demo) as identity,
            kept_fresh(identity, stores),
            live_updates(stores) as live,
            running_worker(settings, stores, identity),
        ):
            app.state.watch.listen(live.reader)
            yield State(
                stores=stores,
                identity=identity,
                draining=app.state.draining,
                live=live,
                playlists=settings.playlists,
            )
            # Mutations whose clients have left still need the stores.
            left_s = settings.stop.timeout_s - app.state.draining.since_s
            await app.state.pipeline.finish(max(left_s, 0))

    return running
