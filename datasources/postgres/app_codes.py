"""Codes on their way to an app's tokens: `authorization_codes` and `device_codes`."""

from dataclasses import asdict
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Table, delete, select, update
from sqlalchemy.dialects.postgresql import insert

from datasources.postgres.account_tables import accounts
from datasources.postgres.app_tables import authorization_codes, device_codes
from datasources.postgres.client import Connection
from datasources.postgres.reading import columns_of
from datasources.records.apps import CodeRecord, DeviceRecord, Holder

_CODE = columns_of(CodeRecord, authorization_codes)
_DEVICE = columns_of(DeviceRecord, device_codes)
_HOLDER = columns_of(Holder, accounts)
_KEPT_FOR = timedelta(days=1)
"""How long a code that was used is told from an unknown one when it comes again."""
_ROWS_AT_ONCE = 100


async def insert_code(connection: Connection, code: CodeRecord) -> None:
    """Keep a code; some of those that expired a day ago are removed (`authorization_codes`)."""
    await _remove_old(connection, authorization_codes, code.created_at - _KEPT_FOR)
    await connection.execute(authorization_codes.insert().values(**asdict(code)))


async def lock_code(connection: Connection, code_hash: bytes, app_id: UUID) -> CodeRecord | None:
    """Return a code of this app, held until the transaction ends; None where it has none such."""
    of_app = (authorization_codes.c.hash == code_hash, authorization_codes.c.app_id == app_id)
    statement = select(*_CODE).where(*of_app).with_for_update()
    row = (await connection.execute(statement)).one_or_none()
    return None if row is None else CodeRecord(*row)


async def mark_code(
    connection: Connection,
    code_hash: bytes,
    *,
    used_at: datetime | None = None,
    replayed_at: datetime | None = None,
) -> None:
    """Write that a code was used, or came again (`authorization_codes`)."""
    given = {"used_at": used_at, "replayed_at": replayed_at}
    values = {name: at for name, at in given.items() if at is not None}
    marked = update(authorization_codes).where(authorization_codes.c.hash == code_hash)
    await connection.execute(marked.values(**values))


async def was_replayed(connection: Connection, code_hash: bytes) -> bool:
    """Whether a code came again, or is gone; it is held until the transaction ends."""
    statement = (
        select(authorization_codes.c.replayed_at)
        .where(authorization_codes.c.hash == code_hash)
        .with_for_update()
    )
    row = (await connection.execute(statement)).one_or_none()
    return row is None or row[0] is not None


async def lock_holder(connection: Connection, user_id: UUID) -> Holder | None:
    """Return the person for whom tokens are made, held until the transaction ends (`accounts`)."""
    statement = select(*_HOLDER).where(accounts.c.user_id == user_id).with_for_update(read=True)
    row = (await connection.execute(statement)).one_or_none()
    return None if row is None else Holder(*row)


# --- devices ------------------------------------------------------------------------------------


async def insert_device(connection: Connection, device: DeviceRecord) -> bool:
    """Keep a device that waits; False where its user code is taken (`device_codes`)."""
    await _remove_old(connection, device_codes, device.created_at)
    statement = insert(device_codes).values(**asdict(device))
    added = await connection.execute(statement.on_conflict_do_nothing())
    return added.rowcount == 1


async def lock_device(connection: Connection, code_hash: bytes) -> DeviceRecord | None:
    """Return the device with this code, held until the transaction ends (`device_codes`)."""
    statement = select(*_DEVICE).where(device_codes.c.hash == code_hash).with_for_update()
    row = (await connection.execute(statement)).one_or_none()
    return None if row is None else DeviceRecord(*row)


async def lock_device_of_user_code(connection: Connection, user_code: str) -> DeviceRecord | None:
    """Return the device that shows this code, held until the transaction ends."""
    statement = select(*_DEVICE).where(device_codes.c.user_code == user_code).with_for_update()
    row = (await connection.execute(statement)).one_or_none()
    return None if row is None else DeviceRecord(*row)


async def note_poll(
    connection: Connection, code_hash: bytes, at: datetime, interval_s: int
) -> None:
    """Write when a device asked, and how long it has to wait (`device_codes`)."""
    polled = update(device_codes).where(device_codes.c.hash == code_hash)
    await connection.execute(polled.values(polled_at=at, interval_s=interval_s))


async def decide_device(
    connection: Connection,
    code_hash: bytes,
    user_id: UUID,
    authenticated_at: datetime,
    *,
    approved: bool,
) -> None:
    """Write what a person decided about a device (`device_codes`)."""
    decided = update(device_codes).where(device_codes.c.hash == code_hash)
    await connection.execute(
        decided.values(approved=approved, user_id=user_id, authenticated_at=authenticated_at)
    )


async def take_device(connection: Connection, code_hash: bytes) -> bool:
    """Remove a device's code: the first to do so gets True (`device_codes`)."""
    gone = await connection.execute(delete(device_codes).where(device_codes.c.hash == code_hash))
    return gone.rowcount == 1


async def remove_codes_of(connection: Connection, user_id: UUID) -> None:
    """Remove what a person let in that has no tokens yet: codes, and devices that were let in.

    For who holds their account. From `authorization_codes`, `device_codes`.
    """
    await connection.execute(
        delete(authorization_codes).where(authorization_codes.c.user_id == user_id)
    )
    let_in = (device_codes.c.user_id == user_id, device_codes.c.approved)
    await connection.execute(delete(device_codes).where(*let_in))


async def _remove_old(connection: Connection, table: Table, until: datetime) -> None:
    """Remove some rows that expired until then, but none that somebody else holds."""
    old = (
        select(table.c.hash)
        .where(table.c.expires_at <= until)
        .limit(_ROWS_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    await connection.execute(delete(table).where(table.c.hash.in_(old)))
