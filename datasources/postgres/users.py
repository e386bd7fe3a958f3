"""People and whom they follow."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import Uuid, select

from datasources.postgres.blocks import unhidden
from datasources.postgres.client import Postgres
from datasources.postgres.paging import fetch_pages
from datasources.postgres.reading import (
    any_of,
    columns_of,
    fetch_by_ids,
    fetch_counts,
    unnest_columns,
)
from datasources.postgres.tables import user_follows, users
from datasources.records.page import Keyset, Page, PageRequest
from datasources.records.users import UserRecord

FOLLOWERS = Keyset("followers", (int,), descending=True)
FOLLOWING = Keyset("following", (int,), descending=True)

_COLUMNS = columns_of(UserRecord, users)
_FOLLOWER = user_follows.c.follower_id
_FOLLOWED = user_follows.c.followed_id


async def fetch_users_by_ids(
    postgres: Postgres, ids: Sequence[UUID], viewer: UUID | None = None
) -> Mapping[UUID, UserRecord]:
    """Return people by id (`users`); of a viewer, those whom they see (`blocks`)."""
    return await fetch_by_ids(postgres, UserRecord, users, ids, unhidden(users.c.id, viewer))


async def fetch_seen_users(
    postgres: Postgres, pairs: Sequence[tuple[UUID, UUID | None]]
) -> Mapping[tuple[UUID, UUID | None], UserRecord]:
    """Return people by (person, viewer), where these see them (`users`, `blocks`).

    One statement for any number of viewers, as all who follow a subscription may be.
    """
    people, viewers = zip(*pairs, strict=True)
    asked = unnest_columns("asked", person=(people, Uuid()), viewer=(viewers, Uuid())).c
    seen = unhidden(users.c.id, asked.viewer)
    statement = select(asked.viewer, *_COLUMNS).where(users.c.id == asked.person, seen)
    records = (
        (viewer, UserRecord(*columns)) for viewer, *columns in await postgres.read(statement)
    )
    return {(record.id, viewer): record for viewer, record in records}


async def fetch_users_by_handles(
    postgres: Postgres, handles: Sequence[str], viewer: UUID | None = None
) -> Mapping[str, UserRecord]:
    """Return people by handle in lower case (`users`); of a viewer, those whom they see."""
    key = users.c.handle_key
    found = any_of(key, handles), unhidden(users.c.id, viewer)
    rows = await postgres.read(select(key, *_COLUMNS).where(*found))
    return {row[0]: UserRecord(*row[1:]) for row in rows}


async def fetch_followers(
    postgres: Postgres, ids: Sequence[UUID], request: PageRequest, viewer: UUID | None
) -> Mapping[UUID, Page[UserRecord]]:
    """Return the followers of each person, by their id, whoever followed last first.

    Only those whom the viewer sees (`user_follows`, `users`, `blocks`).
    """
    shown = unhidden(_FOLLOWER, viewer)
    return await fetch_pages(
        postgres,
        ids,
        request,
        keyset=FOLLOWERS,
        items_of=lambda person: (
            select(*_COLUMNS)
            .join(user_follows, users.c.id == _FOLLOWER)
            .where(person == _FOLLOWED, shown)
        ),
        order=[user_follows.c.seq],
        record=UserRecord,
    )


async def fetch_following(
    postgres: Postgres, ids: Sequence[UUID], request: PageRequest, viewer: UUID | None
) -> Mapping[UUID, Page[UserRecord]]:
    """Return whom each person follows, by their id, whoever was followed last first.

    Only those whom the viewer sees (`user_follows`, `users`, `blocks`).
    """
    shown = unhidden(_FOLLOWED, viewer)
    return await fetch_pages(
        postgres,
        ids,
        request,
        keyset=FOLLOWING,
        items_of=lambda person: (
            select(*_COLUMNS)
            .join(user_follows, users.c.id == _FOLLOWED)
            .where(person == _FOLLOWER, shown)
        ),
        order=[user_follows.c.seq],
        record=UserRecord,
    )


async def count_followers(
    postgres: Postgres, ids: Sequence[UUID], viewer: UUID | None
) -> Mapping[UUID, int]:
    """Return how many followers of each person the viewer sees (`user_follows`, `blocks`)."""
    return await fetch_counts(postgres, _FOLLOWED, ids, unhidden(_FOLLOWER, viewer))


async def count_following(
    postgres: Postgres, ids: Sequence[UUID], viewer: UUID | None
) -> Mapping[UUID, int]:
    """Return how many people that the viewer sees each follows (`user_follows`, `blocks`)."""
    return await fetch_counts(postgres, _FOLLOWER, ids, unhidden(_FOLLOWED, viewer))
