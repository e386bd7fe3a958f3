"""Cuts a stream into batches, and never between rows that belong together."""

from collections.abc import AsyncIterator, Callable, Hashable
from typing import TypeVar

T = TypeVar("T")


async def batches(
    stream: AsyncIterator[T], size: int, together: Callable[[T], Hashable] | None = None
) -> AsyncIterator[list[T]]:
    """Yield what the stream yields in lists of `size`, in its order; the last may be shorter.

    Neighbours that have the same `together` come in one list, which is longer then.
    """
    batch: list[T] = []
    async for one in stream:
        if len(batch) >= size and (together is None or together(batch[-1]) != together(one)):
            yield batch
            batch = []
        batch.append(one)
    if batch:
        yield batch
