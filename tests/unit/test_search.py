from typing import Any

import pytest

from datasources.postgres import search as postgres_search
from datasources.records.external_ids import EntityKind
from datasources.records.page import PageRequest
from resolvers.errors import BadCursor, BadUserInput
from resolvers.search import search

# No store is reached: each call ends before one is asked.
NOWHERE: Any = None


def tsquery(query: str, *kinds: EntityKind) -> str | None:
    return postgres_search._every_word(query, kinds or tuple(EntityKind))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("Sigur Ró", "'sigur' & 'ro':*"),
        ("duran duran du", "'duran' & 'du':*"),
        ("jay z jay", "'jay' & 'z' & 'jay':*"),
        ("love fea", "'love' & 'fea':*"),
        ("love featu", "'love' & 'feat':*"),
        ("love featuring", "'love' & 'feat':*"),
        ("it's' & 'x':*|!(", "'its' & 'x':*"),
        ("!!!", None),
        ("", None),
    ],
)
def test_every_word_and_the_last_as_a_prefix(query: str, expected: str | None) -> None:
    assert tsquery(query) == expected


def test_some_kinds_ask_for_their_own_words() -> None:
    assert tsquery("a b", EntityKind.TRACK, EntityKind.USER) == (
        "('Ta' | 'Ua') & ('Tb':* | 'Ub':*)"
    )
    assert postgres_search._every_word("a b", ()) is None


def test_a_statement_asks_for_one_more_than_the_page() -> None:
    compiled = postgres_search.statement("a", list(EntityKind), PageRequest(7)).compile()
    assert {value for name, value in compiled.params.items() if name.startswith("param")} >= {8}


@pytest.mark.parametrize(
    "arguments",
    [
        {"query": "a" * 201},
        {"query": " ".join("abcdefghijklmnopqrstuvwxyzabcde")},
        {"query": "a", "first": 101},
        {"query": "a", "first": -1},
        {"query": "a", "kinds": []},
    ],
)
async def test_bad_input_is_refused_before_a_store_is_asked(arguments: dict[str, Any]) -> None:
    with pytest.raises(BadUserInput):
        await search(NOWHERE, **arguments)


async def test_a_cursor_of_another_list_is_refused() -> None:
    with pytest.raises(BadCursor):
        await search(NOWHERE, "a", after="bm90IGEgY3Vyc29y")


@pytest.mark.parametrize("query", ["", "   ", "\0", "\ud800"])
async def test_nothing_finds_nothing(query: str) -> None:
    assert (await search(NOWHERE, query)).edges == ()
