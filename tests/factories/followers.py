"""Clients that follow a subscription whatever happens: they come back, and give the last cursor."""

import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

import httpx2
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException
from websockets.typing import Subprotocol

SILENCE_S = 3.0
"""Who hears nothing for so long takes the connection for dead; there is always something here."""

_RETURN_WITHIN_S = 0.5
_CLOSED_FOR_GOOD = {1002, 1007, 1008, 1009, 4400, 4401, 4403, 4406, 4409, 4429, 4500}


class Ended(Exception):
    """The connection, or the subscription, is over; why."""


@dataclass(eq=False)
class Follower:
    """One client of one subscription, over a WebSocket or as server-sent events.

    `told` has the events, `lagged` how many of them came before each `Lagged`, and its cursor.
    `newest` returns the newest `seq` that there is for certain.
    """

    url: str
    token: str
    document: str
    variables: dict[str, Any]
    transport: str
    newest: Callable[[], int] = lambda: 0
    cursor: str | None = None
    told: list[dict[str, Any]] = field(default_factory=list)
    lagged: list[tuple[int, str]] = field(default_factory=list)
    ends: Counter[str] = field(default_factory=Counter)
    unexpected: list[Any] = field(default_factory=list)
    subscribed: int = 0
    slowest_s: float = 0.0
    _behind: tuple[int, float] | None = None

    @property
    def last(self) -> int:
        """The number of the last event."""
        return int(self.told[-1]["seq"]) if self.told else 0

    async def follow(self, seed: int) -> None:
        """Follow until cancelled."""
        dice = random.Random(seed)  # noqa: S311  a load, no secret
        results = self._by_socket if self.transport == "websocket" else self._by_stream
        while True:
            try:
                async with aclosing(results()) as payloads:
                    async for payload in payloads:
                        self._take(payload)
                self.ends["completed"] += 1
            except (OSError, WebSocketException, httpx2.TransportError, TimeoutError) as error:
                self.ends[type(error).__name__] += 1
            except Ended as end:
                self.ends[str(end)] += 1
            self._behind = None
            await asyncio.sleep(dice.uniform(0, _RETURN_WITHIN_S))

    def _take(self, payload: dict[str, Any]) -> None:
        if errors := payload.get("errors"):
            code = errors[0]["extensions"]["code"]
            if code != "SERVICE_UNAVAILABLE":
                self.unexpected.append(payload)
            raise Ended(code)
        (event,) = payload["data"].values()
        if event["__typename"] == "Lagged":
            self.cursor = event["current"]
            self.lagged.append((len(self.told), event["current"]))
            return
        self.told.append(event)
        self.cursor = event["cursor"]
        if self._behind and event["seq"] >= self._behind[0]:
            self.slowest_s = max(self.slowest_s, time.monotonic() - self._behind[1])
            self._behind = None

    def _request(self) -> dict[str, Any]:
        """Return the operation, which goes on behind what was told."""
        self.subscribed += 1
        if (newest := self.newest()) > self.last:
            self._behind = newest, time.monotonic()
        return {"query": self.document, "variables": {**self.variables, "after": self.cursor}}

    async def _by_socket(self) -> AsyncGenerator[dict[str, Any], None]:
        address = self.url.replace("http", "ws", 1) + "/graphql"
        options: dict[str, Any] = {"proxy": None, "compression": None, "open_timeout": SILENCE_S}
        ours = [Subprotocol("graphql-transport-ws")]
        async with connect(address, subprotocols=ours, close_timeout=0.1, **options) as socket:
            authorization = {"authorization": f"Bearer {self.token}"}
            await socket.send(json.dumps({"type": "connection_init", "payload": authorization}))
            while True:
                async with asyncio.timeout(SILENCE_S):
                    try:
                        message = json.loads(await socket.recv())
                    except WebSocketException:
                        if socket.close_code in _CLOSED_FOR_GOOD:
                            self.unexpected.append((socket.close_code, socket.close_reason))
                        raise Ended(f"closed with {socket.close_code}") from None
                match message["type"]:
                    case "connection_ack":
                        await socket.send(
                            json.dumps({"type": "subscribe", "id": "1", "payload": self._request()})
                        )
                    case "next":
                        yield message["payload"]
                    case "error":
                        yield {"errors": message["payload"]}
                    case "ping":
                        await socket.send('{"type":"pong"}')
                    case _:
                        return

    async def _by_stream(self) -> AsyncGenerator[dict[str, Any], None]:
        headers = {"Authorization": f"Bearer {self.token}", "Accept": "text/event-stream"}
        async with (
            httpx2.AsyncClient(headers=headers, timeout=SILENCE_S) as client,
            client.stream("POST", f"{self.url}/graphql", json=self._request()) as response,
        ):
            if response.status_code != httpx2.codes.OK:
                if response.status_code != httpx2.codes.SERVICE_UNAVAILABLE:
                    self.unexpected.append((response.status_code, await response.aread()))
                raise Ended(f"answered with {response.status_code}")
            async for line in response.aiter_lines():
                if line == "event: complete":
                    return
                if line.startswith("data: "):
                    yield json.loads(line.removeprefix("data: "))
            raise Ended("cut off")
