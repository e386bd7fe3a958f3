"""What an event costs the stores, by the number of its subscribers: counted, and no matter of time.

One process without sockets: subscribers of different people, each of whom may see something else.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from typing import Any

from rich.console import Console
from rich.table import Table
from sqlalchemy import event

from auth.principal import person
from datasources.stores import Stores
from resolvers.live import Live
from tests.factories.live import new_pipeline, running, subscriber
from tests.factories.music import user_id

SIZES = (20, 60, 200)
MAX_GROWTH = 1.3
"""What is seen at first, and with whom, is a matter of chance, and costs a statement or two."""

EVENTS = 20
_SETTLE_S = 0.02  # between events: each is to be read by itself


async def run(
    stores: Stores,
    change: Callable[[], Awaitable[int]],
    payload: Callable[[int], dict[str, Any]],
    console: Console,
) -> bool:
    """Print the counts; return whether an event is read once, and costs no more for many.

    `stores` are those of the subscribers; `change` makes an event with others. `payload` is what
    subscribes to what comes behind a version.
    """
    table = Table(title="What one event costs", title_justify="left")
    for column in ("people", "reads of the stream", "statements of PostgreSQL"):
        table.add_column(column, justify="right")
    all_reads, all_statements = [], []
    async with running(stores) as live:
        for size in SIZES:
            reads, statements = await _count(stores, live, change, payload, size)
            table.add_row(f"{size}", f"{reads:.2f}", f"{statements:.1f}")
            all_reads.append(reads)
            all_statements.append(statements)
    console.print(table, "")
    # On a slow machine there are some reads in vain, and rights that are due again.
    once = all(round(reads) == 1 for reads in all_reads)
    return once and max(all_statements) <= MAX_GROWTH * all_statements[0]


async def _count(
    stores: Stores,
    live: Live,
    change: Callable[[], Awaitable[int]],
    payload: Callable[[int], dict[str, Any]],
    size: int,
) -> tuple[float, float]:
    """Return reads and statements for each event."""
    pipeline = new_pipeline()
    asked = payload(await change() - 1)
    async with AsyncExitStack() as stack:
        crowd = []
        for number in range(size):
            who = person(user_id(3 + number))
            following = subscriber(
                live, stores, asked["query"], asked["variables"], who, pipeline=pipeline
            )
            crowd.append(await stack.enter_async_context(following))
            await crowd[-1].next()  # what was there before
        read_before = live.reader.counts.reads
        with _statements(stores) as sent:
            for _ in range(EVENTS):
                await change()
                for one in crowd:
                    await one.next()
                await asyncio.sleep(_SETTLE_S)
        return (live.reader.counts.reads - read_before) / EVENTS, len(sent) / EVENTS


@contextmanager
def _statements(stores: Stores) -> Iterator[list[str]]:
    """Yield the texts of all statements that these stores are sent meanwhile."""
    found: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        found.append(statement)

    engine = stores.postgres.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(engine, "before_cursor_execute", note)
