"""Entries of the audit log, as admins see them."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import strawberry

from datasources.loaders.users import UserById
from datasources.records.audit import AuditRecord, AuditResult
from resolvers.ids import global_id
from schema.types.user import User
from schema.views import attribute, computed, loaded, view


@strawberry.type(description="More about what happened.")
class AuditDetail:
    """A name and a value, both texts."""

    name: str = strawberry.field(description="What it is.")
    value: str = strawberry.field(description="Its value; lists have commas.")


def _details(entry: AuditRecord) -> list[AuditDetail]:
    return [AuditDetail(name=name, value=_text(value)) for name, value in entry.details.items()]


def _text(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _id(entry: AuditRecord) -> str:
    return global_id("AuditEntry", entry.id)


def _person(id_of: Callable[[AuditRecord], UUID | None]) -> Callable[[AuditRecord], str | None]:
    def shown(entry: AuditRecord) -> str | None:
        person = id_of(entry)
        return None if person is None else global_id("User", person)

    return shown


@view(AuditRecord, description="Something that happened: who did what to whom, and how it ended.")
class AuditEntry:
    """A view over `AuditRecord`."""

    id: strawberry.ID = computed(_id, "Opaque id of the entry.")
    at: datetime = attribute("When it happened.")
    action: str = attribute("What was done, as the mutation is called; `denied` for a refusal.")
    result: AuditResult = attribute("How it ended.")
    actor_kind: str = attribute("What the one who did it showed: a session, a key, or nothing.")
    actor_id: strawberry.ID | None = computed(
        _person(lambda entry: entry.actor_id), "Who did it; null for nobody who was known."
    )
    actor: User | None = loaded(
        UserById, key="actor_id", description="Who did it; null also where they are gone."
    )
    subject_id: strawberry.ID | None = computed(
        _person(lambda entry: entry.subject_id), "To whom it was done."
    )
    subject: User | None = loaded(
        UserById, key="subject_id", description="To whom it was done; null where they are gone."
    )
    address: str = attribute("The network address that it came from.")
    user_agent: str = attribute("What the client called itself.")
    request_id: str = attribute("The request, as logs name it.")
    details: list[AuditDetail] = computed(_details, "More about it.")
