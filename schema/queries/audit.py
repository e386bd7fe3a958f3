"""The audit log, for admins."""

from typing import Annotated, Any

import strawberry
from strawberry.types import Info

from datasources.records.audit import AuditFilter, AuditRecord
from datasources.records.external_ids import EntityKind
from datasources.records.page import Page
from resolvers import audit_log
from resolvers.context import RequestContext
from resolvers.ids import parse_id_of
from schema.pagination import Connection
from schema.permissions import ADMIN
from schema.types.audit import AuditEntry
from schema.views import PAGE_ARGUMENTS


def _argument(description: str) -> Any:
    return strawberry.argument(description=description)


Person = strawberry.ID | None


@strawberry.type
class AuditQueries:
    """What has happened."""

    @strawberry.field(
        description="What has happened, the newest first. For admins.",
        graphql_type=Connection[AuditEntry] | None,
        directives=ADMIN.directives,
    )
    async def audit_log(
        self,
        info: Info[RequestContext, None],
        action: Annotated[str | None, _argument("Only this action, such as `signIn`.")] = None,
        actor_id: Annotated[Person, _argument("Only what this person did.")] = None,
        subject_id: Annotated[Person, _argument("Only what was done to this person.")] = None,
        first: Annotated[int | None, _argument(PAGE_ARGUMENTS["first"])] = None,
        after: Annotated[str | None, _argument(PAGE_ARGUMENTS["after"])] = None,
        last: Annotated[int | None, _argument(PAGE_ARGUMENTS["last"])] = None,
        before: Annotated[str | None, _argument(PAGE_ARGUMENTS["before"])] = None,
    ) -> Page[AuditRecord]:
        """Return a page of the log."""
        user = EntityKind.USER
        only = AuditFilter(
            action,
            None if actor_id is None else parse_id_of(user, actor_id),
            None if subject_id is None else parse_id_of(user, subject_id),
        )
        return await audit_log.audit_log(info.context, only, first, after, last, before)
