"""Codes of a second factor: made, recognised and used up, each within a transaction."""

from datetime import datetime
from uuid import UUID

from auth import recovery_codes, totp
from datasources.postgres import second_factors
from datasources.postgres.client import Connection
from datasources.records.second_factors import TotpRecord
from resolvers.context import RequestContext
from resolvers.mails import MailTemplate, queue_mail


async def spend_code(
    context: RequestContext, connection: Connection, user_id: UUID, code: str
) -> str | None:
    """Use up a code of either kind and say which it was; None for a wrong or used one."""
    now = context.clock()
    if hash_ := recovery_codes.hash_of(code):
        if not await second_factors.spend_recovery_code(connection, user_id, hash_, now):
            return None
        await tell(connection, user_id, "A recovery code was used to sign in.")
        return "recoveryCode"
    device = await second_factors.fetch_totp(connection, user_id)
    if device is None or device.confirmed_at is None:
        return None
    step = step_of_code(context, user_id, device, code, now)
    if step is None or not await second_factors.spend_step(connection, user_id, step):
        return None
    return "totp"


async def new_recovery_codes(connection: Connection, user_id: UUID) -> list[str]:
    """Return new recovery codes, to be shown once, in place of all former ones."""
    codes = recovery_codes.new_codes()
    hashes = [hash_ for hash_ in map(recovery_codes.hash_of, codes) if hash_]
    await second_factors.replace_codes(connection, user_id, hashes)
    return codes


async def tell(connection: Connection, user_id: UUID, change: str) -> None:
    """Have the person told by mail what happened, in a sentence."""
    await queue_mail(connection, MailTemplate.SECOND_FACTOR_CHANGED, user_id=user_id, change=change)


def step_of_code(
    context: RequestContext, user_id: UUID, device: TotpRecord, code: str, now: datetime
) -> int | None:
    """Return the step that a code of the authenticator belongs to; None for a wrong or used one."""
    digits = totp.digits_in(code)
    if digits is None:
        return None
    secret = context.identity.vault.open(device.sealed, purpose_of(user_id))
    return totp.step_of(secret, digits, now, device.last_step)


def purpose_of(user_id: UUID) -> str:
    """Return what the secret of a person's authenticator is sealed for."""
    return f"totp:{user_id}"
