"""When two requests are the same, and when they only look so."""

from dataclasses import make_dataclass
from datetime import UTC, date, datetime
from enum import Enum
from typing import Any
from uuid import UUID

import pytest
from strawberry import UNSET

from datasources.records.playlists import PlaylistVisibility
from schema.idempotency import fingerprint

Given = make_dataclass("Given", ["value"])
Sound = Enum("Sound", ["LOW", "HIGH"])

VALUES: list[Any] = [
    UNSET,
    None,
    "",
    "null",
    0,
    1,
    1.5,
    False,
    True,
    [],
    [1, 2],
    [2, 1],
    [[1], 2],
    "LOW",
    Given(1),
    [Given(None)],
    Given(Given(UNSET)),
    PlaylistVisibility.PUBLIC,
    PlaylistVisibility.PRIVATE,
    date(2026, 11, 21),
    datetime(2026, 11, 21, tzinfo=UTC),
    UUID(int=1),
    "half a character: \ud800",
]


def test_each_value_is_another() -> None:
    assert len({fingerprint("save", {"value": value}) for value in VALUES}) == len(VALUES)


def test_the_field_counts() -> None:
    assert fingerprint("save", {}) != fingerprint("remove", {})


def test_the_same_in_another_order_is_the_same() -> None:
    assert fingerprint("f", {"a": 1, "b": 2}) == fingerprint("f", {"b": 2, "a": 1})


def test_what_it_does_not_know_is_not_ignored() -> None:
    with pytest.raises(TypeError):
        fingerprint("f", {"a": object()})


def test_choices_of_any_kind_are_known() -> None:
    low, high = (fingerprint("f", {"a": sound}) for sound in Sound)
    assert low != high
