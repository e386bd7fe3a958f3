"""The second factor: enrolling an authenticator app, and the second step of signing in."""

from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import asdict, dataclass, field
from typing import Any
from uuid import UUID

from auth import totp
from auth.passkey_options import RP_NAME
from auth.principal import SessionKind
from auth.recovery_codes import hash_of
from datasources.loaders.users import UserById
from datasources.postgres import audit, second_factors
from datasources.postgres.accounts import lock_account
from datasources.records.accounts import AccountRecord
from datasources.records.audit import AuditResult
from datasources.records.second_factors import NO_SECOND_FACTOR, SecondFactorRecord
from datasources.records.sessions import ProviderSession
from datasources.redis import challenges
from resolvers.attempts import attempt
from resolvers.audit import by_nobody, entry
from resolvers.context import RequestContext
from resolvers.errors import Forbidden, NotFound, WrongCredentials
from resolvers.proof import prove, rests_on
from resolvers.second_factor_codes import (
    new_recovery_codes,
    purpose_of,
    spend_code,
    step_of_code,
    tell,
)
from resolvers.sessions import NEEDS_PREFLIGHT, SignedIn, begin_session
from resolvers.signed_in import signed_in

_KIND = "second-factor"
_TRIES = 5
_WRONG = "This code or challenge is wrong, expired or used."
_NONE = "There is no second factor."


@dataclass(frozen=True, slots=True)
class SecondFactorRequired:
    """The password was right; `completeSignIn` takes this challenge and a code."""

    challenge: str = field(repr=False)
    expires_in_s: int


@dataclass(frozen=True, slots=True)
class TotpEnrolment:
    """What an authenticator app takes, as text and as a picture. It is shown once."""

    secret: str = field(repr=False)
    uri: str = field(repr=False)
    qr_svg: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class TotpConfirmed:
    """The second factor is active. The recovery codes are shown once."""

    recovery_codes: list[str] = field(repr=False)
    second_factor: SecondFactorRecord


@dataclass(frozen=True, slots=True)
class TotpDisabled:
    """There is no second factor any more."""

    second_factor: SecondFactorRecord = NO_SECOND_FACTOR


@dataclass(frozen=True, slots=True)
class RecoveryCodesReplaced:
    """The former codes are void. The new ones are shown once."""

    recovery_codes: list[str] = field(repr=False)
    second_factor: SecondFactorRecord


# --- signing in ---------------------------------------------------------------------------------


async def begin_challenge(
    context: RequestContext,
    account: AccountRecord,
    kind: SessionKind,
    how: str = "password",
    provider: ProviderSession | None = None,
    identity_id: UUID | None = None,
) -> SecondFactorRequired:
    """Return the challenge of one who has shown their password, and has a second factor.

    Or has come from an OpenID provider, as `how` says, by an identity there. It is worth nothing
    once the password or the second factor has changed, or the identity was unlinked.

    Raises:
        StoreUnavailable, StoreTimeout: Redis did not answer.
    """
    seconds = context.identity.settings.challenge_s
    value = {
        "user_id": str(account.user_id),
        "kind": kind.value,
        "state": rests_on(account),
        "how": how,
        "provider": provider and asdict(provider),
        "identity_id": identity_id and str(identity_id),
    }
    id_ = await challenges.put(context.stores.redis, _KIND, value, seconds, uses=_TRIES)
    return SecondFactorRequired(id_, seconds)


async def complete_sign_in(context: RequestContext, challenge: str, code: str) -> SignedIn:
    """Sign in with a code of the authenticator, or a recovery code; the code is used up.

    A challenge takes five tries, and is for the account and the kind of session it began with.

    Raises:
        WrongCredentials: the challenge or the code is wrong, expired or used.
        RateLimited: too many wrong codes for this account or from this address.
        Forbidden: a browser's session without the header that other sites' pages cannot send.
        StoreUnavailable, StoreTimeout: a store did not answer.
    """
    begun = await challenges.use(context.stores.redis, _KIND, challenge)
    if begun is None:
        raise WrongCredentials(_WRONG)
    user_id, kind = UUID(begun["user_id"]), SessionKind(begun["kind"])
    if kind is SessionKind.COOKIE and not context.client.preflight:
        raise Forbidden(NEEDS_PREFLIGHT)
    try:
        async with _counted(context, user_id, code):
            account, how = await _second_step(context, user_id, begun, challenge, code)
    except WrongCredentials:
        await _note_failure(context, user_id)
        raise
    steps = (begun["how"], how)
    provider = begun["provider"] and ProviderSession(**begun["provider"])
    # One that began before an update of the server has none.
    identity_id = UUID(begun["identity_id"]) if begun.get("identity_id") else None
    return await begin_session(
        context, user_id, kind, steps, shown=account, provider=provider, identity_id=identity_id
    )


async def _second_step(
    context: RequestContext, user_id: UUID, begun: dict[str, Any], challenge: str, code: str
) -> tuple[AccountRecord, str]:
    """Use up the code and the challenge, both or neither; return whose, and what code it was."""
    async with context.stores.postgres.transaction() as connection:
        account = await lock_account(connection, user_id)
        if account is None or account.disabled_at or rests_on(account) != begun["state"]:
            raise WrongCredentials(_WRONG)
        how = await spend_code(context, connection, user_id, code)
        # Last, while the code can still be given back: one of several at a time gets through.
        if how is None or not await challenges.end(context.stores.redis, _KIND, challenge):
            raise WrongCredentials(_WRONG)
    return account, how


async def _note_failure(context: RequestContext, user_id: UUID) -> None:
    async with context.stores.postgres.transaction() as connection:
        failed = entry(
            context,
            "signInFailed",
            result=AuditResult.FAILED,
            subject_id=user_id,
            how="secondFactor",
        )
        await audit.record(connection, by_nobody(failed))


# --- enrolling ----------------------------------------------------------------------------------


async def enrol_totp(context: RequestContext, password: str | None) -> TotpEnrolment:
    """Begin with an authenticator app. Nothing has changed until `confirm_totp`.

    Raises:
        WrongCredentials, RateLimited: see `prove`.
        Forbidden: a second factor is active already.
    """
    user_id = (await prove(context, password)).user_id
    secret = totp.new_secret()
    sealed = context.identity.vault.seal(secret, purpose_of(user_id))
    async with context.stores.postgres.transaction() as connection:
        if not await second_factors.begin_totp(connection, user_id, sealed):
            raise Forbidden("A second factor is active already. Disable it first.")
        await audit.record(connection, entry(context, "enrolTotp"))
    user = await context.loaders.of(UserById).load(user_id)
    uri = totp.uri_of(secret, RP_NAME, user.handle if user else "")
    return TotpEnrolment(totp.in_base32(secret), uri, totp.qr_of(uri))


async def confirm_totp(context: RequestContext, code: str) -> TotpConfirmed:
    """Make the authenticator that was enrolled active, with a first code of it.

    Raises:
        NotFound: none was enrolled, or it is active already.
        WrongCredentials: the code is wrong.
        RateLimited: too many wrong codes.
    """
    user_id, now = signed_in(context), context.clock()
    async with (
        attempt(context, f"{_KIND}:{user_id}", user_id),
        context.stores.postgres.transaction() as connection,
    ):
        device = await second_factors.fetch_totp(connection, user_id)
        if device is None or device.confirmed_at is not None:
            raise NotFound("There is no authenticator that waits to be confirmed.")
        step = step_of_code(context, user_id, device, code, now)
        if step is None:
            raise WrongCredentials("This code is not the right one. Is the clock of the app?")
        await second_factors.confirm_totp(connection, user_id, step, now)
        codes = await new_recovery_codes(connection, user_id)
        await audit.record(connection, entry(context, "confirmTotp"))
        await tell(connection, user_id, "The second factor was switched on.")
    return TotpConfirmed(codes, SecondFactorRecord(now, len(codes)))


async def disable_totp(context: RequestContext, password: str | None) -> TotpDisabled:
    """Remove the authenticator and all recovery codes; where there are none, nothing happens.

    Raises:
        WrongCredentials, RateLimited: see `prove`.
    """
    user_id = (await prove(context, password)).user_id
    async with context.stores.postgres.transaction() as connection:
        device = await second_factors.fetch_totp(connection, user_id)
        if device is not None:
            await second_factors.remove_totp(connection, user_id)
            await audit.record(connection, entry(context, "disableTotp"))
        if device is not None and device.confirmed_at is not None:
            await tell(connection, user_id, "The second factor was switched off.")
    return TotpDisabled()


async def replace_recovery_codes(
    context: RequestContext, password: str | None
) -> RecoveryCodesReplaced:
    """Return ten new recovery codes; all former ones are void.

    Raises:
        WrongCredentials, RateLimited: see `prove`.
        NotFound: no second factor is active.
    """
    user_id = (await prove(context, password)).user_id
    async with context.stores.postgres.transaction() as connection:
        device = await second_factors.fetch_totp(connection, user_id)
        if device is None or device.confirmed_at is None:
            raise NotFound(_NONE)
        codes = await new_recovery_codes(connection, user_id)
        await audit.record(connection, entry(context, "replaceRecoveryCodes"))
        await tell(connection, user_id, "The recovery codes were replaced.")
    return RecoveryCodesReplaced(codes, SecondFactorRecord(device.confirmed_at, len(codes)))


def _counted(
    context: RequestContext, user_id: UUID, code: str
) -> AbstractAsyncContextManager[None]:
    """Count wrong codes of an authenticator, apart from wrong passwords, which anybody can try.

    Nobody guesses a recovery code: those are not counted, and let their owner in while others fail.
    """
    if hash_of(code) is not None:
        return nullcontext()
    return attempt(context, f"{_KIND}:{user_id}", user_id)
