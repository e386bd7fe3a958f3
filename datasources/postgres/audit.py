"""The audit log: it only grows."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Select,
    Uuid,
    case,
    exists,
    func,
    literal,
    literal_column,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from datasources.postgres.account_tables import audit_log
from datasources.postgres.client import Postgres
from datasources.postgres.paging import fetch_page, fetch_pages
from datasources.postgres.reading import columns_of, unnest
from datasources.records.audit import AuditFilter, AuditRecord
from datasources.records.page import Keyset, Page, PageRequest

AUDIT_LOG = Keyset("audit-log", (UUID,), descending=True)
SECURITY_EVENTS = Keyset("security-events", (UUID,), descending=True)

_COLUMNS = columns_of(AuditRecord, audit_log)


async def record(connection: AsyncConnection, entry: AuditRecord) -> None:
    """Write what happens, in the transaction in which it does (`audit_log`)."""
    await connection.execute(audit_log.insert().values(**asdict(entry)))


async def record_once(connection: AsyncConnection, entry: AuditRecord) -> None:
    """Write an entry, or nothing where there is one of its id already (`audit_log`)."""
    statement = insert(audit_log).values(**asdict(entry))
    await connection.execute(statement.on_conflict_do_nothing(index_elements=["id"]))


async def has_signed_in(connection: AsyncConnection, user_id: UUID) -> bool:
    """Return whether a person has signed in before (`audit_log`)."""
    log = audit_log.c
    before = exists().where(log.actor_id == user_id, log.action == "signIn")
    return bool((await connection.execute(select(before))).scalar_one())


async def fetch_entries(
    postgres: Postgres, only: AuditFilter, request: PageRequest
) -> Page[AuditRecord]:
    """Return a page of the log, the newest first (`audit_log`)."""
    return await fetch_page(
        postgres,
        select(*_COLUMNS).where(*_fits(only)),
        request,
        keyset=AUDIT_LOG,
        order=[audit_log.c.id],
        record=AuditRecord,
    )


async def count_entries(
    postgres: Postgres, filters: Sequence[AuditFilter]
) -> Mapping[AuditFilter, int]:
    """Return how many entries fit each filter, in one statement (`audit_log`)."""
    counts = [
        select(literal(place), func.count()).select_from(audit_log).where(*_fits(only))
        for place, only in enumerate(filters)
    ]
    return {filters[place]: count for place, count in await postgres.read(union_all(*counts))}


def _fits(only: AuditFilter) -> list[ColumnElement[bool]]:
    return [audit_log.c[name] == value for name, value in asdict(only).items() if value is not None]


# --- of one person ------------------------------------------------------------------------------


async def fetch_events_of_users(
    postgres: Postgres, ids: Sequence[UUID], request: PageRequest
) -> Mapping[UUID, Page[AuditRecord]]:
    """Return what each person did, or what was done to them, the newest first (`audit_log`).

    Where somebody else did it, their address and device are empty.
    """
    return await fetch_pages(
        postgres,
        ids,
        request,
        keyset=SECURITY_EVENTS,
        items_of=_events_of,
        order=[literal_column("event.id", Uuid)],
        record=AuditRecord,
    )


async def count_events_of_users(postgres: Postgres, ids: Sequence[UUID]) -> Mapping[UUID, int]:
    """Return how many events each person has; one without any is absent (`audit_log`)."""
    person = unnest("person", list(ids), Uuid())
    event = _events_of(person.c.value).lateral("counted")
    statement = (
        select(person.c.value, func.count())
        .select_from(person.join(event, literal_column("true")))
        .group_by(person.c.value)
    )
    return {row[0]: row[1] for row in await postgres.read(statement)}


def _events_of(person: ColumnElement[UUID]) -> Select[tuple[object, ...]]:
    """Return the events of one person: two halves, each with an index."""
    entry = audit_log.c
    own = entry.actor_id.is_(None) | (entry.actor_id == person)
    shown = [
        case((own, column), else_="").label(column.name)
        if column.name in {"address", "user_agent"}
        else column
        for column in _COLUMNS
    ]
    to_them = select(*shown).where(entry.subject_id == person)
    by_them = select(*shown).where(
        entry.actor_id == person, entry.subject_id.is_distinct_from(person)
    )
    halves = (half.correlate_except(audit_log) for half in (to_them, by_them))
    event = union_all(*halves).subquery("event")
    return select(*event.c)
