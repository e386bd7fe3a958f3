"""People and whom they follow."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, select

from datasources.postgres.client import Postgres
from datasources.postgres.paging import fetch_pages
from datasources.postgres.reading import any_of, columns_of, fetch_by_ids, fetch_counts
from datasources.postgres.tables import user_follows, users
from datasources.records.page import Keyset, Page, PageRequest
from datasources.records.users import UserRecord

FOLLOWS = Keyset("follows", (UUID,))

_COLUMNS = columns_of(UserRecord, users)
_FOLLOWER = user_follows.c.follower_id
_FOLLOWED = user_follows.c.followed_id


async def fetch_users_by_ids(postgres: Postgres, ids: Sequence[UUID]) -> Mapping[UUID, UserRecord]:
    """Return people by id (`users`)."""
    return await fetch_by_ids(postgres, UserRecord, users, ids)


async def fetch_users_by_handles(
    postgres: Postgres, handles: Sequence[str]
) -> Mapping[str, UserRecord]:
    """Return people by handle in lower case (`users`)."""
    key = users.c.handle_key
    rows = await postgres.read(select(key, *_COLUMNS).where(any_of(key, handles)))
    return {row[0]: UserRecord(*row[1:]) for row in rows}


async def fetch_followers(
    postgres: Postgres, ids: Sequence[UUID], request: PageRequest
) -> Mapping[UUID, Page[UserRecord]]:
    """Return the followers of each person, by their id (`user_follows`, `users`)."""
    return await _fetch_follows(postgres, ids, request, shown=_FOLLOWER, of=_FOLLOWED)


async def fetch_following(
    postgres: Postgres, ids: Sequence[UUID], request: PageRequest
) -> Mapping[UUID, Page[UserRecord]]:
    """Return whom each person follows, by their id (`user_follows`, `users`)."""
    return await _fetch_follows(postgres, ids, request, shown=_FOLLOWED, of=_FOLLOWER)


async def _fetch_follows(
    postgres: Postgres,
    ids: Sequence[UUID],
    request: PageRequest,
    *,
    shown: ColumnElement[UUID],
    of: ColumnElement[UUID],
) -> Mapping[UUID, Page[UserRecord]]:
    """Return the people on one side of a follow, for those on the other side."""
    return await fetch_pages(
        postgres,
        ids,
        request,
        keyset=FOLLOWS,
        items_of=lambda person: (
            select(*_COLUMNS).join(user_follows, users.c.id == shown).where(of == person)
        ),
        order=[shown],
        record=UserRecord,
    )


async def count_followers(postgres: Postgres, ids: Sequence[UUID]) -> Mapping[UUID, int]:
    """Return the number of followers of each person (`user_follows`)."""
    return await fetch_counts(postgres, _FOLLOWED, ids)


async def count_following(postgres: Postgres, ids: Sequence[UUID]) -> Mapping[UUID, int]:
    """Return how many people each person follows (`user_follows`)."""
    return await fetch_counts(postgres, _FOLLOWER, ids)
