"""Signing in with a passkey: one step, whichever account it is of."""

from datetime import timedelta

from auth import passkey_options as ask
from auth import passkeys as answers
from auth.principal import SessionKind
from datasources.postgres import audit
from datasources.postgres import passkeys as stored
from datasources.records.audit import AuditResult
from datasources.records.passkeys import PasskeyRecord
from datasources.redis import challenges
from resolvers.attempts import count_asked
from resolvers.audit import entry
from resolvers.context import RequestContext
from resolvers.errors import Forbidden, WrongCredentials
from resolvers.passkeys import WRONG, PasskeyOptions, no_credential, party_of
from resolvers.sessions import NEEDS_PREFLIGHT, SignedIn, begin_session

_STARTS_PER_NETWORK, _STARTS_WINDOW = 30, timedelta(minutes=5)
_SIGNING_IN = "passkey-sign-in"


async def start_passkey_sign_in(context: RequestContext) -> PasskeyOptions:
    """Return what `navigator.credentials.get` is asked: whichever passkey somebody has here.

    Raises:
        RateLimited: there were 30 in five minutes from where the request comes.
        StoreUnavailable, StoreTimeout: Redis did not answer.
    """
    # Nobody has to answer, and each is kept for minutes.
    await count_asked(context, "passkey-starts", _STARTS_PER_NETWORK, _STARTS_WINDOW)
    seconds = context.identity.settings.challenge_s
    challenge = await challenges.put(context.stores.redis, _SIGNING_IN, {}, seconds)
    return PasskeyOptions(ask.sign_in_options(party_of(context), challenge, seconds), seconds)


async def sign_in_with_passkey(
    context: RequestContext, credential: object, kind: SessionKind
) -> SignedIn:
    """Sign in with a passkey; no second step follows, and nobody's failures count.

    What is no answer costs no store a question, what answers no challenge of ours one to Redis.

    Raises:
        InvalidInput: this is nothing that a browser gave.
        WrongCredentials: it answers no challenge of ours, is no passkey of ours, or does not hold.
        Forbidden: a browser's session without the header that other sites' pages cannot send.
    """
    try:
        answer = answers.read_sign_in(credential)
    except answers.Malformed:
        raise no_credential() from None
    if kind is SessionKind.COOKIE and not context.client.preflight:
        raise Forbidden(NEEDS_PREFLIGHT)
    if await challenges.take(context.stores.redis, _SIGNING_IN, answer.challenge) is None:
        raise WrongCredentials(WRONG)
    passkey = await stored.fetch_passkey_of_credential(
        context.stores.postgres, answer.credential.raw_id
    )
    if passkey is None:
        raise WrongCredentials(WRONG)
    try:
        used = answers.check_sign_in(party_of(context), answer, passkey.user_id, passkey.public_key)
    except answers.Refused:
        await _note_failure(context, passkey, "refused")
        raise WrongCredentials(WRONG) from None
    async with context.stores.postgres.transaction() as connection:
        goes_on = await stored.use_passkey(
            connection, passkey.id, used.sign_count, context.clock(), backed_up=used.backed_up
        )
    if not goes_on:
        await _note_failure(context, passkey, "signCount")
        raise WrongCredentials(WRONG)
    return await begin_session(context, passkey.user_id, kind, ("passkey",), shown=passkey)


async def _note_failure(context: RequestContext, passkey: PasskeyRecord, why: str) -> None:
    async with context.stores.postgres.transaction() as connection:
        failed = entry(
            context,
            "signInFailed",
            result=AuditResult.FAILED,
            subject_id=passkey.user_id,
            how="passkey",
            passkey=str(passkey.id),
            why=why,
        )
        await audit.record(connection, failed)
