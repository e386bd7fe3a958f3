"""Search typed letter by letter: time in the database, time at the client, and the plan.

Each prefix is asked `REPEATS` times and its median counts, so that what else the machine does
stays out of the figures; the worst of all single runs is shown beside it.
"""

import json
import random
import statistics
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table
from sqlalchemy import ClauseElement, select

from bench.catalogue import loaded_database
from bench.setup import Setup
from datasources.embedded.postgres import embedded_postgres
from datasources.postgres.client import Postgres, open_postgres
from datasources.postgres.search import search_entities, statement
from datasources.postgres.settings import PostgresSettings
from datasources.postgres.tables import search_entries
from datasources.records.external_ids import EntityKind
from datasources.records.page import PageRequest

NAMES = 150
LETTERS = 12
REPEATS = 3
SEED = 20_261_121
MEDIAN_MS, WORST_MS = 1.0, 10.0

ALL = tuple(EntityKind)
PAGE = PageRequest(20)


@dataclass(frozen=True, slots=True)
class Typed:
    """What one prefix cost, in milliseconds."""

    prefix: str
    in_database: float
    at_client: float
    worst_run: float


async def run(setup: Setup, real: str, console: Console) -> bool:
    """Print a table for each PostgreSQL; return whether the goals are met on both.

    `real` is a database on the real server that holds the catalogue already.
    """
    met = await _measure("real PostgreSQL", real, console)
    async with (
        embedded_postgres(setup.data_dir, "postgres") as server,
        loaded_database(server, setup.data) as url,
    ):
        return await _measure("embedded PostgreSQL", url, console) and met


async def _measure(label: str, url: str, console: Console) -> bool:
    settings = PostgresSettings(url=None, command_timeout_s=60)
    postgres = open_postgres(url, settings)
    try:
        version = await _value(postgres, "show server_version")
        rows = await _value(postgres, "select count(*) from search_entries")
        names = await _names(postgres)
        met = True
        for kinds in (ALL, (EntityKind.TRACK,), (EntityKind.ARTIST,)):
            typed = [await _typed(postgres, prefix, kinds) for prefix in _prefixes(names)]
            of = "all kinds" if kinds == ALL else f"{kinds[0].value.lower()}s"
            title = f"Search, {label} {version}, {rows:,} entries, {len(names)} names, {of}"
            console.print(_table(title, typed))
            met &= _goals(typed) or kinds != ALL
        found = [await _is_found(postgres, name) for name in names]
        console.print(f"Whole names found on the first page: {sum(found)} of {len(found)}\n")
        return met and all(found)
    finally:
        await postgres.close()


async def _names(postgres: Postgres) -> list[str]:
    """Return names of tracks, albums and artists, the same at each run."""
    named = (
        select(search_entries.c.name_key)
        .where(search_entries.c.kind.in_(["TRACK", "ALBUM", "ARTIST"]))
        .where(search_entries.c.key != "")
        .distinct()
    )
    names = sorted(row.name_key for row in await postgres.read(named))
    return random.Random(SEED).sample(names, NAMES)  # noqa: S311  a choice, no secret


def _prefixes(names: Sequence[str]) -> Iterator[str]:
    for name in names:
        for letters in range(1, min(len(name), LETTERS) + 1):
            yield name[:letters]


async def _typed(postgres: Postgres, prefix: str, kinds: Sequence[EntityKind]) -> Typed:
    asked = statement(prefix, kinds, PAGE)
    in_database, at_client = [], []
    for _ in range(REPEATS):
        plan = await _explain(postgres, asked)
        in_database.append(plan["Execution Time"])
        began = time.perf_counter()
        await search_entities(postgres, prefix, kinds, PAGE)
        at_client.append((time.perf_counter() - began) * 1000)
    scans = [node for node in _nodes(plan["Plan"]) if node["Node Type"] == "Seq Scan"]
    assert not scans, f"{prefix!r} goes through the whole table"
    return Typed(
        prefix,
        statistics.median(in_database),
        statistics.median(at_client),
        worst_run=max(in_database),
    )


async def _explain(postgres: Postgres, asked: ClauseElement) -> dict[str, Any]:
    compiled = asked.compile(
        dialect=postgres.engine.dialect, compile_kwargs={"literal_binds": True}
    )
    text = await _value(postgres, f"explain (analyze, timing off, format json) {compiled}")
    plan: dict[str, Any] = (json.loads(text) if isinstance(text, str) else text)[0]
    return plan


async def _value(postgres: Postgres, sql: str) -> Any:
    async with postgres.engine.connect() as connection:
        return (await connection.exec_driver_sql(sql)).scalar_one()


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from _nodes(child)


async def _is_found(postgres: Postgres, name: str) -> bool:
    """Whether a name typed in full comes first: its own entity, or one of the same name."""
    page = await search_entities(postgres, name, ALL, PAGE)
    return bool(page.edges) and page.edges[0].key[0] == 1


def _goals(typed: Sequence[Typed]) -> bool:
    times = [one.in_database for one in typed]
    return statistics.median(times) <= MEDIAN_MS and max(times) <= WORST_MS


def _table(title: str, typed: Sequence[Typed]) -> Table:
    groups: dict[str, list[Typed]] = defaultdict(list)
    for one in typed:
        letters = len(one.prefix)
        groups[str(letters) if letters <= 3 else f"4 to {LETTERS}"].append(one)
    groups["all"] = list(typed)
    table = Table(title=title, title_justify="left")
    table.add_column("letters")
    for column in ("asked", "database, median ms", "worst ms", "worst run ms", "client, median ms"):
        table.add_column(column, justify="right")
    table.add_column("slowest")
    for label, group in groups.items():
        slowest = max(group, key=lambda one: one.in_database)
        table.add_row(
            label,
            str(len(group)),
            f"{statistics.median(one.in_database for one in group):.2f}",
            f"{slowest.in_database:.2f}",
            f"{max(one.worst_run for one in group):.2f}",
            f"{statistics.median(one.at_client for one in group):.2f}",
            slowest.prefix,
        )
    return table
