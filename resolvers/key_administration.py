"""What operators do with anybody's API keys from the command line."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from datasources.postgres import api_keys as stored
from datasources.postgres import audit
from datasources.postgres.accounts import fetch_account_of_login
from datasources.records.api_keys import ApiKeyPlan, ApiKeyRecord
from resolvers.api_keys import ApiKeyCreated, NewApiKey, make_api_key
from resolvers.attempts import login_key
from resolvers.audit import entry
from resolvers.context import RequestContext
from resolvers.credentials import key_changed
from resolvers.errors import NotFound

_ACTOR = "COMMAND_LINE"


async def create_key_for(
    context: RequestContext, login: str, new: NewApiKey, plan: ApiKeyPlan
) -> ApiKeyCreated:
    """Make a key for somebody, on any plan; they get a mail.

    Raises:
        NotFound: nobody signs in so.
        InvalidInput: a value that cannot be taken.
        LimitExceeded: they have as many as they may.
    """
    owner = await _owner(context, login)
    return await make_api_key(context, owner, new, plan, actor_kind=_ACTOR)


async def revoke_any_key(context: RequestContext, key_id: UUID) -> bool:
    """End a key, whoever's it is; return False where it was revoked already.

    Raises:
        NotFound: there is no such key.
    """
    async with context.stores.postgres.transaction() as connection:
        key = await stored.lock_key(connection, key_id)
        if key is None:
            raise NotFound(f"There is no key {key_id}.")
        revoked = await stored.revoke_key(connection, key_id, context.clock())
        if revoked:
            noted = entry(context, "revokeApiKey", subject_id=key.user_id, apiKey=str(key_id))
            await audit.record(connection, replace(noted, actor_kind=_ACTOR))
    if revoked:
        await key_changed(context, key.user_id, key_id)
    return revoked


async def list_keys(
    context: RequestContext, login: str | None, *, after: UUID | None = None, limit: int
) -> Sequence[ApiKeyRecord]:
    """Return keys of everybody, or of one person, the newest first.

    Raises:
        NotFound: nobody signs in so.
    """
    owner = None if login is None else await _owner(context, login)
    return await stored.fetch_all_keys(
        context.stores.postgres, owner=owner, after=after, limit=limit
    )


async def _owner(context: RequestContext, login: str) -> UUID:
    account = await fetch_account_of_login(context.stores.postgres, login_key(login))
    if account is None:
        raise NotFound(f"Nobody signs in as {login}.")
    return account.user_id
