"""The real catalogue in a scratch database: what every benchmark over the graph reads."""

import csv
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from pydantic import SecretStr
from sqlalchemy import insert, select, text

from bench.scratch import scratch_database
from datasources.ids import new_id
from datasources.names import name_key
from datasources.postgres.client import Postgres
from datasources.postgres.search_index import entry, settle
from datasources.postgres.settings import PostgresSettings
from datasources.postgres.tables import search_entries
from datasources.records.external_ids import EntityKind
from datasources.settings import StoreSettings
from datasources.stores import open_stores
from gateway.importers.catalogue import import_catalogue
from gateway.importers.progress import show_steps


@asynccontextmanager
async def loaded_database(server: str, data: Path) -> AsyncIterator[str]:
    """Yield the URL of a scratch database that holds the real catalogue.

    The listeners' artists that the catalogue lacks stand in its search, as the import of listens
    puts them there; there are no listens.
    """
    async with scratch_database(server) as url:
        settings = StoreSettings(postgres=PostgresSettings(url=SecretStr(url))).patient()
        async with open_stores(settings) as stores:
            with tempfile.TemporaryDirectory() as folder, show_steps() as steps:
                await import_catalogue(
                    stores,
                    data / "spotify_songs.csv",
                    Path(folder) / "rejects.csv",
                    datetime.now(UTC),
                    steps,
                )
            await _add_listeners_artists(stores.postgres, data / "lastfm" / "artists.dat")
        yield url


async def _add_listeners_artists(postgres: Postgres, path: Path) -> None:
    known = select(search_entries.c.name_key).where(search_entries.c.kind == EntityKind.ARTIST)
    keys = {row.name_key for row in await postgres.read(known)}
    entries = []
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            if name_key(row["name"]) not in keys:
                keys.add(name_key(row["name"]))
                entries.append(entry(EntityKind.ARTIST, new_id(), row["name"], [], 0))
    async with postgres.transaction() as connection:
        await connection.execute(insert(search_entries), entries)
        await connection.execute(text("analyze"))
        await settle(connection)
