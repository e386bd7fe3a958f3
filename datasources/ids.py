"""New ids: UUID version 7, so that rows made together lie together."""

from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """Return a new id; later ids are greater, to the millisecond."""
    return uuid7()
