from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasources.postgres.paging import cut_page
from datasources.records.page import Keyset, Page, PageRequest
from resolvers.errors import BadCursor, BadUserInput
from resolvers.paging import page_request

ONE = UUID("0b06500d-a2c3-4003-9ddb-7b58d2b8c576")
KEYSET = Keyset("things", (str, int, UUID))
OTHER = Keyset("others", (str, int, UUID))

text = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=50)
bigints = st.integers(-(2**63), 2**63 - 1)


@given(text, bigints, st.uuids())
def test_a_cursor_gives_back_its_key(name: str, number: int, one: UUID) -> None:
    cursor = KEYSET.encode((name, number, one))
    assert KEYSET.decode(cursor) == (name, number, one)
    assert OTHER.decode(cursor) is None


@given(st.text(max_size=80))
def test_what_is_no_cursor_is_refused(rubbish: str) -> None:
    assert KEYSET.decode(rubbish) is None


@pytest.mark.parametrize(
    "cursor",
    [
        KEYSET.encode(("a", 1, ONE))[:-2],
        KEYSET.encode(("a", 1, ONE)) + "AAAA",
        Keyset("things", (str, int)).encode(("a", 1)),
        Keyset("things", (str, str, UUID)).encode(("a", "1", ONE)),
        Keyset("things", (int, int, UUID)).encode((1, 1, ONE)),
        "bnVsbA",
        "W10",
        "é",
        "A" * 5000,
    ],
)
def test_altered_and_foreign_cursors_are_refused(cursor: str) -> None:
    with pytest.raises(BadCursor):
        page_request(KEYSET, first=1, after=cursor)
    with pytest.raises(BadCursor):
        page_request(KEYSET, last=1, before=cursor)


def test_a_number_beyond_the_column_is_refused() -> None:
    for number in (2**63, -(2**63) - 1):
        cursor = KEYSET.encode(("a", number, ONE))
        assert KEYSET.decode(cursor) is None


def test_a_true_is_no_number() -> None:
    forged = Keyset("things", (str, int, UUID)).encode(("a", True, ONE))
    assert KEYSET.decode(forged) is None


@pytest.mark.parametrize(
    ("first", "last"), [(1, 1), (-1, None), (101, None), (None, -1), (None, 101)]
)
def test_pages_are_bounded(first: int | None, last: int | None) -> None:
    with pytest.raises(BadUserInput):
        page_request(KEYSET, first=first, last=last)


def test_a_page_has_twenty_items_by_default() -> None:
    assert page_request(KEYSET) == PageRequest(limit=20)
    assert page_request(KEYSET, first=0).limit == 0
    assert page_request(KEYSET, last=100) == PageRequest(limit=100, backward=True)


def test_a_page_knows_what_is_around_it() -> None:
    numbers = Keyset("numbers", (int,))
    read = [(f"item {n}", (n,)) for n in (3, 4, 5)]
    page = cut_page(read, PageRequest(limit=2, after=(2,)), numbers)
    assert page.nodes == ["item 3", "item 4"]
    assert (page.has_previous, page.has_next) == (True, True)
    assert page.end_cursor == numbers.encode((4,))

    backwards = cut_page(read[::-1], PageRequest(limit=2, backward=True), numbers)
    assert backwards.nodes == ["item 4", "item 5"]
    assert (backwards.has_previous, backwards.has_next) == (True, False)

    empty: Page[str] = cut_page([], PageRequest(limit=2), numbers)
    assert (empty.nodes, empty.start_cursor, empty.has_next) == ([], None, False)
