"""Who did what: the entry of one operation for the audit log."""

from uuid import UUID

from datasources.ids import new_id
from datasources.records.audit import AuditRecord, AuditResult
from resolvers.context import RequestContext

_MAX_USER_AGENT = 300


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

    The subject is the caller where no other is named; `actor_id` names who signs in just now.
    """
    principal = context.principal
    actor = actor_id or principal.user_id
    return AuditRecord(
        id=new_id(),
        at=context.clock(),
        action=action,
        result=result,
        actor_kind=str(principal.kind),
        actor_id=actor,
        subject_id=subject_id or actor,
        address=context.client.address,
        user_agent=context.client.user_agent[:_MAX_USER_AGENT],
        request_id=context.request_id,
        details=details,
    )
