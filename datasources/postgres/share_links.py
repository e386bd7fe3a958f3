"""Links that let whoever has one work on a playlist; of their secrets only a hash is kept."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from datasources.postgres.client import Postgres
from datasources.postgres.playlist_tables import share_links
from datasources.postgres.reading import any_of, columns_of, fetch_by_ids, fetch_lists
from datasources.records.collaboration import ShareLinkRecord

_COLUMNS = columns_of(ShareLinkRecord, share_links)


async def insert_link(
    connection: AsyncConnection, link: ShareLinkRecord, hashed: bytes, created_by: UUID
) -> None:
    """Write a link, by the hash of its secret (`share_links`)."""
    statement = insert(share_links).values(**asdict(link), hash=hashed, created_by=created_by)
    await connection.execute(statement)


async def count_open_links(connection: AsyncConnection, playlist_id: UUID, now: datetime) -> int:
    """Return how many links to a playlist can be redeemed; the others are forgotten.

    `share_links`.
    """
    link = share_links.c
    over = link.revoked_at.is_not(None) | (link.expires_at <= now) | (link.once & (link.uses > 0))
    its = link.playlist_id == playlist_id
    await connection.execute(delete(share_links).where(its, over))
    return int((await connection.execute(select(func.count()).where(its))).scalar_one())


async def find_link(connection: AsyncConnection, hashed: bytes) -> ShareLinkRecord | None:
    """Return the link with a secret of this hash, whether it opens or not (`share_links`)."""
    return await _fetch_one(connection, share_links.c.hash == hashed)


async def fetch_link(connection: AsyncConnection, link_id: UUID) -> ShareLinkRecord | None:
    """Return a link, whether it opens or not; None where there is none (`share_links`)."""
    return await _fetch_one(connection, share_links.c.id == link_id)


async def spend_link(connection: AsyncConnection, link_id: UUID) -> None:
    """Count a redemption of a link; its playlist is locked (`share_links`)."""
    statement = update(share_links).where(share_links.c.id == link_id)
    await connection.execute(statement.values(uses=share_links.c.uses + 1))


async def revoke_link(connection: AsyncConnection, link_id: UUID, at: datetime) -> None:
    """Let a link open nothing any more (`share_links`)."""
    statement = update(share_links).where(
        share_links.c.id == link_id, share_links.c.revoked_at.is_(None)
    )
    await connection.execute(statement.values(revoked_at=at))


async def fetch_links_by_ids(
    postgres: Postgres, ids: Sequence[UUID]
) -> Mapping[UUID, ShareLinkRecord]:
    """Return links by id, whether they open or not (`share_links`)."""
    return await fetch_by_ids(postgres, ShareLinkRecord, share_links, ids)


async def fetch_links_of_playlists(
    postgres: Postgres, ids: Sequence[UUID]
) -> Mapping[UUID, Sequence[ShareLinkRecord]]:
    """Return the links to each playlist, the newest first (`share_links`).

    Those that are over, too, until another is made.
    """
    statement = (
        select(share_links.c.playlist_id.label("parent"), *_COLUMNS)
        .where(any_of(share_links.c.playlist_id, ids))
        .order_by(share_links.c.playlist_id, share_links.c.id.desc())
    )
    return await fetch_lists(postgres, statement, ShareLinkRecord)


async def _fetch_one(
    connection: AsyncConnection, which: ColumnElement[bool]
) -> ShareLinkRecord | None:
    row = (await connection.execute(select(*_COLUMNS).where(which))).one_or_none()
    return None if row is None else ShareLinkRecord(*row)
