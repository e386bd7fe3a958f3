"""Clients that follow a subscription whatever happens: they come back, and give the last cursor."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

import httpx2
from websockets.exceptions import WebSocketException

from tests.factories.subscribing import TRANSPORTS, Ended

SILENCE_S = 3.0
"""Who hears nothing for so long takes the connection for dead; there is always something here."""

_RETURN_WITHIN_S = 0.5
_COME_BACK = {None, 1005, 1006, 1012, 1013, 503}


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
        headers = {"Authorization": f"Bearer {self.token}"}
        subscribing = TRANSPORTS[self.transport]
        while True:
            try:
                results = subscribing(self.url, headers, self._request, SILENCE_S)
                async with aclosing(results) as payloads:
                    async for payload in payloads:
                        self._take(payload)
                self.ends["completed"] += 1
            except (OSError, WebSocketException, httpx2.TransportError, TimeoutError) as error:
                self.ends[type(error).__name__] += 1
            except Ended as end:
                self.ends[str(end)] += 1
                if end.code not in _COME_BACK:
                    self.unexpected.append((end.code, end.reason))
            self._behind = None
            await asyncio.sleep(dice.uniform(0, _RETURN_WITHIN_S))

    def _request(self) -> dict[str, Any]:
        """Return the operation, which goes on behind what was told."""
        self.subscribed += 1
        if (newest := self.newest()) > self.last:
            self._behind = newest, time.monotonic()
        return {"query": self.document, "variables": {**self.variables, "after": self.cursor}}

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
