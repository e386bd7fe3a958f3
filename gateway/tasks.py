"""Tasks that run beside something, and surely end with it."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any

_AGAIN_S = 1.0


@asynccontextmanager
async def beside(*work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Do some work, each part in a task of its own, until the end of the block.

    What the parts raise is theirs to tell: nobody waits for them.
    """
    tasks = [asyncio.create_task(part) for part in work]
    try:
        yield
    finally:
        await ended(*tasks)


async def ended(*tasks: asyncio.Task[Any]) -> Sequence[Any]:
    """Cancel tasks, and return what each has returned or raised, once all have ended.

    Drivers swallow a cancellation now and then, as redis does on Python 3.11. A task that goes
    on and on would then never end, so it is cancelled again.
    """
    running = set(tasks)
    while running:
        for task in running:
            task.cancel()
        _, running = await asyncio.wait(running, timeout=_AGAIN_S)
    return await asyncio.gather(*tasks, return_exceptions=True)
