"""One subscription over the network, as a WebSocket or as server-sent events: what it is told."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Mapping
from typing import Any

import httpx2
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException
from websockets.typing import Subprotocol

Payloads = AsyncGenerator[dict[str, Any], None]
Request = Callable[[], dict[str, Any]]
"""Returns the operation, at the moment when it is sent."""


class Ended(Exception):
    """It is over, and not by `complete`; `code` is that of the close or of the response."""

    def __init__(self, why: str, code: int | None = None, reason: object = None) -> None:
        super().__init__(why)
        self.code = code
        self.reason = reason


async def by_socket(
    url: str, headers: Mapping[str, str], request: Request, silence_s: float
) -> Payloads:
    """Yield the results of a subscription; errors at its start are a result, too.

    Raises:
        Ended: the server has closed the socket.
        OSError, WebSocketException, TimeoutError: it is broken, or nothing is heard.
    """
    address = url.replace("http", "ws", 1) + "/graphql"
    options: dict[str, Any] = {"proxy": None, "compression": None, "open_timeout": silence_s}
    options |= {"additional_headers": dict(headers), "close_timeout": 0.1}
    ours = [Subprotocol("graphql-transport-ws")]
    async with connect(address, subprotocols=ours, **options) as socket:
        await socket.send('{"type":"connection_init"}')
        while True:
            try:
                async with asyncio.timeout(silence_s):
                    message = json.loads(await socket.recv())
            except WebSocketException:
                code = socket.close_code
                raise Ended(f"closed with {code}", code, socket.close_reason) from None
            match message["type"]:
                case "connection_ack":
                    subscribe = {"type": "subscribe", "id": "1", "payload": request()}
                    await socket.send(json.dumps(subscribe))
                case "next":
                    yield message["payload"]
                case "error":
                    yield {"errors": message["payload"]}
                case "ping":
                    await socket.send('{"type":"pong"}')
                case _:
                    return


async def by_stream(
    url: str, headers: Mapping[str, str], request: Request, silence_s: float
) -> Payloads:
    """Yield the results of a subscription.

    Raises:
        Ended: it was refused, or cut off without `complete`.
        TransportError: it is broken, or nothing is heard.
    """
    wanted = {**headers, "Accept": "text/event-stream"}
    async with (
        httpx2.AsyncClient(headers=wanted, timeout=silence_s) as client,
        client.stream("POST", f"{url}/graphql", json=request()) as response,
    ):
        if response.status_code != httpx2.codes.OK:
            code = int(response.status_code)
            raise Ended(f"answered with {code}", code, await response.aread())
        async for line in response.aiter_lines():
            if line == "event: complete":
                return
            if line.startswith("data: "):
                yield json.loads(line.removeprefix("data: "))
        raise Ended("cut off")


TRANSPORTS = {"websocket": by_socket, "stream": by_stream}
