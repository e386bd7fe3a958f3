"""Following playlists: each change keeps the number of followers right."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, delete, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from datasources.postgres.tables import playlist_followers, playlists


async def follow_playlist(
    connection: AsyncConnection, playlist_id: UUID, user_id: UUID, at: datetime
) -> bool:
    """Let a person follow a playlist that is locked; False where they did so before.

    Writes `playlist_followers` and `playlists`.
    """
    row = {"playlist_id": playlist_id, "user_id": user_id, "followed_at": at}
    statement = insert(playlist_followers).values(row).on_conflict_do_nothing()
    new = (await connection.execute(statement)).rowcount > 0
    if new:
        await _count(connection, playlist_id, 1)
    return new


async def unfollow_playlist(connection: AsyncConnection, playlist_id: UUID, user_id: UUID) -> bool:
    """Let a person not follow a playlist that is locked; False where they did not before.

    Writes `playlist_followers` and `playlists`.
    """
    theirs = playlist_followers.c.user_id == user_id
    return await remove_followers(connection, playlist_id, theirs) > 0


async def remove_followers(
    connection: AsyncConnection, playlist_id: UUID, which: ColumnElement[bool]
) -> int:
    """Let some of the followers of a locked playlist go, and return how many they were.

    `which` is a condition on `playlist_followers`. Writes that and `playlists`.
    """
    its = playlist_followers.c.playlist_id == playlist_id
    gone = (await connection.execute(delete(playlist_followers).where(its, which))).rowcount
    if gone:
        await _count(connection, playlist_id, -gone)
    return gone


async def _count(connection: AsyncConnection, playlist_id: UUID, more: int) -> None:
    statement = update(playlists).where(playlists.c.id == playlist_id)
    await connection.execute(statement.values(follower_count=playlists.c.follower_count + more))
