from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import pytest

from datasources.loaders.listening import _ready_page
from datasources.loaders.ready import slice_edges
from datasources.mongo.tops import RecentListens
from datasources.records.listening import ListenRecord, counts_as_play
from datasources.records.page import Edge, Keyset, PageRequest

UP = Keyset("up", (int,))
DOWN = Keyset("down", (int,), descending=True)
EDGES = [Edge(str(n), (n,), UP) for n in range(1, 6)]


@dataclass
class Case:
    request: PageRequest
    nodes: str
    has_next: bool
    has_previous: bool


CASES = [
    Case(PageRequest(2), "12", True, False),
    Case(PageRequest(5), "12345", False, False),
    Case(PageRequest(2, after=(2,)), "34", True, True),
    Case(PageRequest(9, after=(2,), before=(5,)), "34", True, True),
    Case(PageRequest(2, backward=True), "45", False, True),
    Case(PageRequest(2, before=(4,), backward=True), "23", True, True),
    Case(PageRequest(9, before=(4,), backward=True), "123", True, False),
    Case(PageRequest(2, after=(5,)), "", False, True),
    Case(PageRequest(2, after=(9,)), "", False, True),
    Case(PageRequest(0), "", True, False),
]


@pytest.mark.parametrize("case", CASES)
def test_a_slice_is_between_its_keys(case: Case) -> None:
    cut = slice_edges(EDGES, case.request)
    assert "".join(edge.node for edge in cut.edges) == case.nodes
    assert (cut.has_next, cut.has_previous) == (case.has_next, case.has_previous)


def test_a_descending_list_is_cut_downwards() -> None:
    edges = [Edge(str(n), (n,), DOWN) for n in (5, 4, 3, 2, 1)]
    cut = slice_edges(edges, PageRequest(2, after=(4,)))
    assert [edge.node for edge in cut.edges] == ["3", "2"]
    cut = slice_edges(edges, PageRequest(1, before=(3,), backward=True))
    assert [edge.node for edge in cut.edges] == ["4"]


TRACK = UUID(int=1)


def recent(total: int, *seconds: int) -> RecentListens:
    at = [datetime.fromtimestamp(second, UTC) for second in seconds]
    return RecentListens(total, [ListenRecord(TRACK, one, 1000, None) for one in at])


@pytest.mark.parametrize(
    ("request_", "ready"),
    [
        (PageRequest(3), True),
        (PageRequest(4), False),
        (PageRequest(2, after=(30, TRACK)), True),
        (PageRequest(3, after=(30, TRACK)), False),
        (PageRequest(9, before=(10, TRACK)), True),
        (PageRequest(9, before=(9, TRACK)), False),
        (PageRequest(2, before=(10, TRACK), backward=True), True),
        (PageRequest(1, before=(5, TRACK), backward=True), False),
        (PageRequest(1, backward=True), False),
        (PageRequest(0), True),
    ],
)
def test_a_page_that_may_reach_older_listens_is_not_ready(
    request_: PageRequest, ready: bool
) -> None:
    assert (_ready_page(recent(5, 30, 20, 10), request_) is not None) is ready
    assert _ready_page(recent(3, 30, 20, 10), request_) is not None


@pytest.mark.parametrize(
    ("request_", "seconds"),
    [
        (PageRequest(3), [90, 80, 70]),
        (PageRequest(4), None),
        (PageRequest(2, backward=True), [20, 10]),
        (PageRequest(3, backward=True), None),
        (PageRequest(1, before=(10, TRACK), backward=True), [20]),
        (PageRequest(1, before=(20, TRACK), backward=True), None),
        (PageRequest(9, after=(20, TRACK)), [10]),
        (PageRequest(9, after=(21, TRACK)), None),
        (PageRequest(9, after=(70, TRACK)), None),
        (PageRequest(9, before=(70, TRACK)), [90, 80]),
        (PageRequest(2, before=(70, TRACK), backward=True), [90, 80]),
        (PageRequest(0, after=(70, TRACK)), []),
    ],
)
def test_a_page_among_the_oldest_is_ready_too(
    request_: PageRequest, seconds: list[int] | None
) -> None:
    newest, oldest = recent(9, 90, 80, 70), recent(9, 20, 10)
    page = _ready_page(RecentListens(9, newest.listens, oldest.listens), request_)
    read = page and [edge.key[0] for edge in page.edges]
    assert read == seconds
    if page:
        assert page.has_next is (seconds not in ([20, 10], [10]))
        assert page.has_previous is (seconds not in ([90, 80, 70], [90, 80]))
    whole = _ready_page(RecentListens(5, newest.listens, oldest.listens), PageRequest(9))
    assert whole is not None
    assert (len(whole.edges), whole.has_next, whole.has_previous) == (5, False, False)


def test_a_ready_page_knows_that_there_are_older_listens() -> None:
    page = _ready_page(recent(5, 30, 20, 10), PageRequest(3))
    assert page is not None
    assert (page.has_next, page.has_previous, page.total) == (True, False, 5)


@pytest.mark.parametrize(
    ("duration_ms", "ms_played", "counts"),
    [
        (200_000, 100_000, True),
        (200_000, 99_999, False),
        (900_000, 240_000, True),
        (900_000, 239_999, False),
        (30_000, 30_000, False),
        (30_001, 15_001, True),
    ],
)
def test_half_or_four_minutes_count(duration_ms: int, ms_played: int, counts: bool) -> None:
    assert counts_as_play(duration_ms, ms_played) is counts
