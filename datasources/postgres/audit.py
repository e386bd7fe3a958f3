"""The audit log: it only grows."""

from dataclasses import asdict

from sqlalchemy.ext.asyncio import AsyncConnection

from datasources.postgres.account_tables import audit_log
from datasources.records.audit import AuditRecord


async def record(connection: AsyncConnection, entry: AuditRecord) -> None:
    """Write what happens, in the transaction in which it does (`audit_log`)."""
    await connection.execute(audit_log.insert().values(**asdict(entry)))
