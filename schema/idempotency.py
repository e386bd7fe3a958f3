"""How a mutation takes an `Idempotency-Key`: what is asked of the request that carries one."""

import json
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import is_dataclass
from datetime import date
from enum import Enum
from hashlib import sha256
from typing import Any
from uuid import UUID

from strawberry.types import Info
from strawberry.types.unset import UnsetType

from resolvers import idempotency
from resolvers.context import RequestContext
from resolvers.errors import BadUserInput


class Once(Enum):
    """What a mutation does with a key. It is data on the field, where a guard finds it.

    `REFUSED` are those whose results hold credentials, which nobody stores, and those that do more
    than one change of PostgreSQL. A key is never ignored: who sends one relies on it.
    """

    HONOURED = "honoured"
    REFUSED = "refused"


def keyed(rule: Once | None, given: Mapping[str, object]) -> AbstractContextManager[None]:
    """Return what a mutation's resolver runs in; `given` is all that it is called with.

    Raises:
        BadUserInput: the request has a key, and this mutation takes none.
    """
    info, arguments = given["info"], {name: one for name, one in given.items() if name != "info"}
    if not isinstance(info, Info):
        raise TypeError("a mutation needs its operation")
    context: RequestContext = info.context
    if rule is not Once.HONOURED and context.client.idempotency_key is not None:
        raise BadUserInput(f"`{info.field_name}` takes no `Idempotency-Key`.")
    path = ".".join(map(str, info.path.as_list()))
    return idempotency.once(context, path, fingerprint(info.field_name, arguments))


def fingerprint(field: str, arguments: Mapping[str, object]) -> bytes:
    """Return a hash of a field and its arguments, as they were understood.

    The same whether a value was written into the document or sent as a variable, and in whichever
    order; another for what is null and what is left out.
    """
    text = json.dumps([field, arguments], sort_keys=True, default=_plain)
    return sha256(text.encode()).digest()


def _plain(value: Any) -> object:
    """Return a value of an argument as JSON holds it."""
    if isinstance(value, UnsetType):
        return {"": "left out"}  # no input has a field without a name
    if is_dataclass(value):
        return vars(value)
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, date):  # with or without a time
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"{type(value).__name__} is no argument")
