"""What a person sees of the audit log: what concerns them."""

from datetime import datetime

import strawberry

from auth.devices import device_of
from datasources.records.audit import AuditRecord, AuditResult
from resolvers.ids import global_id
from schema.views import attribute, computed, view


def _id(entry: AuditRecord) -> str:
    return global_id("AuditEntry", entry.id)


def _device(entry: AuditRecord) -> str | None:
    return device_of(entry.user_agent) if entry.user_agent else None


def _address(entry: AuditRecord) -> str | None:
    return entry.address or None


@view(AuditRecord, description="Something that happened to one's account.")
class SecurityEvent:
    """What a person sees of an entry that concerns them."""

    id: strawberry.ID = computed(_id, "Opaque id of the event.")
    at: datetime = attribute("When it happened.")
    action: str = attribute("What was done, as the mutation is called; `denied` for a refusal.")
    result: AuditResult = attribute("How it ended.")
    address: str | None = computed(
        _address, "The network address that it came from; null where somebody else did it."
    )
    device: str | None = computed(
        _device, "Browser or app, and its system; null where somebody else did it."
    )
