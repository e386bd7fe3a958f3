"""`python -m bench.imports`: the real files into empty stores, embedded and real, and once more.

Each import runs in a process of its own, whose peak memory is the importer's; that of the stores'
own processes is not in it, but the embedded MongoDB lives in the importer.
"""

import asyncio
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from pydantic import SecretStr
from rich.console import Console
from rich.table import Table

from bench.scratch import scratch_database
from bench.setup import ROOT, Missing, Setup, read_setup
from datasources.embedded.mongo import open_embedded_mongo
from datasources.embedded.postgres import embedded_postgres
from datasources.embedded.redis import open_embedded_redis
from datasources.mongo.client import Mongo, open_mongo
from datasources.mongo.settings import MongoSettings
from datasources.postgres.client import open_postgres
from datasources.postgres.settings import PostgresSettings
from datasources.redis.settings import RedisSettings
from datasources.settings import StoreSettings
from datasources.stores import Stores
from gateway.importers.catalogue import import_catalogue
from gateway.importers.hetrec import import_hetrec
from gateway.importers.progress import show_steps

GOAL_S = 20.0
GOAL_MB = 400.0
FILES = {"catalogue": "spotify_songs.csv", "listens": "lastfm"}
KINDS = ("embedded", "real")
RUNS = ("empty stores", "again")


@asynccontextmanager
async def scratch_stores(setup: Setup, kind: str) -> AsyncIterator[Stores]:
    """Yield empty stores of a kind, with patient clients, and drop them at the end."""
    server, mongo_url = setup.postgres, setup.mongo
    async with AsyncExitStack() as stack:
        if kind == "embedded":
            server = await stack.enter_async_context(embedded_postgres(setup.data_dir, "postgres"))
            mongo = open_embedded_mongo()
        else:
            mongo = open_mongo(mongo_url, MongoSettings(url=None, timeout_s=60))
            name = f"bench_{uuid4().hex[:12]}"
            mongo = Mongo(mongo.client, mongo.client[name])
            stack.push_async_callback(mongo.client.drop_database, name)
        url = await stack.enter_async_context(scratch_database(server))
        settings = StoreSettings(postgres=PostgresSettings(url=SecretStr(url))).patient()
        postgres = open_postgres(url, settings.postgres)
        stack.push_async_callback(postgres.close)
        yield Stores(postgres, mongo, open_embedded_redis(RedisSettings(url=None)))


async def measure(setup: Setup, what: str, kind: str) -> list[dict[str, float]]:
    """Import a file twice; return the seconds, rows and peak memory of each run."""
    importer = {"catalogue": import_catalogue, "listens": import_hetrec}[what]
    figures = []
    async with scratch_stores(setup, kind) as stores:
        for _ in RUNS:
            with tempfile.TemporaryDirectory() as folder, show_steps(silent=True) as steps:
                began, worked = time.perf_counter(), time.process_time()
                path, rejects = setup.data / FILES[what], Path(folder) / "rejects.csv"
                report = await importer(stores, path, rejects, datetime.now(UTC), steps)
                seconds, busy = time.perf_counter() - began, time.process_time() - worked
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            figures.append({"seconds": seconds, "busy": busy, "rows": report.rows, "mb": peak})
    return figures


def main() -> None:
    """Print a table; exit code 1 where a goal is not met."""
    try:
        setup = read_setup()
    except Missing as missing:
        sys.exit(str(missing))
    if sys.argv[1:]:
        what, kind = sys.argv[1:]
        print(json.dumps(asyncio.run(measure(setup, what, kind))))
        return
    table = Table(title=f"Imports: goals {GOAL_S:.0f} s and {GOAL_MB:.0f} MB")
    for column in ("import", "stores", "into"):
        table.add_column(column)
    for column in ("seconds", "of them Python", "rows a second", "peak MB", "goal"):
        table.add_column(column, justify="right")
    met = True
    for what in FILES:
        for kind in KINDS:
            command = [sys.executable, "-m", "bench.imports", what, kind]
            done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE)  # noqa: S603  our own command
            for run, one in zip(RUNS, json.loads(done.stdout), strict=True):
                good = one["seconds"] <= GOAL_S and one["mb"] <= GOAL_MB
                met = met and good
                table.add_row(
                    what,
                    kind,
                    run,
                    f"{one['seconds']:.1f}",
                    f"{one['busy']:.1f}",
                    f"{one['rows'] / one['seconds']:,.0f}",
                    f"{one['mb']:.0f}",
                    "met" if good else "missed",
                )
    Console(width=100).print(table)
    sys.exit(not met)


if __name__ == "__main__":
    main()
