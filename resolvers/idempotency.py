"""Repeated requests: a change that carries a key takes effect once, however often it is sent."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar, get_type_hints

from pydantic import TypeAdapter

from datasources.postgres import idempotency as stored
from datasources.postgres.changes import in_transaction
from datasources.postgres.client import Connection
from resolvers.context import RequestContext
from resolvers.errors import BadUserInput, IdempotencyInProgress, IdempotencyKeyReused
from resolvers.signed_in import signed_in

T = TypeVar("T")

MAX_KEY_CHARS = 128


@dataclass(slots=True)
class _Field:
    """A field that runs with a key; `settled` once its change is stored, or found to be."""

    key: stored.RequestKey
    fingerprint: bytes
    settled: bool = False


# Fields of mutations run one after the other; each sets it for itself alone.
_running: ContextVar[_Field | None] = ContextVar("field with a key", default=None)


@contextmanager
def once(context: RequestContext, path: str, fingerprint: bytes) -> Iterator[None]:
    """Let the change of the body take effect once for the request's key; without one, each time.

    `path` is where the field's result stands in the response, and `fingerprint` a hash of the
    field and its arguments.

    Raises:
        BadUserInput: the key is not 1 to 128 visible characters of ASCII.
        Unauthenticated: nobody is signed in, to whom a key could belong.
    """
    key = context.client.idempotency_key
    if key is None:
        yield
        return
    if not 1 <= len(key) <= MAX_KEY_CHARS or not all("!" <= char <= "~" for char in key):
        raise BadUserInput(
            f"An `Idempotency-Key` is 1 to {MAX_KEY_CHARS} visible characters of ASCII."
        )
    owner = str(signed_in(context))
    field = _Field(stored.RequestKey(owner, key, path), fingerprint)
    token = _running.set(field)
    try:
        yield
    finally:
        _running.reset(token)
    if not field.settled:
        raise RuntimeError("a change went round `change`: its key was not looked at")


async def change(context: RequestContext, work: Callable[[Connection], Awaitable[T]]) -> T:
    """Do work as `in_transaction` does, and once only where the field that runs has a key.

    What it returned is stored with it, and returned again to who sends the same again: it is of
    the type that `work` is declared to return, holds ids and versions, and never a secret. What it
    raises leaves nothing, and is tried again.

    Before this, a use case looks at its arguments and at nothing that may change in between; what
    it does afterwards is done again for a repeated request.

    Raises:
        IdempotencyKeyReused: the key was used for another field or other arguments.
        IdempotencyInProgress: the first request still runs.
        OutcomeUnknown, StoreUnavailable, StoreTimeout: see `in_transaction`.
    """
    postgres, field = context.stores.postgres, _running.get()
    if field is None:
        return _stored(context, await in_transaction(postgres, work))
    if field.settled:
        raise RuntimeError("a field with a key makes one change")

    async def work_once(connection: Connection) -> T:
        return await _done_or_found(connection, field, work)

    result = await in_transaction(postgres, work_once)
    field.settled = True
    return _stored(context, result)


def _stored(context: RequestContext, result: T) -> T:
    """Return a result; what was loaded for fields before this one is not how things are now."""
    context.loaders.forget()
    return result


async def _done_or_found(
    connection: Connection, field: _Field, work: Callable[[Connection], Awaitable[T]]
) -> T:
    """Do work and store what it came to, or return what is stored (`idempotent_requests`)."""
    adapter = _adapter(get_type_hints(work)["return"])
    alone = await stored.try_lock(connection, field.key)
    # Others who repeat it have the lock for a moment, too: what is stored is there for all.
    found = await stored.fetch_outcome(connection, field.key)
    if found is None and not alone:
        raise IdempotencyInProgress("A request with this `Idempotency-Key` still runs.")
    if found is None:
        done = await work(connection)
        outcome = {"type": type(done).__name__, "value": adapter.dump_python(done, mode="json")}
        kept = stored.StoredOutcome(field.fingerprint, outcome)
        await stored.write_outcome(connection, field.key, kept)
        return done
    if found.fingerprint != field.fingerprint:
        raise IdempotencyKeyReused("This `Idempotency-Key` was used for something else.")
    again: T = adapter.validate_python(found.outcome["value"])
    return again


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    """Return what writes a type as JSON holds it, and reads it again."""
    return TypeAdapter(kind)
