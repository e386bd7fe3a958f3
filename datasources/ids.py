"""New ids: UUID version 7, so that rows made together lie together."""

from datetime import datetime
from uuid import UUID

from uuid_utils.compat import uuid7

_RANDOM_BITS = 80


def new_id() -> UUID:
    """Return a new id; later ids are greater, to the millisecond."""
    return uuid7()


def first_id_of(at: datetime) -> UUID:
    """Return what all ids made at a time, to the millisecond, or later are greater than."""
    return UUID(int=int(at.timestamp() * 1000) << _RANDOM_BITS)
