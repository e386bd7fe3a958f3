"""What each import does around its batches: imports take turns, and tidy up at their end."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from datasources.postgres.client import Postgres
from datasources.postgres.search_index import settle
from datasources.postgres.tables import metadata

_LOCK = 0x696D706F7274  # "import"


@asynccontextmanager
async def import_turn(postgres: Postgres) -> AsyncIterator[AsyncConnection]:
    """Yield a transaction for one batch; batches of other imports wait until it has ended.

    Raises:
        StoreUnavailable, StoreTimeout: the store did not answer; nothing is committed, or, where
            the commit itself was cut off, that is not known.
    """
    async with postgres.transaction() as connection:
        await connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
        yield connection


async def settle_tables(connection: AsyncConnection) -> None:
    """Let the planner and the search index take in what was written, instead of a minute later."""
    await connection.execute(text(f"analyze {', '.join(metadata.tables)}"))
    await settle(connection)
