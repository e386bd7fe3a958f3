"""Changes to who follows whom."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from datasources.postgres.reading import any_of
from datasources.postgres.tables import user_follows, users

_of = user_follows.c


async def hold_people(connection: AsyncConnection, *ids: UUID) -> set[UUID]:
    """Return those of the people that are there (`users`); they stay until the transaction ends."""
    id_ = users.c.id
    statement = select(id_).where(any_of(id_, ids)).order_by(id_)
    held = await connection.execute(statement.with_for_update(read=True, key_share=True))
    return set(held.scalars())


async def write_follow(
    connection: AsyncConnection, follower: UUID, followed: UUID, at: datetime
) -> bool:
    """Let one person follow another (`user_follows`); return False where they do already."""
    row = {"follower_id": follower, "followed_id": followed, "followed_at": at}
    statement = insert(user_follows).values(row).on_conflict_do_nothing().returning(_of.followed_id)
    return (await connection.execute(statement)).first() is not None


async def remove_follow(connection: AsyncConnection, follower: UUID, followed: UUID) -> bool:
    """Let one person no longer follow another (`user_follows`); return False where they did not."""
    statement = delete(user_follows).where(_of.follower_id == follower, _of.followed_id == followed)
    return (await connection.execute(statement.returning(_of.followed_id))).first() is not None
