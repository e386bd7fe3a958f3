"""All that the three stores hold, as texts in which something can be looked for."""

from collections.abc import Iterator
from typing import Any

import asyncpg

_TABLES = """
select table_schema, table_name from information_schema.tables
where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema')
order by 1, 2
"""


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
