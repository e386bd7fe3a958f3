"""Who is calling."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Principal:
    """The caller of one operation. Nobody can sign in yet: a `user_id` comes with accounts."""

    user_id: UUID | None = None


ANONYMOUS = Principal()
