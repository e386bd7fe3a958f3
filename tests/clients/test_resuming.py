"""Subscriptions that end, as the lines shown for JavaScript pass that on or come back."""

from typing import Any

import pytest

from tests.clients.node import printed_by


def error(code: str) -> list[dict[str, Any]]:
    return [{"message": "It is over.", "extensions": {"code": code}}]


def event(cursor: str) -> dict[str, Any]:
    return {"data": {"playlistChanged": {"cursor": cursor}}}


@pytest.fixture
async def seen() -> Any:
    return await printed_by("resuming.mjs")


async def test_what_comes_back_and_what_does_not(seen: Any) -> None:
    assert seen["socket"] == {
        "pauses": [1, 2, 4, 8, 16, 30, 30, 1],
        "heard": [event("7")],
        "first": {"id": "1"},
        "last": {"id": "1", "after": "7"},
    }
    assert seen["stream"] == {
        "asked": [{"id": "1"}, {"id": "1", "after": "7"}],
        "heard": [event("7"), {"data": None, "errors": error("SERVICE_UNAVAILABLE")}, "complete"],
    }
    assert seen["final"] == {"attempts": 1, "heard": [error("FORBIDDEN")]}


async def test_what_the_caller_ends_stays_ended(seen: Any) -> None:
    ended = {"attempts": 1, "heard": ["complete"]}
    assert seen["endedInThePause"] == seen["endedBeforeTheStreamWas"] == ended
