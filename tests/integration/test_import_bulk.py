"""COPY and upserts stay within their transaction and leave equal rows alone."""

import pytest
from sqlalchemy import func, select

from datasources.ids import new_id
from datasources.postgres.bulk import Upserted, copy_rows, upsert_rows
from datasources.postgres.tables import artists
from datasources.stores import Stores


def rows(*names: str) -> list[dict[str, object]]:
    return [
        {"id": new_id(), "name": name, "name_key": name.lower(), "popularity": 10} for name in names
    ]


async def count(stores: Stores) -> int:
    return int((await stores.postgres.read(select(func.count()).select_from(artists)))[0][0])


async def test_copy_comes_first_and_is_rolled_back(empty_stores: Stores) -> None:
    async def copy_and_fail() -> None:
        async with empty_stores.postgres.transaction() as connection:
            await copy_rows(connection, "artists", rows("A", "B"))
            raise LookupError

    with pytest.raises(LookupError):
        await copy_and_fail()
    assert await count(empty_stores) == 0

    async with empty_stores.postgres.transaction() as connection:
        await copy_rows(connection, "artists", rows("A", "B"))
        await copy_rows(connection, "artists", [])
    assert await count(empty_stores) == 2


async def test_upsert_tells_new_changed_and_equal_rows(empty_stores: Stores) -> None:
    first, second, third = rows("A", "B", "C")
    async with empty_stores.postgres.transaction() as connection:
        assert await upsert_rows(connection, "artists", [first, second], "id") == Upserted(2, 0, 0)
        second = {**second, "name": "Beta", "popularity": 11}
        again = [first, second, third]
        done = await upsert_rows(connection, "artists", again, "id", keep=["popularity"])
        assert done == Upserted(1, 1, 1)
        assert await upsert_rows(connection, "artists", [], "id") == Upserted()
    found = await empty_stores.postgres.read(
        select(artists.c.name, artists.c.popularity).order_by(artists.c.name)
    )
    assert [tuple(row) for row in found] == [("A", 10), ("Beta", 10), ("C", 10)]


async def test_upsert_sees_a_null_that_becomes_a_value(empty_stores: Stores) -> None:
    (row,) = rows("A")
    async with empty_stores.postgres.transaction() as connection:
        await upsert_rows(connection, "artists", [{**row, "mbid": None}], "id")
        changed = {**row, "mbid": new_id()}
        assert await upsert_rows(connection, "artists", [changed], "id") == Upserted(0, 1, 0)
        assert await upsert_rows(connection, "artists", [changed], "id") == Upserted(0, 0, 1)


async def test_upsert_of_keys_alone(empty_stores: Stores) -> None:
    (row,) = rows("A")
    async with empty_stores.postgres.transaction() as connection:
        await copy_rows(connection, "artists", [row])
        assert await upsert_rows(connection, "artists", [row], "id", keep=list(row)) == Upserted(
            0, 0, 1
        )
