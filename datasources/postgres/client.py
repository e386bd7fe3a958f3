"""The PostgreSQL client: reads that are retried once, transactions, and errors in our words."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from sqlalchemy import Executable, Row
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from datasources.errors import StoreTimeout, StoreUnavailable
from datasources.postgres.settings import PostgresSettings
from datasources.timing import store_call

STORE = "postgres"

AnyRow = Row[*tuple[Any, ...]]

Connection = AsyncConnection
"""One in a transaction, as layers above pass it from one statement to the next."""


class Postgres:
    """A pool of connections. One is taken for each batch, never for a whole request.

    There is no breaker here: time-outs of a pool do not queue up, and one slow statement must not
    cost the others their answers.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        # Each read is one statement: without a transaction it is one round trip, too.
        self._reader = engine.execution_options(isolation_level="AUTOCOMMIT")

    @property
    def url(self) -> str:
        """The database's address, password included: for migrations, never for a log."""
        return self.engine.url.render_as_string(hide_password=False)

    async def read(
        self, statement: Executable, parameters: Mapping[str, object] | None = None
    ) -> Sequence[AnyRow]:
        """Return all rows of one statement, in its order.

        Tried a second time where the connection turned out to be dropped.

        Raises:
            StoreUnavailable, StoreTimeout: the store did not answer.
        """
        with store_call():
            async with our_errors():
                return await self._read_again_if_dropped(statement, parameters)

    async def _read_again_if_dropped(
        self, statement: Executable, parameters: Mapping[str, object] | None
    ) -> Sequence[AnyRow]:
        try:
            return await self._read(statement, parameters)
        except DBAPIError as error:
            if not error.connection_invalidated or _timed_out(error):
                raise
            return await self._read(statement, parameters)

    async def _read(
        self, statement: Executable, parameters: Mapping[str, object] | None
    ) -> Sequence[AnyRow]:
        async with connected(self._reader) as connection:
            return (await connection.execute(statement, parameters)).all()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """Yield a connection in a transaction: committed at the end, rolled back on an error.

        Raises:
            StoreUnavailable, StoreTimeout: the store did not answer; nothing is committed, or,
                where the commit itself was cut off, that is not known.
        """
        with store_call():
            async with our_errors(), connected(self.engine) as connection, connection.begin():
                yield connection

    async def close(self) -> None:
        """Close all connections."""
        await self.engine.dispose()


def open_postgres(url: str, settings: PostgresSettings) -> Postgres:
    """Return a client; the first statement connects."""
    engine = create_async_engine(
        url,
        pool_size=settings.pool_size,
        max_overflow=0,
        hide_parameters=True,  # an error with them would go to the log
        pool_timeout=settings.pool_timeout_s,
        connect_args={
            "timeout": settings.connect_timeout_s,
            "command_timeout": settings.command_timeout_s,
            "server_settings": {
                "application_name": "polyphony",
                # A generic plan for a search prefix is made for the average word, and slow.
                "plan_cache_mode": "force_custom_plan",
                "jit": "off",
            },
        },
    )
    return Postgres(engine)


@asynccontextmanager
async def connected(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """Yield a connection.

    Raises:
        StoreUnavailable, StoreTimeout: there is none to be had: the store does not answer, does
            not want us, or its address has an option that the driver does not know.
    """
    connection = engine.connect()
    try:
        async with our_errors():
            await connection.start()
    except (
        SQLAlchemyError,
        asyncpg.PostgresError,
        asyncpg.InterfaceError,
        TypeError,
        ValueError,
    ) as error:
        raise StoreUnavailable(STORE, str(getattr(error, "orig", None) or error)) from error
    try:
        yield connection
    finally:
        await connection.close()


@asynccontextmanager
async def our_errors() -> AsyncIterator[None]:
    """Turn the driver's connection errors into ours; others are defects and pass."""
    try:
        yield
    except (TimeoutError, PoolTimeout) as error:
        raise StoreTimeout(STORE) from error
    except DBAPIError as error:
        if _timed_out(error):
            raise StoreTimeout(STORE) from error
        if error.connection_invalidated or _refused(error):
            raise StoreUnavailable(STORE, str(error.orig)) from error
        raise
    except OSError as error:
        raise StoreUnavailable(STORE, str(error)) from error


def _timed_out(error: DBAPIError) -> bool:
    return isinstance(error.orig, TimeoutError) or isinstance(
        error.orig and error.orig.__cause__, TimeoutError
    )


# SQLSTATE: shutting down or starting up, out of connections, unknown database, wrong login.
_REFUSALS = ("57P0", "53300", "3D000", "28", "08")


def _refused(error: DBAPIError) -> bool:
    """Whether the server sent us away."""
    return str(getattr(error.orig, "sqlstate", "")).startswith(_REFUSALS)
