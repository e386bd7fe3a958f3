"""What the PostgreSQL client says of statements and connections that fail."""

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from datasources.errors import StoreUnavailable
from datasources.postgres.client import open_postgres
from datasources.postgres.settings import PostgresSettings

URL = "postgresql+asyncpg://127.0.0.1/x"
NONE = PostgresSettings(url=None)


class ServerError(Exception):
    """What the server answers, with its code."""

    def __init__(self, sqlstate: str) -> None:
        super().__init__("no")
        self.sqlstate = sqlstate


async def test_errors_keep_values_to_themselves() -> None:
    postgres = open_postgres(URL, NONE)
    assert postgres.engine.sync_engine.hide_parameters
    await postgres.close()


@pytest.mark.parametrize("option", ["sslmode=require", "foo=1"])
async def test_an_option_that_the_driver_does_not_know_is_no_connection(option: str) -> None:
    postgres = open_postgres(f"{URL}?{option}", NONE)
    with pytest.raises(StoreUnavailable, match="unexpected keyword"):
        await postgres.read(text("select 1"))
    await postgres.close()


@pytest.mark.parametrize("sqlstate", ["55000", "42501", "XX000"])
async def test_a_server_that_does_not_want_us_is_no_connection(
    monkeypatch: pytest.MonkeyPatch, sqlstate: str
) -> None:
    async def refuse(_connection: AsyncConnection, **_: Any) -> None:
        raise DBAPIError("connect", None, ServerError(sqlstate))

    monkeypatch.setattr(AsyncConnection, "start", refuse)
    postgres = open_postgres(URL, NONE)
    with pytest.raises(StoreUnavailable):
        await postgres.read(text("select 1"))
    with pytest.raises(StoreUnavailable):
        async with postgres.transaction():
            pass
    await postgres.close()
