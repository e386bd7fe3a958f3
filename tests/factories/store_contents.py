"""All that the three stores hold, as texts in which something can be looked for."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg

_TABLES = """
select table_schema, table_name from information_schema.tables
where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema')
order by 1, 2
"""

# Of this connection, and gone with it: until then no checkpoint takes away what is ahead.
_KEEP = "select pg_create_physical_replication_slot($1, true, true)"
_FILE = "select file_name, file_offset from pg_walfile_name_offset($1::text::pg_lsn)"


async def rows_in_postgres(connection: asyncpg.Connection) -> list[tuple[str, str]]:
    """Return each row of each table: the table's name, and the row as PostgreSQL writes it."""
    found = []
    for schema, table in await connection.fetch(_TABLES):
        name = f'"{schema}"."{table}"'
        rows = await connection.fetch(f"select one::text from {name} as one")  # noqa: S608  its own name
        found += [(str(table), str(row[0])) for row in rows]
    return found


def keys_in_redis(client: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield each key that begins so: the key, and its value whatever its type is."""
    read = {
        "string": client.get,
        "list": lambda key: client.lrange(key, 0, -1),
        "set": client.smembers,
        "zset": lambda key: client.zrange(key, 0, -1, withscores=True),
        "hash": client.hgetall,
        "stream": client.xrange,
    }
    for key in client.scan_iter(match=f"{prefix}*"):
        kind = client.type(key)
        if kind != "none":  # it has expired meanwhile
            yield str(key), f"{key} {read[kind](key)}"


def documents_in_mongo(database: Any) -> Iterator[tuple[str, str]]:
    """Yield each document: its collection, and the document."""
    for name in database.list_collection_names():
        for document in database[name].find():
            yield name, str(document)


@dataclass(frozen=True)
class Written:
    """All that an embedded PostgreSQL writes from a moment on: each row, however soon it goes."""

    log: Path
    log_bytes: int
    position: str

    @classmethod
    async def since_now(cls, connection: asyncpg.Connection) -> "Written":
        """Return where it is now, and have it keep what follows while the connection lasts.

        Only a superuser may ask.
        """
        await connection.fetchval(_KEEP, f"kept_{uuid4().hex}")
        folder, position = await connection.fetchrow(
            "select current_setting('data_directory'), pg_current_wal_lsn()::text"
        ) or ("", "")
        log = Path(folder) / "log"
        return cls(log, log.stat().st_size, position)

    async def read(self, connection: asyncpg.Connection) -> tuple[bytes, list[bytes]]:
        """Return the server's log, and its write-ahead log in the order of its files."""
        now = await connection.fetchval("select pg_current_wal_lsn()::text")
        begin, end = [await connection.fetchrow(_FILE, at) for at in (self.position, now)]
        assert begin is not None
        assert end is not None
        ahead = []
        for file in sorted((self.log.parent / "pg_wal").glob("[0-9A-F]" * 24)):
            if begin[0] <= file.name <= end[0]:
                first = begin[1] if file.name == begin[0] else 0
                last = end[1] if file.name == end[0] else None
                ahead.append(file.read_bytes()[first:last])
        return self.log.read_bytes()[self.log_bytes :], ahead
