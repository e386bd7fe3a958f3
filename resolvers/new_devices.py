"""Sign-ins from devices that were not seen before: noticed, and told to whose account it is."""

from uuid import UUID

from auth.browsers import browser_of
from auth.devices import device_of
from auth.principal import SessionKind
from datasources.postgres.audit import has_signed_in
from datasources.postgres.client import Connection
from datasources.postgres.token_families import has_family_from
from resolvers.context import RequestContext
from resolvers.notifying import NewNotification, NotificationKind


async def is_new_device(
    context: RequestContext, connection: Connection, user_id: UUID, kind: SessionKind
) -> bool:
    """Return whether a person signs in from somewhere new; asked before this sign-in is written.

    A browser is known by the mark that it got when they signed in there before. An app has none:
    it is known where one of its name signed in from the same address, and its tokens are not over
    for long (`token_families`). The first sign-in of all is nothing new (`audit_log`).
    """
    client = context.client
    if browser_of(context.identity.vault, client.browser_mark, str(user_id)) is not None:
        return False
    if kind is SessionKind.TOKENS and await has_family_from(
        connection, user_id, device_of(client.user_agent), client.address
    ):
        return False
    return await has_signed_in(connection, user_id)


def new_device(context: RequestContext, user_id: UUID) -> NewNotification:
    """Return what a person is told of it."""
    client = context.client
    return NewNotification(
        user_id,
        NotificationKind.NEW_DEVICE,
        context.clock(),
        device=device_of(client.user_agent),
        address=client.address,
    )
