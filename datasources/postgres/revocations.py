"""What was revoked: the moments at which people were signed out, and ended families of tokens."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Uuid, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from datasources.ids import first_id_of
from datasources.postgres.account_tables import accounts, audit_log, token_families
from datasources.postgres.app_tables import apps
from datasources.postgres.client import Postgres
from datasources.records.audit import DELETED_ACCOUNT
from datasources.records.tokens import RevokedRecord


async def fetch_revoked(postgres: Postgres, since: datetime) -> RevokedRecord:
    """Return what was revoked since then, in one statement.

    Families that were last used before that are left out: no access token of theirs is good still.
    Read from `token_families`, `apps` and `accounts`; of accounts that are gone, from `audit_log`.
    """
    families = select(
        token_families.c.id, literal(None, Uuid).label("user_id"), token_families.c.revoked_at
    ).where(token_families.c.revoked_at >= since, token_families.c.last_used_at >= since)
    people = select(literal(None, Uuid), accounts.c.user_id, accounts.c.signed_out_at).where(
        accounts.c.signed_out_at >= since
    )
    # Nothing else is left of them; by the index of actions and ids, which begin with the time.
    # Void are those of the same second, too, which only their family would tell from later ones.
    ever = audit_log.c.at + timedelta(days=1)
    gone = select(literal(None, Uuid), audit_log.c.subject_id, ever).where(
        audit_log.c.action == DELETED_ACCOUNT, audit_log.c.id >= first_id_of(since)
    )
    # Their own tokens have no family; so those of the same second are void, too.
    again = select(
        literal(None, Uuid), apps.c.id, apps.c.tokens_since + timedelta(seconds=1)
    ).where(apps.c.tokens_since >= since)
    ended = [
        select(apps.c.id, literal(None, Uuid), at).where(at >= since)
        for at in (apps.c.disabled_at, apps.c.deleted_at)
    ]
    rows = await postgres.read(families.union_all(people, gone, again, *ended))
    return RevokedRecord(
        families=frozenset(row[0] for row in rows if row[0]),
        since={row[1]: row[2] for row in rows if row[1]},
    )


async def sign_out_person(connection: AsyncConnection, user_id: UUID, at: datetime) -> None:
    """Void what was issued to a person until now; holds the account (`accounts`)."""
    theirs = update(accounts).where(accounts.c.user_id == user_id)
    await connection.execute(theirs.values(signed_out_at=at))
