"""A load of changes to one playlist over HTTP, each sent until its outcome is known."""

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx2

# Of these nobody knows, or nothing has happened; everything else is an outcome.
_SEND_AGAIN = {"OUTCOME_UNKNOWN", "SERVICE_UNAVAILABLE", "IDEMPOTENCY_IN_PROGRESS"}
_PAUSE_S = 0.05

_RESULT = """{
  __typename
  ... on PlaylistItemsChanged { version itemIds }
  ... on PlaylistConflict { code }
  ... on NotFound { code }
}"""
_DOCUMENT = "mutation($input: {name}PlaylistItemsInput!) { done: {field}(input: $input) {result} }"


@dataclass(frozen=True, slots=True)
class Change:
    """What a client wants: ADD, MOVE or REMOVE, of which tracks or items, in front of which."""

    kind: str
    ids: tuple[str, ...]
    before: str | None = None

    def body(self, playlist: str) -> dict[str, Any]:
        """Return the request."""
        name = self.kind.capitalize()
        document = _DOCUMENT.replace("{name}", name).replace("{result}", _RESULT)
        wanted: dict[str, Any] = {"playlistId": playlist}
        wanted["trackIds" if self.kind == "ADD" else "itemIds"] = list(self.ids)
        if self.kind != "REMOVE":
            wanted["before"] = self.before
        return {
            "query": document.replace("{field}", f"{self.kind.lower()}PlaylistItems"),
            "variables": {"input": wanted},
        }


@dataclass(frozen=True, slots=True)
class Done:
    """A change that was acknowledged: the version that it has made, and the items in it."""

    change: Change
    version: int
    items: tuple[str, ...]


@dataclass
class Load:
    """Editors of a playlist who all know what was acknowledged to any of them.

    `sent_again` counts why a request was repeated, `unexpected` has answers that nobody foresaw.
    """

    url: str
    playlist: str
    tracks: Sequence[str]
    done: list[Done] = field(default_factory=list)
    refused: int = 0
    sent: int = 0
    sent_again: Counter[str] = field(default_factory=Counter)
    unexpected: list[Any] = field(default_factory=list)
    _items: list[str] = field(default_factory=list)
    _grown: asyncio.Event = field(default_factory=asyncio.Event)

    async def edit(self, token: str, seed: int, stop: asyncio.Event, pause_s: float = 0.0) -> None:
        """Change the list as one editor, one change after the other, until told to stop."""
        dice = random.Random(seed)  # noqa: S311  a load, no secret
        headers = {"Authorization": f"Bearer {token}"}
        async with httpx2.AsyncClient(headers=headers, timeout=10) as client:
            while not stop.is_set():
                await self.make(client, self._next(dice))
                if pause_s:
                    await asyncio.sleep(dice.uniform(0, 2 * pause_s))

    async def make(self, client: httpx2.AsyncClient, change: Change) -> Done | None:
        """Send a change with a key of its own until its outcome is known; None: it is refused."""
        headers = {"Idempotency-Key": uuid4().hex}
        while True:
            self.sent += 1
            answer = await self._send(client, change, headers)
            if answer is not None:
                break
            await asyncio.sleep(_PAUSE_S)
        if answer.get("__typename") != "PlaylistItemsChanged":
            self.refused += 1
            return None
        done = Done(change, answer["version"], tuple(answer["itemIds"]))
        self.done.append(done)
        if change.kind == "ADD":
            self._items += done.items
        elif change.kind == "REMOVE":
            self._items = [item for item in self._items if item not in change.ids]
        self._grown.set()
        return done

    async def progress(self, changes: int) -> None:
        """Return when so many more changes are acknowledged than now."""
        wanted = len(self.done) + changes
        while len(self.done) < wanted:
            self._grown.clear()
            await self._grown.wait()

    def final_list(self) -> list[str]:
        """Return the list that the acknowledged changes give in the order of their versions."""
        listed: list[str] = []
        for one in sorted(self.done, key=lambda done: done.version):
            listed = [item for item in listed if item not in one.items]
            if one.change.kind != "REMOVE":
                before = one.change.before
                place = len(listed) if before is None else listed.index(before)
                listed[place:place] = one.items
        return listed

    async def _send(
        self, client: httpx2.AsyncClient, change: Change, headers: dict[str, str]
    ) -> dict[str, Any] | None:
        """Return the result, or None where it has to be sent again."""
        try:
            response = await client.post(
                f"{self.url}/graphql", json=change.body(self.playlist), headers=headers
            )
        except httpx2.TransportError:
            self.sent_again["CONNECTION_LOST"] += 1
            return None
        answer = response.json()
        errors = answer.get("errors", ())
        unsettled = {one["extensions"]["code"] for one in errors} & _SEND_AGAIN
        if unsettled:
            self.sent_again.update(unsettled)
            return None
        result = (answer.get("data") or {}).get("done")
        known = {"PlaylistItemsChanged", "PlaylistConflict", "NotFound"}
        if errors or result is None or result["__typename"] not in known:
            self.unexpected.append(answer)
            return {}
        return dict(result)

    def _next(self, dice: random.Random) -> Change:
        """Return a change of what is known; others may be faster."""
        before = dice.choice(self._items) if self._items and dice.random() < 0.7 else None
        kind = dice.choices(("ADD", "MOVE", "REMOVE"), (2, 1, 1))[0]
        if kind == "ADD" or len(self._items) < 10:
            return Change("ADD", tuple(dice.choices(self.tracks, k=dice.randint(1, 3))), before)
        chosen = tuple(dice.sample(self._items, dice.randint(1, 3)))
        if kind == "MOVE":
            return Change("MOVE", chosen, None if before in chosen else before)
        return Change("REMOVE", chosen)
