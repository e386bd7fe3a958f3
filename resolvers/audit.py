"""Who did what: the entries of one operation for the audit log."""

import asyncio
from dataclasses import replace
from hashlib import sha256
from uuid import UUID

import structlog

from auth.principal import Principal, PrincipalKind
from datasources.ids import first_id_of, new_id
from datasources.postgres.audit import record_once
from datasources.records.audit import AuditRecord, AuditResult
from resolvers.attempts import network_of
from resolvers.context import RequestContext

_MAX_USER_AGENT = 300

DENIED = "denied"

_MAX_NAMED = 20  # of the coordinates that one entry names
_SLOTS = 16  # entries of one caller in one minute, at most
_PATIENCE_S = 2.0  # an answer does not wait longer for its entry

log = structlog.get_logger(__name__)


def entry(
    context: RequestContext,
    action: str,
    *,
    result: AuditResult = AuditResult.DONE,
    subject_id: UUID | None = None,
    actor_id: UUID | None = None,
    **details: object,
) -> AuditRecord:
    """Return what the caller does, for `datasources.postgres.audit.record`.

    The subject is the caller where no other is named, or the owner of its key; `actor_id` names who
    signs in just now.
    """
    principal = context.principal
    actor = actor_id or principal.user_id
    owner = principal.key.owner_id if principal.key is not None else None
    return AuditRecord(
        id=new_id(),
        at=context.clock(),
        action=action,
        result=result,
        actor_kind=str(principal.kind),
        actor_id=actor,
        subject_id=subject_id or actor or owner,
        address=context.client.address,
        user_agent=context.client.user_agent[:_MAX_USER_AGENT],
        request_id=context.request_id,
        details={**_named(principal), **details},
    )


def _named(principal: Principal) -> dict[str, object]:
    """Return what names a caller that is no person: its key, its app, or the service's name."""
    named: dict[str, object] = {}
    if principal.app_id is not None:
        named["app"] = str(principal.app_id)
    if principal.key is not None:
        named["apiKey"] = str(principal.key.id)
    if principal.service is not None:
        named["service"] = principal.service
    return named


def by_nobody(failed: AuditRecord) -> AuditRecord:
    """Return the entry of a sign-in that failed: whoever else is signed in there did not do it.

    So the account's owner sees from where it was tried.
    """
    return replace(failed, actor_kind=str(PrincipalKind.ANONYMOUS), actor_id=None)


async def record_denials(context: RequestContext) -> None:
    """Write what the operation was refused, once for all of it (`audit_log`).

    Nothing is written where nothing was refused. Of the same refusals of one caller (a person, a
    key, a service, or a network address) there is one entry a minute, and of all of them 16: the
    id is made of these, and an id is written once, whichever process does it. So nobody fills the
    disk by asking.

    Fails open: the answer is made, and stays as it is, where PostgreSQL does not take the entry.
    """
    denied = sorted(context.reply.denied)
    if not denied:
        return
    noted = entry(context, DENIED, result=AuditResult.DENIED, what=denied[:_MAX_NAMED])
    noted = replace(noted, id=_id_of_denial(noted, denied))
    try:
        async with (
            asyncio.timeout(_PATIENCE_S),
            context.stores.postgres.transaction() as connection,
        ):
            await record_once(connection, noted)
    except Exception as error:  # noqa: BLE001  whatever it is, the answer is made
        log.warning("denial not recorded", error=type(error).__name__, what=denied[:_MAX_NAMED])


def _id_of_denial(noted: AuditRecord, denied: list[str]) -> UUID:
    """Return the id, of version 7, that all entries have which are to be one."""
    callers = (noted.details.get(kind) for kind in ("apiKey", "app", "service"))
    named = next(filter(None, callers), noted.actor_id)
    who = str(named or network_of(noted.address))
    slot = sha256(" ".join(denied).encode()).digest()[0] % _SLOTS
    minute = first_id_of(noted.at.replace(second=0, microsecond=0)).int
    rest = int.from_bytes(sha256(f"{noted.action} {who} {slot}".encode()).digest()[:10])
    version, variant = 0x7 << 76, 0b10 << 62
    return UUID(int=minute | version | variant | rest & ~(0xF << 76) & ~(0b11 << 62))
