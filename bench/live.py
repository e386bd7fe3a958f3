"""Live updates: how soon many subscribers hear of a change, and what that costs.

Run: python -m bench.live. Needs POLYPHONY_POSTGRES_URL and POLYPHONY_REDIS_URL; it writes to a
scratch database, which is dropped, and to keys of Redis of its own, which are removed. The gateway,
its subscribers and the editor are three processes: on fewer processors they wait for each other.
"""

import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from pydantic import SecretStr
from rich.console import Console
from rich.table import Table
from sqlalchemy import update

from auth.tokens import access_token
from bench import live_counts
from bench.live_clients import opened
from bench.scratch import scratch_database
from bench.servers import Server, free_port, running
from bench.setup import ROOT
from datasources.ids import new_id
from datasources.postgres.bulk import copy_rows
from datasources.postgres.client import Connection
from datasources.postgres.settings import PostgresSettings
from datasources.postgres.tables import playlists
from datasources.records.accounts import Role
from datasources.records.playlists import PlaylistVisibility
from datasources.redis.settings import RedisSettings
from datasources.settings import StoreSettings
from datasources.stores import Stores, open_stores
from gateway.identity import open_identity
from gateway.settings import Settings
from resolvers.context import utc_now
from resolvers.ids import global_id
from resolvers.playlist_items import add_items
from tests.factories.editing import new_playlist, share, track
from tests.factories.music import Music, user_id
from tests.factories.playlists import as_user

OWNER, EDITOR, PEOPLE = 1, 2, 2_000
REPLAYS, BEHIND, MAX_REPLAY_MS = 20, 1_000, 100.0
FOLLOW = """subscription ($id: ID!, $after: String) {
  playlistChanged(id: $id, after: $after) {
    ... on PlaylistChanged {
      cursor seq change { version kind at %s items { itemId after track { title } } } %s
    }
    ... on Lagged { missed }
  }
}"""
FOR_EACH = FOLLOW % ("actor { handle isFollowed }", "playlist { trackCount isFollowed }")
ALONE = FOLLOW % ("actor { handle }", "playlist { shareLinks { open } }")  # nobody shares
EQUAL = FOLLOW % ("actor { handle }", "")
FOR_ALL = FOLLOW % ("", "")


@dataclass(frozen=True, slots=True)
class Trial:
    """So many sockets of so many people, who hear of so many changes a second for some time."""

    sockets: int
    people: int
    query: str
    per_second: int
    seconds: int
    goal_ms: float | None
    title: str


TRIALS = (
    Trial(200, 200, FOR_EACH, 10, 60, 150, "200 people, 10 changes/s"),
    Trial(200, 200, ALONE, 10, 60, None, "200 people, an execution for each, 10 changes/s"),
    Trial(2_000, 2_000, FOR_EACH, 1, 30, 1_000, "2,000 people, 1 change/s"),
    Trial(2_000, 1, EQUAL, 10, 30, 250, "2,000 sockets of one person, 10 changes/s"),
    Trial(2_000, 2_000, FOR_ALL, 10, 30, None, "2,000 people who read the same, 10 changes/s"),
)


@dataclass(frozen=True, slots=True)
class World:
    """A playlist that all may read, its editor's stores, and the tokens of its readers.

    Each reader has a standing of their own to who edits it, and to the playlist: a block between,
    following or not, working on it, too.
    """

    stores: Stores
    where: StoreSettings
    playlist: UUID
    tokens: Sequence[str]

    @property
    def environment(self) -> dict[str, str]:
        """What a gateway needs that serves it to many clients of one address."""
        url = self.where.postgres.url
        assert url
        return {
            "POLYPHONY_POSTGRES_URL": url.get_secret_value(),
            "POLYPHONY_REDIS_PREFIX": self.where.redis.prefix,
            "POLYPHONY_DATA_DIR": str(self.where.data_dir),
            "POLYPHONY_STOP_DELAY_S": "0",
            "POLYPHONY_STOP_WINDOW_S": "0",
            "POLYPHONY_TRANSPORT_MAX_SOCKETS_PER_PRINCIPAL": "100000",
            "POLYPHONY_TRANSPORT_MAX_SOCKETS_PER_ADDRESS": "100000",
        }

    async def change(self) -> int:
        """Add an item; return the version."""
        id_ = global_id("Playlist", self.playlist)
        return (await add_items(as_user(self.stores, EDITOR), id_, [track(1)])).version

    def payload(self, query: str, after: int) -> dict[str, Any]:
        """Return what subscribes to what comes behind a version."""
        variables = {"id": global_id("Playlist", self.playlist), "after": str(after)}
        return {"query": query, "variables": variables}


@dataclass(frozen=True, slots=True)
class Outcome:
    """Whether all heard everything, once and in order; how long it took, and what it cost."""

    whole: bool
    times_s: list[float]
    cpu_us: float
    """Processor time of the gateway for one event of one subscriber."""


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
        _folder() as folder,
        _world(settings, url, folder) as world,
    ):
        payload = partial(world.payload, FOR_EACH)
        async with open_stores(world.where) as others:
            met = await live_counts.run(others, world.change, payload, console)
        port = free_port()
        arguments = ["gateway", "serve", "--port", str(port)]
        with running("gateway", arguments, port, "/health/live", world.environment) as server:
            met &= await _trials(world, server, port, console)
            return await _replays(world, port, console) and met


@asynccontextmanager
async def _folder() -> AsyncIterator[Path]:
    with tempfile.TemporaryDirectory(prefix="polyphony-bench-") as folder:
        yield Path(folder)


@asynccontextmanager
async def _world(settings: Settings, url: str, folder: Path) -> AsyncIterator[World]:
    """Yield a world in an empty database."""
    redis = RedisSettings(url=settings.redis.url, prefix=f"bench:{uuid4().hex}:")
    postgres = PostgresSettings(url=SecretStr(url))
    where = StoreSettings(postgres=postgres, redis=redis, data_dir=folder).patient()
    ours = settings.model_copy(update={"data_dir": folder})
    async with open_stores(where) as stores, open_identity(ours, stores) as identity:
        try:
            music = Music()
            readers = range(EDITOR + 1, EDITOR + PEOPLE + 1)
            for number in (OWNER, EDITOR, *readers):
                music.user(number)
            music.track(1)
            await music.write(stores)
            playlist = await new_playlist(stores, OWNER)
            await share(stores, playlist, [EDITOR, *readers[::5]], "EDITOR")
            async with stores.postgres.transaction() as connection:
                visible = update(playlists).values(visibility=PlaylistVisibility.UNLISTED)
                await connection.execute(visible)
                await _let_differ(connection, playlist, readers)
            now = utc_now()
            tokens = [
                await access_token(identity, user_id(number), Role.LISTENER, new_id(), now, now)
                for number in readers
            ]
            yield World(stores, where, playlist, tokens)
        finally:
            async for key in stores.redis.client.scan_iter(f"{redis.prefix}*"):
                await stores.redis.client.delete(key)


async def _let_differ(connection: Connection, playlist: UUID, readers: Sequence[int]) -> None:
    """Let every tenth reader block the editor, others follow them, and some the playlist."""
    apart, editor = readers[::10], user_id(EDITOR)
    follow = [one for one in readers[::3] if one not in apart]
    at = utc_now()
    blocking = [
        {"blocker_id": user_id(one), "blocked_id": editor, "blocked_at": at} for one in apart
    ]
    following = [{"follower_id": user_id(one), "followed_id": editor} for one in follow]
    kept = [{"playlist_id": playlist, "user_id": user_id(one)} for one in readers[::4]]
    await copy_rows(connection, "blocks", blocking)
    await copy_rows(connection, "user_follows", following)
    await copy_rows(connection, "playlist_followers", kept)


async def _trials(world: World, server: Server, port: int, console: Console) -> bool:
    table = Table(title="From asking for a change to having heard of it", title_justify="left")
    table.add_column("who hears")
    columns = ("events", "each once, in order", "median", "99th", "goal", "gateway's CPU of each")
    for column in columns:
        table.add_column(column, justify="right")
    met = True
    for trial in TRIALS:
        outcome = await _trial(world, trial, server, port)
        times = outcome.times_s
        middle, late = statistics.median(times) * 1000, times[int(len(times) * 0.99)] * 1000
        met &= outcome.whole and (trial.goal_ms is None or late <= trial.goal_ms)
        table.add_row(
            trial.title,
            f"{len(times):,}",
            "yes" if outcome.whole else "NO",
            f"{middle:.0f} ms",
            f"{late:.0f} ms",
            "-" if trial.goal_ms is None else f"≤ {trial.goal_ms:.0f} ms",
            f"{outcome.cpu_us:.0f} µs",
        )
    console.print(table, f"Sending alone takes {await _bare_us():.0f} µs of each.", "")
    return met


async def _trial(world: World, trial: Trial, server: Server, port: int) -> Outcome:
    """Let a crowd subscribe, change the playlist, and ask what they heard."""
    tokens = [world.tokens[number % trial.people] for number in range(trial.sockets)]
    # What they first hear of is there already: so it is known when all of them listen.
    payload = world.payload(trial.query, await world.change() - 1)
    async with _crowd(port, tokens, payload) as crowd:
        await asyncio.sleep(1)
        used, begun = server.cpu_s(), {}
        next_at = time.monotonic()
        for _ in range(trial.per_second * trial.seconds):
            await asyncio.sleep(max(next_at - time.monotonic(), 0))
            next_at += 1 / trial.per_second
            at = time.monotonic()
            begun[await world.change()] = at
        said = await _ask(crowd, max(begun))
        used = server.cpu_s() - used
        assert said == "heard", said
        heard = json.loads(await _ask(crowd, begun))
    times = heard["times"]
    return Outcome(heard["whole"] == trial.sockets, times, used * 1e6 / len(times))


async def _bare_us() -> float:
    """Return the processor time that a server takes for nothing but sending one event."""
    port, sockets, events = free_port(), PEOPLE, 10 * 10
    arguments = ["bench.live_bare", *map(str, (port, sockets, events))]
    with running("bare", arguments, port, "/") as server:
        async with _crowd(port, [""] * sockets, {}) as crowd:
            used = server.cpu_s()
            assert await _ask(crowd, events) == "heard"
            return (server.cpu_s() - used) * 1e6 / sockets / events


@asynccontextmanager
async def _crowd(
    port: int, tokens: Sequence[str], payload: dict[str, Any]
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Yield a process of subscribers, all of whom have heard of something."""
    crowd = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bench.live_clients",
        str(port),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=1 << 26,
    )
    try:
        assert await _ask(crowd, {"tokens": tokens, "payload": payload}) == "there"
        yield crowd
    finally:
        if crowd.returncode is None:
            crowd.terminate()
        await crowd.wait()


async def _ask(crowd: asyncio.subprocess.Process, what: object) -> str:
    assert crowd.stdin
    assert crowd.stdout
    crowd.stdin.write(json.dumps(what).encode() + b"\n")
    return (await crowd.stdout.readline()).decode().strip()


async def _replays(world: World, port: int, console: Console) -> bool:
    """Subscribe a thousand changes behind, and wait for the first of them."""
    version = await world.change()
    while version <= BEHIND:
        version = await world.change()
    times = []
    for _ in range(REPLAYS):
        payload = world.payload(FOR_EACH, version - BEHIND)
        one = await opened(port, {"authorization": f"Bearer {world.tokens[0]}"}, payload)
        times.append(await one.subscribe() * 1000)
        assert one.heard[0][0] == version - BEHIND + 1
        one.leave()
    console.print(
        f"From subscribing {BEHIND:,} events behind to the first of them: "
        f"median {statistics.median(times):.0f} ms, longest {max(times):.0f} ms "
        f"(≤ {MAX_REPLAY_MS:.0f} ms).",
        "",
    )
    return max(times) <= MAX_REPLAY_MS


if __name__ == "__main__":
    main()
