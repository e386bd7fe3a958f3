"""Families of refresh tokens: each is what one sign-in of an app has become."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from datasources.postgres.account_tables import accounts, refresh_tokens, token_families
from datasources.postgres.client import Postgres
from datasources.records.sessions import ListedSession
from datasources.records.tokens import RefreshRecord

_ALIVE = token_families.c.revoked_at.is_(None)


async def insert_family(
    connection: AsyncConnection,
    family_id: UUID,
    user_id: UUID,
    *,
    device: str,
    address: str,
    created_at: datetime,
    expires_at: datetime,
    app_id: UUID | None = None,
    scopes: Sequence[str] | None = None,
) -> None:
    """Begin a family: of a sign-in, or of what an app may do (`token_families`)."""
    await connection.execute(
        token_families.insert().values(
            id=family_id,
            user_id=user_id,
            app_id=app_id,
            scopes=None if scopes is None else list(scopes),
            device=device,
            address=address,
            created_at=created_at,
            last_used_at=created_at,
            expires_at=expires_at,
        )
    )


async def has_family_from(
    connection: AsyncConnection, user_id: UUID, device: str, address: str
) -> bool:
    """Return whether a person signed in with such a device from an address (`token_families`)."""
    theirs = token_families.c
    same = (theirs.user_id == user_id, theirs.device == device, theirs.address == address)
    return bool((await connection.execute(select(exists().where(*same)))).scalar_one())


async def insert_refresh_token(
    connection: AsyncConnection, token_hash: bytes, family_id: UUID, expires_at: datetime
) -> None:
    """Add a token to its family (`refresh_tokens`)."""
    await connection.execute(
        refresh_tokens.insert().values(hash=token_hash, family_id=family_id, expires_at=expires_at)
    )


async def lock_refresh_token(
    connection: AsyncConnection, token_hash: bytes, app_id: UUID | None = None
) -> RefreshRecord | None:
    """Return the token with this hash, or None; its family is held until the transaction ends.

    It is one of this app, or, with None, of a sign-in: those of others are not there.

    The family is locked before anything is read, so that of two that come at once the second sees
    what the first has done (`token_families`, `refresh_tokens`, `accounts`).
    """
    family = select(refresh_tokens.c.family_id).where(refresh_tokens.c.hash == token_hash)
    lock = (
        select(token_families.c.id)
        .where(
            token_families.c.id == family.scalar_subquery(),
            token_families.c.app_id.is_not_distinct_from(app_id),
        )
        .with_for_update()
    )
    if (await connection.execute(lock)).one_or_none() is None:
        return None
    statement = (
        select(
            token_families.c.id,
            token_families.c.user_id,
            refresh_tokens.c.expires_at,
            refresh_tokens.c.used_at,
            token_families.c.created_at,
            token_families.c.expires_at,
            token_families.c.revoked_at,
            accounts.c.role,
            accounts.c.demo,
            accounts.c.disabled_at,
            token_families.c.scopes,
        )
        .select_from(refresh_tokens)
        .join(token_families, token_families.c.id == refresh_tokens.c.family_id)
        .join(accounts, accounts.c.user_id == token_families.c.user_id)
        .where(refresh_tokens.c.hash == token_hash)
    )
    row = (await connection.execute(statement)).one_or_none()
    return None if row is None else RefreshRecord(*tuple(row))


async def count_unused(connection: AsyncConnection, family_id: UUID) -> int:
    """Return how many tokens of a family wait to be exchanged (`refresh_tokens`)."""
    unused = (refresh_tokens.c.family_id == family_id, refresh_tokens.c.used_at.is_(None))
    counted = select(func.count()).select_from(refresh_tokens).where(*unused)
    return (await connection.execute(counted)).scalar_one()


async def spend_tokens(connection: AsyncConnection, family_id: UUID, at: datetime) -> None:
    """Mark all unused tokens of a family as used: one line of descent goes on.

    So a copy that somebody made within the time of grace is found out, too. What has expired is
    removed (`refresh_tokens`).
    """
    of_family = refresh_tokens.c.family_id == family_id
    await connection.execute(
        delete(refresh_tokens).where(of_family, refresh_tokens.c.expires_at <= at)
    )
    unused = refresh_tokens.c.used_at.is_(None)
    await connection.execute(update(refresh_tokens).where(of_family, unused).values(used_at=at))


async def touch_family(
    connection: AsyncConnection, family_id: UUID, *, at: datetime, device: str, address: str
) -> None:
    """Say that a family is in use, and from where (`token_families`)."""
    used = update(token_families).where(token_families.c.id == family_id)
    await connection.execute(used.values(last_used_at=at, device=device, address=address))


async def revoke_family(
    connection: AsyncConnection, user_id: UUID, family_id: UUID, at: datetime
) -> bool:
    """End a person's family; return False where they have none of this id that is alive."""
    theirs = (token_families.c.id == family_id, token_families.c.user_id == user_id)
    statement = (
        update(token_families)
        .where(*theirs, _ALIVE, token_families.c.expires_at > at)
        .values(revoked_at=at)
        .returning(token_families.c.id)
    )
    return (await connection.execute(statement)).one_or_none() is not None


async def revoke_families(
    connection: AsyncConnection, user_id: UUID, at: datetime, keep: UUID | None = None
) -> Sequence[UUID]:
    """End all families of a person but `keep`; return those that ended (`token_families`)."""
    statement = update(token_families).where(token_families.c.user_id == user_id, _ALIVE)
    if keep is not None:
        statement = statement.where(token_families.c.id != keep)
    ended = statement.values(revoked_at=at).returning(token_families.c.id)
    return list((await connection.execute(ended)).scalars())


async def revoke_families_of_app(
    connection: AsyncConnection, app_id: UUID, at: datetime
) -> Sequence[UUID]:
    """End all families of an app, of anybody; return those that ended (`token_families`)."""
    theirs = update(token_families).where(token_families.c.app_id == app_id, _ALIVE)
    ended = theirs.values(revoked_at=at).returning(token_families.c.id)
    return list((await connection.execute(ended)).scalars())


async def revoke_oldest(
    connection: AsyncConnection,
    user_id: UUID,
    at: datetime,
    *,
    keep: int,
    app_id: UUID | None = None,
) -> Sequence[UUID]:
    """End a person's families that are alive, but the `keep` that were used last; return those.

    Of this app, or, with None, of their own sign-ins: an app pushes out nothing but its own. In no
    order (`token_families`).
    """
    columns = token_families.c
    beyond = (
        select(columns.id)
        .where(
            columns.user_id == user_id,
            columns.app_id.is_not_distinct_from(app_id),
            _ALIVE,
            columns.expires_at > at,
        )
        .order_by(columns.last_used_at.desc(), columns.id.desc())
        .offset(keep)
    )
    statement = update(token_families).where(columns.id.in_(beyond)).values(revoked_at=at)
    return list((await connection.execute(statement.returning(columns.id))).scalars())


async def fetch_families_of(
    postgres: Postgres, user_id: UUID, now: datetime
) -> Sequence[ListedSession]:
    """Return a person's sign-ins that are alive, in no order (`token_families`)."""
    columns = token_families.c
    statement = select(
        columns.id, columns.device, columns.address, columns.created_at, columns.last_used_at
    ).where(columns.user_id == user_id, columns.app_id.is_(None), _ALIVE, columns.expires_at > now)
    return [
        ListedSession(str(row.id), tokens=True, **dict(zip(row._fields[1:], row[1:], strict=True)))
        for row in await postgres.read(statement)
    ]
