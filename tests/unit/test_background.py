"""What keeps keys and revocations fresh goes on whatever happens, and says so once."""

import asyncio

from structlog.testing import capture_logs

from datasources.errors import StoreUnavailable
from gateway.background import every

DEADLINE_S = 20.0


async def test_trouble_is_said_once_and_its_end_once() -> None:
    outcomes: list[Exception | None] = [
        StoreUnavailable("postgres"),
        ValueError("secret"),
        None,
        None,
    ]
    done = asyncio.Event()

    async def refresh() -> None:
        if not outcomes:
            done.set()
        elif error := outcomes.pop(0):
            raise error

    with capture_logs() as lines:
        task = asyncio.create_task(every(0, "keys", refresh))
        await done.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert [(line["event"], line.get("reason")) for line in lines] == [
        ("not refreshed", "postgres"),
        ("refreshed again", None),
    ]


async def test_it_ends_though_a_store_call_swallows_that() -> None:
    asked = asyncio.Event()

    async def refresh() -> None:
        asked.set()
        try:
            await asyncio.sleep(DEADLINE_S)
        except asyncio.CancelledError:
            raise StoreUnavailable("redis") from None  # as drivers do now and then

    task = asyncio.create_task(every(DEADLINE_S, "keys", refresh))
    await asked.wait()
    task.cancel()
    async with asyncio.timeout(DEADLINE_S / 2):
        await asyncio.wait([task])
    assert task.cancelled()
