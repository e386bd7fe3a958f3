"""Runs a use case from the command line: its stores, its identity, and what it refuses."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, TypeVar

import typer

if TYPE_CHECKING:
    from resolvers.context import RequestContext

T = TypeVar("T")

FAILED = 1
WRONG_USE = 2


class _MigrationsPending(Exception):
    """The database is not what this version needs."""


def run_use_case(user_agent: str, use_case: "Callable[[RequestContext], Awaitable[T]]") -> T:
    """Return what a use case does; what it refuses is one line, and code 1.

    `user_agent` is what the audit log calls the command.
    """
    from resolvers.errors import Refusal

    async def run() -> T:
        async with _context(user_agent) as context:
            return await use_case(context)

    try:
        return asyncio.run(run())
    except (Refusal, _MigrationsPending) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(FAILED) from None


@asynccontextmanager
async def _context(user_agent: str) -> "AsyncIterator[RequestContext]":
    from auth.principal import ANONYMOUS
    from datasources.loaders.batch import Loaders
    from datasources.postgres.migrate import pending_migrations
    from datasources.stores import open_stores
    from gateway.identity import open_identity
    from gateway.settings import Settings
    from resolvers.context import Client, RequestContext

    settings = Settings()
    async with (
        open_stores(settings.stores.patient()) as stores,
        open_identity(settings, stores) as identity,
    ):
        async with stores.postgres.transaction():
            pass  # whether it answers at all, said in our words
        if await pending_migrations(stores.postgres.url):
            raise _MigrationsPending("Run `python -m gateway migrate` first.")
        yield RequestContext(
            ANONYMOUS,
            Loaders(stores),
            stores,
            identity,
            request_id="command-line",
            client=Client(user_agent=user_agent),
        )
