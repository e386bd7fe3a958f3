"""Round trips to PostgreSQL of the nested reference query, for 50 playlists and for one."""

from collections.abc import Iterator
from contextlib import contextmanager

from pydantic import SecretStr
from rich.console import Console
from rich.table import Table
from sqlalchemy import Engine, event

from bench.queries import BIG, OWNER
from datasources.postgres.settings import PostgresSettings
from datasources.settings import StoreSettings
from datasources.stores import open_stores
from tests.factories.operations import context_of, run_operation

MOST = 5


async def run(url: str, console: Console) -> bool:
    """Print the statements by number of playlists; return whether they are 5 at most, and equal."""
    table = Table(title="Statements of the nested reference query", title_justify="left")
    for column in ("playlists", "items", "statements"):
        table.add_column(column, justify="right")
    counts = []
    settings = StoreSettings(postgres=PostgresSettings(url=SecretStr(url))).patient()
    async with open_stores(settings) as stores:
        for playlists in (1, 10, 50):
            context = context_of(stores)
            variables = {"handle": OWNER, "playlists": playlists}
            with _counted() as statements:
                result = await run_operation(context, BIG, variables)
            assert result.data is not None, result.errors
            assert not result.errors, result.errors
            nodes = result.data["user"]["playlists"]["nodes"]
            assert len(nodes) == playlists
            items = sum(len(node["items"]["nodes"]) for node in nodes)
            table.add_row(str(playlists), str(items), str(len(statements)))
            counts.append(len(statements))
    console.print(table, "")
    return max(counts) <= MOST and len(set(counts)) == 1


@contextmanager
def _counted() -> Iterator[list[str]]:
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(Engine, "before_cursor_execute", note)
