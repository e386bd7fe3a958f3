"""Lets Authlib's grants, which are synchronous, wait for our stores without a thread.

A grant runs in a greenlet of its own. Where it needs something that has to be awaited, the
greenlet hands that out to the coroutine that started it, and goes on with what came of it. It is
what SQLAlchemy does for its drivers, and costs half of what a thread does.
"""

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, ParamSpec, TypeVar

from greenlet import getcurrent, greenlet

P = ParamSpec("P")
R = TypeVar("R")


class _Bridge(greenlet):
    """A greenlet whose parent awaits what it is handed."""


def await_(awaited: Coroutine[Any, Any, R]) -> R:
    """Return what a coroutine comes to, or raise what it raises; for use within `run_sync`.

    Raises:
        RuntimeError: this is called from elsewhere.
    """
    current = getcurrent()
    if not isinstance(current, _Bridge) or current.parent is None:
        awaited.close()
        raise RuntimeError("await_ outside of run_sync")
    result: R = current.parent.switch(awaited)
    return result


async def run_sync(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Return what a synchronous function comes to, which may call `await_`, however deep."""
    bridge = _Bridge(function)
    bridge.gr_context = getcurrent().gr_context
    handed: Any = bridge.switch(*args, **kwargs)
    while not bridge.dead:
        awaited: Awaitable[Any] = handed
        try:
            value = await awaited
        except BaseException as error:  # noqa: BLE001  whatever it is, the function is to see it
            handed = bridge.throw(error)
        else:
            handed = bridge.switch(value)
    result: R = handed
    return result
