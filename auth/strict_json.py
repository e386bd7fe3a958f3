"""Reads JSON that others sign or serve: without what two readers would take for two things."""

import json
from typing import Any, NoReturn


def read_json(text: bytes) -> Any:
    """Return what a text in UTF-8 holds.

    Raises:
        ValueError: it is no JSON, has an object with two members of one name, a number that is
            none (NaN), or is nested without end.
    """
    try:
        return _DECODER.decode(text.decode())
    except RecursionError:
        raise ValueError("nested too deep") from None


def read_object(text: bytes) -> dict[str, Any]:
    """Return what a text in UTF-8 holds, where that is an object.

    Raises:
        ValueError: it is none, or as for `read_json`.
    """
    value = read_json(text)
    if not isinstance(value, dict):
        raise ValueError("no object")  # noqa: TRY004  what is read is wrong, not what was passed
    return value


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("duplicate members")
    return members


def _no_number(text: str) -> NoReturn:
    raise ValueError(text)


_DECODER = json.JSONDecoder(object_pairs_hook=_without_duplicates, parse_constant=_no_number)
