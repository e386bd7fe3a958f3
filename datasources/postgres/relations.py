"""How people stand to one another and to playlists: what decisions must know, by the batch."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Table, Uuid, select, tuple_

from datasources.postgres.client import Postgres
from datasources.postgres.reading import unnest_columns
from datasources.postgres.tables import playlist_collaborators, user_follows

Pair = tuple[UUID, UUID]


async def fetch_follows(postgres: Postgres, pairs: Sequence[Pair]) -> set[Pair]:
    """Return those of the pairs (a person, whom they may follow) that are so (`user_follows`)."""
    return await _fetch_pairs(postgres, pairs, user_follows, ("follower_id", "followed_id"))


async def fetch_collaborations(postgres: Postgres, pairs: Sequence[Pair]) -> set[Pair]:
    """Return those of the pairs (a person, a playlist) that are shared so, in any role.

    Read from `playlist_collaborators`.
    """
    return await _fetch_pairs(postgres, pairs, playlist_collaborators, ("user_id", "playlist_id"))


async def _fetch_pairs(
    postgres: Postgres, pairs: Sequence[Pair], table: Table, names: tuple[str, str]
) -> set[Pair]:
    firsts, seconds = zip(*pairs, strict=True)
    asked = unnest_columns("asked", first=(firsts, Uuid()), second=(seconds, Uuid()))
    columns = [table.c[name] for name in names]
    statement = select(*columns).where(tuple_(*columns).in_(select(asked.c.first, asked.c.second)))
    return {(first, second) for first, second in await postgres.read(statement)}
