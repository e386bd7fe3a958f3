"""What leads into an account: none of it is removed where nothing else would be left."""

from datasources.postgres.client import Connection
from datasources.postgres.identities import count_identities
from datasources.postgres.passkeys import count_passkeys
from datasources.records.accounts import AccountRecord
from resolvers.context import RequestContext


async def has_way_in(
    context: RequestContext, connection: Connection, account: AccountRecord | None
) -> bool:
    """Whether the owner of an account that is held can sign in: asked once something is removed.

    By password, by passkey, or at a provider that is configured today.
    """
    if account is None:
        return False
    if account.password_hash is not None:
        return True
    if await count_passkeys(connection, account.user_id):
        return True
    issuers = [one.issuer for one in context.identity.providers.values()]
    return await count_identities(connection, account.user_id, issuers) > 0
