"""Devices without a browser of their own: a code is shown there, and let in elsewhere."""

import secrets
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import Enum, auto
from typing import Final

from auth.devices import device_of
from auth.opaque import hash_of, new_secret
from datasources.ids import new_id
from datasources.postgres import app_codes as stored
from datasources.postgres.apps import fetch_app
from datasources.records.apps import AppRecord, DeviceRecord
from datasources.redis.attempts import Counter, reserve
from resolvers.app_consents import held_account, keep_consent
from resolvers.app_tokens import AppTokens, begin_tokens
from resolvers.attempts import attempt, network_of
from resolvers.context import RequestContext
from resolvers.errors import RateLimited, Unauthenticated, WrongCredentials
from resolvers.first_party import in_person

LIFETIME: Final = timedelta(minutes=10)
INTERVAL_S: Final = 5
_SLOWER_BY_S = 5
_LETTERS = "BCDFGHJKLMNPQRSTVWXZ"  # no vowels: no words come of it
_LETTERS_A_SIDE = 4
_BEGUN_PER_NETWORK = 30
_TRIES_TO_FIND_A_CODE = 5
_WRONG = "There is no such code, or it has expired or was used."


class Waiting(Enum):
    """Why a device that asks has no tokens."""

    PENDING = auto()
    TOO_FAST = auto()
    DENIED = auto()
    EXPIRED = auto()
    UNKNOWN = auto()


@dataclass(frozen=True, slots=True)
class DeviceBegun:
    """What a device is told: one code for itself, one that it shows."""

    device_code: str = field(repr=False)
    user_code: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class AskingDevice:
    """A device that waits, and the app that runs there."""

    device: DeviceRecord
    app: AppRecord


async def begin_device(
    context: RequestContext, app: AppRecord, scopes: Collection[str]
) -> DeviceBegun:
    """Return the codes of a device that is to wait.

    Raises:
        RateLimited: too many were asked for from this network.
    """
    now = context.clock()
    counter = Counter(("device-codes", network_of(context.client.address)), _BEGUN_PER_NETWORK)
    found = await reserve(context.stores.redis, [counter], LIFETIME, now, str(new_id()))
    if found.wait is not None:
        seconds = max(1, int(found.wait.total_seconds()))
        raise RateLimited(seconds, f"That was often. Try again in {seconds} seconds.")
    code = new_secret()
    device = DeviceRecord(
        hash=hash_of(code),
        user_code=_user_code(),
        app_id=app.id,
        scopes=sorted(scopes),
        address=context.client.address,
        device=device_of(context.client.user_agent),
        created_at=now,
        expires_at=now + LIFETIME,
        interval_s=INTERVAL_S,
        polled_at=None,
        approved=None,
        user_id=None,
        authenticated_at=None,
    )
    for _ in range(_TRIES_TO_FIND_A_CODE):
        async with context.stores.postgres.transaction() as connection:
            if await stored.insert_device(connection, device):
                return DeviceBegun(code, device.user_code)
        device = replace(device, user_code=_user_code())
    raise RuntimeError("no user code is free")  # of 25 billion


async def find_device(context: RequestContext, typed: str) -> AskingDevice:
    """Return the device that shows a code; the caller may be wrong a few times.

    Raises:
        Unauthenticated, Forbidden: nobody is signed in, or something acts for them.
        WrongCredentials: none waits with this code.
        RateLimited: too many wrong ones.
    """
    user_id = in_person(context)
    async with attempt(context, f"device:{user_id}", user_id):
        async with context.stores.postgres.transaction() as connection:
            device = await stored.lock_device_of_user_code(connection, tidy_code(typed))
        if device is None or device.approved is not None or device.expires_at <= context.clock():
            raise WrongCredentials(_WRONG)
        app = await fetch_app(context.stores.postgres, device.app_id)
        if app is None or app.disabled_at is not None:
            raise WrongCredentials(_WRONG)
    return AskingDevice(device, app)


async def decide_device(
    context: RequestContext, code_hash: bytes, app: AppRecord, *, approved: bool
) -> None:
    """Let a device in as the caller, or refuse it; the first decision holds.

    Raises:
        Unauthenticated, Forbidden: nobody is signed in, or something acts for them.
        WrongCredentials: it does not wait any more.
    """
    user_id, now = in_person(context), context.clock()
    authenticated_at = context.principal.authenticated_at
    if authenticated_at is None:
        raise Unauthenticated("Sign in first.")
    async with context.stores.postgres.transaction() as connection:
        await held_account(context, connection, user_id)
        device = await stored.lock_device(connection, code_hash)
        if device is None or device.approved is not None or device.expires_at <= now:
            raise WrongCredentials(_WRONG)
        if approved:
            await keep_consent(context, connection, app, device.scopes)
        await stored.decide_device(
            connection, code_hash, user_id, authenticated_at, approved=approved
        )


async def ask_for_device(
    context: RequestContext, app: AppRecord, device_code: str
) -> DeviceRecord | Waiting:
    """Return the device that was let in, or why it was not, as RFC 8628 has it."""
    now = context.clock()
    async with context.stores.postgres.transaction() as connection:
        device = await stored.lock_device(connection, hash_of(device_code))
        if device is None or device.app_id != app.id:
            return Waiting.UNKNOWN
        if device.expires_at <= now:
            return Waiting.EXPIRED
        if device.approved is not None:
            return device if device.approved else Waiting.DENIED
        waited = device.polled_at is None or now - device.polled_at >= timedelta(
            seconds=device.interval_s
        )
        interval_s = device.interval_s if waited else device.interval_s + _SLOWER_BY_S
        await stored.note_poll(connection, device.hash, now, interval_s)
    return Waiting.PENDING if waited else Waiting.TOO_FAST


async def redeem_device(
    context: RequestContext, app: AppRecord, device: DeviceRecord
) -> AppTokens | None:
    """Return the tokens of a device that was let in; None where it got them, or they are void."""
    if device.user_id is None or device.authenticated_at is None:
        return None
    return await begin_tokens(
        context,
        app,
        device.user_id,
        new_id(),
        device.scopes,
        authenticated_at=device.authenticated_at,
        agreed_at=device.created_at,
        still_good=lambda connection: stored.take_device(connection, device.hash),
    )


def tidy_code(typed: str) -> str:
    """Return a code as it is kept, however it was typed."""
    letters = "".join(char for char in typed.upper() if char in _LETTERS)
    return f"{letters[:_LETTERS_A_SIDE]}-{letters[_LETTERS_A_SIDE:]}"


def _user_code() -> str:
    return tidy_code("".join(secrets.choice(_LETTERS) for _ in range(2 * _LETTERS_A_SIDE)))
