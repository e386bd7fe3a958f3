"""One key sent many times at once, and keys of requests whose connection was lost."""

import asyncio
from collections import Counter
from typing import Any

import pytest
from sqlalchemy import literal, select

from datasources.errors import OutcomeUnknown, StoreUnavailable
from datasources.postgres.client import Connection
from datasources.stores import Stores
from resolvers.context import RequestContext
from resolvers.errors import IdempotencyInProgress
from resolvers.idempotency import change, once
from tests.factories.http import client_of, post
from tests.factories.keyed import (
    ANN,
    CREATE,
    KEY,
    client_with,
    codes,
    create,
    fragile,
    kept,
    send,
    with_pool_of,
)
from tests.factories.music import user_id
from tests.factories.operations import context_of, identity_of
from tests.factories.people import add_account, tokens_of
from tests.factories.playlists import listed

SENDS = 100
PATIENCE_S = 60  # for what would otherwise wait for ever


@pytest.fixture
async def stores(empty_stores: Stores) -> Stores:
    await add_account(empty_stores)
    return empty_stores


async def titles(stores: Stores) -> list[str]:
    return [one.title for one in await listed(stores)]


class Slow:
    """A use case that ends when it is told to, and counts what it does."""

    def __init__(self, context: RequestContext) -> None:
        self.context = context
        self.began, self.may_end = asyncio.Event(), asyncio.Event()
        self.effects = 0

    async def __call__(self) -> int:
        async def work(connection: Connection) -> int:
            await connection.execute(select(literal(1)))
            self.began.set()
            await self.may_end.wait()
            self.effects += 1
            return self.effects

        with once(self.context, "path", b"the same"):
            return await change(self.context, work)


async def test_nobody_waits_for_one_that_runs(stores: Stores) -> None:
    """One connection is the runner's: a hundred repeats, and all others, share the second."""
    async with with_pool_of(stores, 2) as few, asyncio.timeout(PATIENCE_S):
        slow = Slow(context_of(few, ANN, client=client_with(KEY)))
        runner = asyncio.create_task(slow())
        await slow.began.wait()

        repeats = await asyncio.gather(*(slow() for _ in range(SENDS)), return_exceptions=True)
        assert {type(one) for one in repeats} == {IdempotencyInProgress}
        pool: Any = few.postgres.engine.pool
        assert pool.checkedout() == 1
        assert (await few.postgres.read(select(literal(7))))[0][0] == 7

        slow.may_end.set()
        assert await runner == 1
        assert await asyncio.gather(*(slow() for _ in range(SENDS))) == [1] * SENDS
        assert slow.effects == 1


async def test_one_of_a_hundred_takes_effect(stores: Stores) -> None:
    identity = identity_of(stores)
    token = (await tokens_of(stores, identity, user_id(1))).access_token
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": KEY}
    async with client_of(stores, identity) as client:

        async def sent() -> str:
            answer = (await post(client, CREATE, {"title": "Dawn"}, headers)).json()
            if "errors" in answer:
                (code,) = codes(answer)
                return code
            id_: str = answer["data"]["createPlaylist"]["playlist"]["id"]
            return id_

        told = Counter(await asyncio.gather(*(sent() for _ in range(SENDS))))
        again = await sent()
    assert await titles(stores) == ["Dawn"]
    assert set(told) <= {again, "IDEMPOTENCY_IN_PROGRESS"}
    assert told[again] >= 1


async def test_two_headers_are_no_key(stores: Stores) -> None:
    identity = identity_of(stores)
    token = (await tokens_of(stores, identity, user_id(1))).access_token
    body = {"query": CREATE, "variables": {"title": "Dawn"}}
    keys = [("Idempotency-Key", "a"), ("Idempotency-Key", "b")]
    async with client_of(stores, identity) as client:
        headers = [("Authorization", f"Bearer {token}"), *keys]
        answer = await client.post("/graphql", json=body, headers=headers)
    assert codes(answer.json()) == ["BAD_USER_INPUT"]
    assert await titles(stores) == []


async def test_a_change_that_goes_another_way_is_a_defect(stores: Stores) -> None:
    context = context_of(stores, ANN, client=client_with(KEY))
    with pytest.raises(RuntimeError), once(context, "path", b""):
        pass


async def test_one_field_makes_one_change(stores: Stores) -> None:
    context = context_of(stores, ANN, client=client_with(KEY))

    async def work(_: Connection) -> int:
        return 1

    with once(context, "path", b""):
        await change(context, work)
        with pytest.raises(RuntimeError):
            await change(context, work)
    assert await change(context, work) == 1
    assert await change(context, work) == 1


# --- connections that are lost ------------------------------------------------------------------


@pytest.mark.parametrize("stored", [True, False])
async def test_what_is_lost_in_its_commit_is_settled_by_its_key(
    stores: Stores, stored: bool
) -> None:
    async with fragile(stores) as (behind, proxy):
        proxy.cut_at(b"COMMIT", answered=stored)
        lost = await send(behind, CREATE, {"title": "Dawn"})
        assert lost["data"] == {"createPlaylist": None}
        assert codes(lost) == ["OUTCOME_UNKNOWN"]
        before = await listed(stores)
        assert len(before) == len(await kept(stores)) == int(stored)
        made = await create(behind, "Dawn")
        assert await create(behind, "Dawn") == made
    assert await titles(stores) == ["Dawn"]
    if stored:
        assert await listed(stores) == before


@pytest.mark.parametrize("words", [b"INSERT INTO playlists", b"INSERT INTO idempotent_requests"])
@pytest.mark.parametrize("answered", [True, False])
async def test_what_is_lost_earlier_is_known_not_to_be_there(
    stores: Stores, words: bytes, answered: bool
) -> None:
    async with fragile(stores) as (behind, proxy):
        proxy.cut_at(words, answered=answered)
        lost = await send(behind, CREATE, {"title": "Dawn"})
        assert codes(lost) == ["SERVICE_UNAVAILABLE"]
        assert await titles(stores) == []
        assert await kept(stores) == []
        await create(behind, "Dawn")
    assert await titles(stores) == ["Dawn"]


async def test_without_a_key_it_is_unknown_too(stores: Stores) -> None:
    async with fragile(stores) as (behind, proxy):
        context = context_of(behind, ANN)

        async def work(connection: Connection) -> int:
            return int((await connection.execute(select(literal(1)))).scalar_one())

        proxy.cut_at(b"COMMIT", answered=True)
        with pytest.raises(OutcomeUnknown):
            await change(context, work)
        proxy.cut_at(b"SELECT", answered=True)
        with pytest.raises(StoreUnavailable):
            await change(context, work)
        assert await change(context, work) == 1
