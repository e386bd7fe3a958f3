import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasources.ids import new_id
from datasources.postgres.search_index import entry, scoped, words
from datasources.records.external_ids import EntityKind


def plain_words(name: str, *others: str) -> list[str]:
    key = entry(EntityKind.ARTIST, new_id(), name, others, 0)["key"]
    assert isinstance(key, str)
    return [word for word in key.split() if not word.startswith("A")]


def test_an_entry_is_a_row() -> None:
    entity_id = new_id()
    assert entry(EntityKind.TRACK, entity_id, "Halo", ["Beyoncé"], 80) == {
        "kind": "TRACK",
        "entity_id": entity_id,
        "name_key": "halo",
        "key": "halo beyonce Thalo Tbeyonce",
        "popularity": 80,
    }


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Don't Stop", ["dont", "stop"]),
        ("Jay-Z", ["jay", "z", "jayz"]),
        ("AC/DC Live", ["ac", "dc", "live", "acdc"]),
        ("R.E.M.", ["r", "e", "m", "rem"]),
        ("Duran Duran", ["duran"]),
        ("!!!", []),
    ],
)
def test_words_stand_once_and_joined_too(name: str, expected: list[str]) -> None:
    assert plain_words(name) == expected


def test_others_find_it_too() -> None:
    assert plain_words("Crazy in Love", "Beyoncé", "JAY-Z") == [
        *("crazy", "in", "love", "beyonce", "jay", "z", "jayz")
    ]


@given(st.text(), st.lists(st.text(), max_size=3))
def test_the_key_splits_at_single_spaces(name: str, others: list[str]) -> None:
    key = entry(EntityKind.USER, new_id(), name, others, 0)["key"]
    assert isinstance(key, str)
    assert not key or all(key.split(" "))


@given(st.text())
def test_no_word_looks_scoped(text: str) -> None:
    scopes = {scoped(kind, "") for kind in EntityKind}
    assert len(scopes) == len(EntityKind)
    assert not any(word.startswith(tuple(scopes)) for word in words(text))


def test_words_fit_into_an_index() -> None:
    assert all(
        len(word.encode()) <= 2_046 for word in words("𠀀" * 3_000 + " ﷺ" * 40 + "漢" * 3_000)
    )
