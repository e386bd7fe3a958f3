"""A small application on the gateway's server: `python -m tests.factories.small_server`.

It does what the real one does when the server stops, and needs no stores. Options are settings:
`stop.window_s=1 connection.head_timeout_s=2 workers=2`.
"""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp
from starlette.websockets import WebSocket, WebSocketDisconnect

from gateway.commands.sockets import listen_on
from gateway.observability.logs import configure_logs
from gateway.server.config import ServerConfig
from gateway.server.draining import Draining
from gateway.server.run import run
from gateway.server.settings import ConnectionSettings, StopSettings
from gateway.server.stopping import Stopping

BIG = b"x" * 4_000_000


class SmallApp(Starlette):
    """Routes, a socket, and a count of the requests that it began."""

    def build_middleware_stack(self) -> ASGIApp:
        return Stopping(super().build_middleware_stack(), self.state.draining)


def _begun(request: Request) -> None:
    request.app.state.begun += 1


async def quick(request: Request) -> Response:
    _begun(request)
    return JSONResponse({"pid": os.getpid()})


async def ready(request: Request) -> Response:
    stopping = request.app.state.draining.announced
    return PlainTextResponse("stopping" if stopping else "ok", 503 if stopping else 200)


async def echo(request: Request) -> Response:
    """Answer when the whole body is there: as long under way as its client likes."""
    _begun(request)
    size = 0
    async for piece in request.stream():
        size += len(piece)
        if size > 1 << 20:
            return PlainTextResponse("too large", 413, {"Connection": "close"})
    return JSONResponse({"pid": os.getpid(), "bytes": size})


async def big(request: Request) -> Response:
    _begun(request)
    return Response(BIG)


async def stream(request: Request) -> Response:
    draining: Draining = request.app.state.draining

    async def events() -> AsyncIterator[bytes]:
        yield b"event: hello\n\n"
        await draining.leave_at_random()
        yield b"event: bye\n\n"

    return StreamingResponse(events(), media_type="text/event-stream")


async def socket(websocket: WebSocket) -> None:
    await websocket.accept()
    draining: Draining = websocket.app.state.draining

    async def leave() -> None:
        await draining.leave_at_random()
        await websocket.close(1012)

    leaving = asyncio.create_task(leave())
    try:
        while True:
            await websocket.send_text(await websocket.receive_text())
    except WebSocketDisconnect:
        pass
    finally:
        leaving.cancel()


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[dict[str, object]]:
    yield {"draining": app.state.draining}
    print(json.dumps({"pid": os.getpid(), "begun": app.state.begun}), flush=True)  # noqa: T201  read by tests


def make_app() -> Starlette:
    configure_logs(production=False)
    app = SmallApp(
        routes=[
            Route("/quick", quick),
            Route("/ready", ready),
            Route("/echo", echo, methods=["POST"]),
            Route("/big", big),
            Route("/stream", stream),
            WebSocketRoute("/socket", socket),
        ],
        lifespan=_lifespan,
    )
    app.state.draining = Draining()
    app.state.begun = 0
    return app


def main(options: list[str]) -> int:
    given: dict[str, dict[str, str]] = {"connection": {}, "stop": {}, "run": {"workers": "1"}}
    for option in options:
        name, value = option.split("=")
        group, _, field = name.rpartition(".")
        given[group or "run"][field] = value
    sockets = listen_on("127.0.0.1", 0)
    print(sockets[0].getsockname()[1], flush=True)  # noqa: T201  read by tests
    config = ServerConfig(
        "tests.factories.small_server:make_app",
        ConnectionSettings.model_validate(given["connection"]),
        StopSettings.model_validate(given["stop"]),
        workers=int(given["run"]["workers"]),
    )
    return run(config, sockets)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
