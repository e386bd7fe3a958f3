"""Positions of items in a list: fractional indexes, and new ones where they have grown too long."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from fractional_indexing import FIError, generate_n_keys_between

MAX_CHARS = 32

REACHES = (64, 512)
"""How many items on each side get new positions where there is no room between two."""

# What is written anew shall last for a while.
_ROOMY_CHARS = 24


@dataclass(frozen=True, slots=True)
class Spot:
    """An item and where it stands; a list is ordered by both, the position first."""

    position: str
    item_id: UUID


def keys_between(
    left: str | None, right: str | None, count: int, *, roomy: bool = False
) -> list[str] | None:
    """Return as many positions between two, in their order; None for an end of the list.

    None comes back where they would have more than 32 characters (24 where they shall be `roomy`),
    and where one of the two is no position that others fit beside: what an import brought, or
    twice the same.
    """
    max_chars = _ROOMY_CHARS if roomy else MAX_CHARS
    for bound in (left, right):
        # Not only to save the work: the library recurses once for each character.
        if bound is not None and len(bound) > 2 * MAX_CHARS:
            return None
    try:
        keys: list[str] = generate_n_keys_between(left, right, count)
    except (FIError, ValueError, IndexError, RecursionError):
        return None
    return keys if all(len(key) <= max_chars for key in keys) else None


def place(
    spots: Sequence[Spot],
    gap: int,
    items: Sequence[UUID],
    left: str | None = None,
    right: str | None = None,
) -> list[Spot] | None:
    """Return the spots with items added in front of the one at `gap`, in their order.

    As few as may be of those around them get new positions, none as a rule. `spots` are all items
    between two positions, None for an end of the list. Where the items do not fit between these
    even if all get new positions, None comes back; between the two ends everything fits.
    """
    size = len(spots)
    for reach in (0, *(one for one in REACHES if one < size), size):
        start, stop = max(0, gap - reach), min(size, gap + reach)
        low = spots[start - 1].position if start else left
        high = spots[stop].position if stop < size else right
        ids = [
            *(spot.item_id for spot in spots[start:gap]),
            *items,
            *(spot.item_id for spot in spots[gap:stop]),
        ]
        bounded = low is not None or high is not None
        keys = keys_between(low, high, len(ids), roomy=bool(reach) and bounded)
        if keys is not None:
            fresh = map(Spot, keys, ids)
            return [*spots[:start], *fresh, *spots[stop:]]
    return None


def moved(before: Sequence[Spot], after: Sequence[Spot]) -> list[tuple[Spot, Spot]]:
    """Return what has another position now, each with where it stood; new items are not in it."""
    stood = {spot.item_id: spot for spot in before}
    pairs = ((stood.get(spot.item_id), spot) for spot in after)
    return [(old, new) for old, new in pairs if old is not None and old != new]
