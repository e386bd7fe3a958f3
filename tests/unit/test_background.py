"""What keeps keys and revocations fresh goes on whatever happens, and says so once."""

import asyncio

from structlog.testing import capture_logs

from datasources.errors import StoreUnavailable
from gateway.background import every


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
