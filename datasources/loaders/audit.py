"""Loaders of the audit log."""

from datasources.loaders.batch import Batch, PagedBatch
from datasources.loaders.sources import from_postgres, pages_from_postgres
from datasources.postgres import audit

CountOfAuditLog = Batch("CountOfAuditLog", from_postgres(audit.count_entries))

SecurityEventsOfUser = PagedBatch(
    "SecurityEventsOfUser",
    pages_from_postgres(audit.fetch_events_of_users),
    keyset=audit.SECURITY_EVENTS,
    total=Batch("SecurityEventCountOfUser", from_postgres(audit.count_events_of_users), missing=0),
)
