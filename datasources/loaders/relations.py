"""Loaders of relations: what must be known of two before it is decided what one may see."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from datasources.loaders.batch import Batch
from datasources.postgres.relations import Pair, fetch_collaborations, fetch_follows
from datasources.stores import Stores

NOBODY = UUID(int=0)
"""Whose things are loaded where the caller may not see somebody's: there is no such person.

So the answer is that of an empty list, in all its parts and at the same cost.
"""


class Follow(NamedTuple):
    """Whether one person follows another; where that does not matter, nobody is asked.

    Keys that do not matter are loaded all the same: so all people of a level wait for one another,
    and what is loaded of them afterwards is one batch again.
    """

    follower_id: UUID
    followed_id: UUID
    matters: bool


async def _follows(stores: Stores, keys: Sequence[Follow]) -> Mapping[Follow, bool]:
    """Return which follow; one round trip, or none where no key matters."""
    asked = {key: (key.follower_id, key.followed_id) for key in keys if key.matters}
    found = await fetch_follows(stores.postgres, list(asked.values())) if asked else set()
    return {key: pair in found for key, pair in asked.items()}


async def _collaborates(stores: Stores, pairs: Sequence[Pair]) -> Mapping[Pair, bool]:
    return dict.fromkeys(await fetch_collaborations(stores.postgres, pairs), True)


Follows = Batch("Follows", _follows, missing=False)
Collaborates = Batch("Collaborates", _collaborates, missing=False)
"""Whether a playlist is shared with somebody; keys are (person, playlist)."""
