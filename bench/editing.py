"""Editing playlists: twenty editors at once, long lists beside short ones, and pages far behind.

Run: python -m bench.editing. Needs POLYPHONY_POSTGRES_URL and POLYPHONY_REDIS_URL; it writes to a
scratch database, which is dropped, and to keys of Redis of its own, which are removed.
"""

import asyncio
import statistics
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from uuid import UUID, uuid4

from pydantic import SecretStr
from rich.console import Console
from rich.table import Table
from sqlalchemy import event
from sqlalchemy.engine import Engine

from bench.scratch import scratch_database
from datasources.postgres.playlists import fetch_items_of_playlists
from datasources.postgres.settings import PostgresSettings
from datasources.records.page import PageRequest
from datasources.redis.settings import RedisSettings
from datasources.settings import StoreSettings
from datasources.stores import Stores, open_stores
from gateway.settings import Settings
from resolvers.ids import global_id
from resolvers.playlist_items import add_items, remove_items
from tests.factories.editing import (
    counts_of,
    item,
    items,
    list_of,
    new_playlist,
    share,
    track,
    versions_of,
)
from tests.factories.editors import Editor, replay
from tests.factories.music import Music
from tests.factories.playlists import as_user

EDITORS = range(2, 22)
CHANGES = 50  # of each
SHORT, LONG = 100, 9_900  # with the hundred that are added, the most that a list may have
DEPTH = 5_000
ROUNDS = 40
MAX_STATEMENTS, MAX_ADDING, MAX_DEPTH = 8, 2.0, 1.5


def main() -> None:
    """Measure, print tables, and end with 1 where a goal is not met."""
    console = Console()
    if not asyncio.run(_run(console)):
        sys.exit(1)


async def _run(console: Console) -> bool:
    settings = Settings()
    if settings.postgres.url is None or settings.redis.url is None:
        console.print("The benchmark needs POLYPHONY_POSTGRES_URL and POLYPHONY_REDIS_URL.")
        return False
    async with (
        scratch_database(settings.postgres.url.get_secret_value()) as url,
        _opened(settings, url) as stores,
    ):
        music = Music()
        for number in (1, *EDITORS):
            music.user(number)
        for number in (1, 2, 3):
            music.track(number)
        await music.write(stores)
        met = await _editors(stores, console)
        lists = [await _filled(stores, size) for size in (SHORT, LONG)]
        met &= await _adding(stores, lists, console)
        return await _paging(stores, lists[1], console) and met


@asynccontextmanager
async def _opened(settings: Settings, url: str) -> AsyncIterator[Stores]:
    redis = RedisSettings(url=settings.redis.url, prefix=f"bench:{uuid4().hex}:")
    where = StoreSettings(
        postgres=PostgresSettings(url=SecretStr(url)), redis=redis, data_dir=settings.data_dir
    )
    async with open_stores(where) as stores:
        try:
            yield stores
        finally:
            async for key in stores.redis.client.scan_iter(f"{redis.prefix}*"):
                await stores.redis.client.delete(key)


async def _editors(stores: Stores, console: Console) -> bool:
    """Let twenty editors change one list, and hold what is acknowledged against a plain list."""
    playlist = await new_playlist(stores)
    await share(stores, playlist, EDITORS, "EDITOR")
    editors = [Editor(stores, playlist, number) for number in EDITORS]
    began = time.perf_counter()
    await asyncio.gather(*(editor.work(CHANGES) for editor in editors))
    wall_s = time.perf_counter() - began

    acknowledged = [one for editor in editors for one in editor.acknowledged]
    model = replay(acknowledged)  # fails where a version is missing, or there twice
    same = await list_of(stores, playlist) == model.now
    whole = await versions_of(stores, playlist) == list(range(2, model.version + 1))
    counted = (await counts_of(stores, playlist))[:2] == (model.version, len(model.now))
    times = sorted(one for editor in editors for one in editor.times_s)
    table = Table(
        title=f"{len(EDITORS)} editors, {CHANGES} changes each, all at once", title_justify="left"
    )
    for column in ("acknowledged", "conflicts", "wall", "changes/s", "median", "99th", "the list"):
        table.add_column(column, justify="right")
    table.add_row(
        str(len(acknowledged)),
        str(sum(editor.refused for editor in editors)),
        f"{wall_s:.1f} s",
        f"{len(times) / wall_s:.0f}",
        f"{statistics.median(times) * 1000:.0f} ms",
        f"{times[int(len(times) * 0.99)] * 1000:.0f} ms",
        "as the model's" if same and whole and counted else "WRONG",
    )
    console.print(table, "")
    return same and whole and counted


async def _filled(stores: Stores, size: int) -> UUID:
    """Return a playlist with so many items."""
    playlist = await new_playlist(stores)
    for _ in range(size // 100):
        await add_items(as_user(stores, 1), global_id("Playlist", playlist), [track(1)] * 100)
    return playlist


async def _adding(stores: Stores, lists: list[UUID], console: Console) -> bool:
    """Add a hundred items in the middle of each list, in turns, and take them out again."""
    times: dict[UUID, list[float]] = {playlist: [] for playlist in lists}
    most = 0
    for turn in range(ROUNDS + 3):
        for playlist in lists:
            there = await list_of(stores, playlist)
            text, before = global_id("Playlist", playlist), item(there[len(there) // 2])
            context = as_user(stores, 1)
            with _statements() as sent:
                began = time.perf_counter()
                added = await add_items(context, text, [track(2)] * 100, before)
                spent = time.perf_counter() - began
            if turn >= 3:  # the first ones warm up
                times[playlist].append(spent)
            # What comes after the event is publishing it.
            event_at = next(place for place, one in enumerate(sent) if "INTO outbox" in one)
            most = max(most, event_at + 1)
            await remove_items(context, text, items(added.item_ids))
    short, long = (statistics.median(times[playlist]) for playlist in lists)
    table = Table(title=f"Adding 100 items in the middle, {ROUNDS} rounds", title_justify="left")
    for column in ("list", "median", "statements of the change, at most"):
        table.add_column(column, justify="right")
    table.add_row(f"{SHORT}", f"{short * 1000:.1f} ms", "")
    table.add_row(f"{LONG:,}", f"{long * 1000:.1f} ms", str(most))
    console.print(table, f"long / short: {long / short:.2f}", "")
    return long / short <= MAX_ADDING and most <= MAX_STATEMENTS


async def _paging(stores: Stores, playlist: UUID, console: Console) -> bool:
    """Read the first page of fifty, and one far behind, in turns."""
    request = PageRequest(limit=100)
    for _ in range(DEPTH // 100):
        page = (await fetch_items_of_playlists(stores.postgres, [playlist], request))[playlist]
        request = PageRequest(limit=100, after=page.edges[-1].key)
    requests = (PageRequest(50), PageRequest(50, after=request.after))

    times: tuple[list[float], list[float]] = ([], [])
    for turn in range(5 * ROUNDS + 5):
        for one, found in zip(requests, times, strict=True):
            began = time.perf_counter()
            await fetch_items_of_playlists(stores.postgres, [playlist], one)
            if turn >= 5:
                found.append(time.perf_counter() - began)
    first, deep = map(statistics.median, times)
    table = Table(title="A page of 50 items", title_justify="left")
    for column in ("behind", "median"):
        table.add_column(column, justify="right")
    table.add_row("0", f"{first * 1000:.2f} ms")
    table.add_row(f"{DEPTH:,}", f"{deep * 1000:.2f} ms")
    console.print(table, f"deep / first: {deep / first:.2f}", "")
    return deep / first <= MAX_DEPTH


@contextmanager
def _statements() -> Iterator[list[str]]:
    """Yield the texts of all statements that are sent meanwhile."""
    found: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        found.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(Engine, "before_cursor_execute", note)


if __name__ == "__main__":
    main()
