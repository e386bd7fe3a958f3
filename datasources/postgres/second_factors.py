"""Second factors: the sealed secret in `accounts`, and `recovery_codes`."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, select, update

from datasources.postgres.account_tables import accounts, recovery_codes
from datasources.postgres.client import Connection, Postgres
from datasources.postgres.reading import any_of
from datasources.records.second_factors import SecondFactorRecord, TotpRecord


async def fetch_second_factors(
    postgres: Postgres, ids: Sequence[UUID]
) -> Mapping[UUID, SecondFactorRecord]:
    """Return what each account has, by its user's id (`accounts`, `recovery_codes`)."""
    left = (
        select(func.count())
        .where(recovery_codes.c.user_id == accounts.c.user_id, recovery_codes.c.used_at.is_(None))
        .scalar_subquery()
    )
    statement = select(accounts.c.user_id, accounts.c.totp_confirmed_at, left).where(
        any_of(accounts.c.user_id, ids)
    )
    return {row[0]: SecondFactorRecord(*row[1:]) for row in await postgres.read(statement)}


async def fetch_totp(connection: Connection, user_id: UUID) -> TotpRecord | None:
    """Return the authenticator of an account, confirmed or not; None where none was begun.

    The row of `accounts` is locked until the transaction ends.
    """
    columns = (accounts.c.totp_sealed, accounts.c.totp_confirmed_at, accounts.c.totp_last_step)
    statement = (
        select(*columns)
        .where(accounts.c.user_id == user_id, accounts.c.totp_sealed.is_not(None))
        .with_for_update()
    )
    row = (await connection.execute(statement)).one_or_none()
    return None if row is None else TotpRecord(*row)


async def begin_totp(connection: Connection, user_id: UUID, sealed: bytes) -> bool:
    """Keep the secret of an authenticator that is not yet confirmed, in place of another such.

    False where one is active: that stays as it is (`accounts`).
    """
    changed = await connection.execute(
        update(accounts)
        .where(accounts.c.user_id == user_id, accounts.c.totp_confirmed_at.is_(None))
        .values(totp_sealed=sealed, totp_last_step=0)
    )
    return changed.rowcount == 1


async def confirm_totp(connection: Connection, user_id: UUID, step: int, now: datetime) -> None:
    """Make the authenticator that was begun active; the code of `step` is used (`accounts`)."""
    await connection.execute(
        update(accounts)
        .where(accounts.c.user_id == user_id, accounts.c.totp_confirmed_at.is_(None))
        .values(totp_confirmed_at=now, totp_last_step=step)
    )


async def spend_step(connection: Connection, user_id: UUID, step: int) -> bool:
    """Use up the code of a step; False where it, or a later one, was used already (`accounts`)."""
    changed = await connection.execute(
        update(accounts)
        .where(accounts.c.user_id == user_id, accounts.c.totp_last_step < step)
        .values(totp_last_step=step)
    )
    return changed.rowcount == 1


async def remove_totp(connection: Connection, user_id: UUID) -> None:
    """Remove an authenticator and all recovery codes (`accounts`, `recovery_codes`)."""
    await connection.execute(
        update(accounts)
        .where(accounts.c.user_id == user_id)
        .values(totp_sealed=None, totp_confirmed_at=None, totp_last_step=0)
    )
    await connection.execute(delete(recovery_codes).where(recovery_codes.c.user_id == user_id))


async def replace_codes(connection: Connection, user_id: UUID, hashes: Sequence[bytes]) -> None:
    """Put recovery codes, given as hashes, in place of all others (`recovery_codes`)."""
    await connection.execute(delete(recovery_codes).where(recovery_codes.c.user_id == user_id))
    rows = [{"user_id": user_id, "hash": one} for one in hashes]
    await connection.execute(recovery_codes.insert(), rows)


async def spend_recovery_code(
    connection: Connection, user_id: UUID, hash_: bytes, now: datetime
) -> bool:
    """Use up a recovery code; False where there is none such, or it was used (`recovery_codes`)."""
    changed = await connection.execute(
        update(recovery_codes)
        .where(
            recovery_codes.c.user_id == user_id,
            recovery_codes.c.hash == hash_,
            recovery_codes.c.used_at.is_(None),
        )
        .values(used_at=now)
    )
    return changed.rowcount == 1
