import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, cast

from datasources.errors import StoreUnavailable
from datasources.loaders.batch import Batch, Loaders, PagedBatch, PageKey
from datasources.records.page import Edge, Keyset, Page, PageRequest
from datasources.stores import Stores

STORES = cast("Stores", None)  # the batches here have their data at hand
NUMBERS = Keyset("numbers", (int,))


class Recorder:
    """A store that doubles numbers, all but the odd ones, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[list[int]] = []

    async def fetch(self, _: Stores, keys: Sequence[int]) -> Mapping[int, int]:
        self.asked.append(list(keys))
        return {key: key * 2 for key in keys if key % 2 == 0}


async def test_keys_of_a_level_are_one_round_trip_in_their_order() -> None:
    store = Recorder()
    loader = Loaders(STORES).of(Batch("Double", store.fetch, missing=0))
    assert await asyncio.gather(*map(loader.load, [4, 1, 2, 4])) == [8, 0, 4, 8]
    assert store.asked == [[4, 1, 2]]
    assert await loader.load(2) == 4
    assert len(store.asked) == 1


async def test_each_operation_asks_for_itself() -> None:
    store = Recorder()
    batch = Batch("Double", store.fetch)
    for _ in range(2):
        await Loaders(STORES).of(batch).load(2)
    assert store.asked == [[2], [2]]


async def test_sibling_edges_run_at_the_same_time() -> None:
    both = asyncio.Barrier(2)

    async def wait_for_the_other(_: Stores, keys: Sequence[int]) -> Mapping[int, int]:
        await both.wait()
        return dict.fromkeys(keys, 1)

    loaders = Loaders(STORES)
    siblings = [loaders.of(Batch(name, wait_for_the_other)) for name in ("One", "Other")]
    async with asyncio.timeout(5):
        assert await asyncio.gather(*(one.load(1) for one in siblings)) == [1, 1]


async def test_pages_are_fetched_once_for_each_request() -> None:
    asked: list[tuple[list[int], PageRequest]] = []

    async def fetch(
        _: Stores, parents: Sequence[int], request: PageRequest
    ) -> Mapping[int, Page[int]]:
        asked.append((list(parents), request))
        return {p: Page((Edge(p, (p,), NUMBERS),)) for p in parents if p}

    total = Batch("Total", Recorder().fetch)
    batch = PagedBatch("Things", fetch, NUMBERS, total)
    few, many = PageRequest(1), PageRequest(2)
    keys: list[PageKey[int]] = [PageKey(1, few), PageKey(2, few), PageKey(1, many), PageKey(0, few)]
    pages = await Loaders(STORES).pages(batch).load_many(keys)
    assert [page.nodes for page in pages] == [[1], [2], [1], []]
    assert asked == [([1, 2, 0], few), ([1], many)]
    assert [(page.total, page.parent) for page in pages[:2]] == [(total, 1), (total, 2)]
    assert pages[3].total == 0


async def test_a_failure_reaches_every_key_and_is_not_kept() -> None:
    answers: list[Any] = [StoreUnavailable("postgres"), {1: 1, 2: 2}]

    async def fetch(_: Stores, __: Sequence[int]) -> Mapping[int, int]:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return cast("Mapping[int, int]", answer)

    loader = Loaders(STORES).of(Batch("Shaky", fetch))
    failed = await asyncio.gather(loader.load(1), loader.load(2), return_exceptions=True)
    assert [type(one) for one in failed] == [StoreUnavailable, StoreUnavailable]
    assert await loader.load(1) == 1
