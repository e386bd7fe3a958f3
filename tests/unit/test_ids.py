from base64 import urlsafe_b64encode
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasources.records.external_ids import EntityKind
from datasources.records.references import EntityRef
from resolvers.errors import BadUserInput
from resolvers.ids import at_most_max_ids, global_id, parse_id, parse_id_of

ONE = UUID("0b06500d-a2c3-4003-9ddb-7b58d2b8c576")
NO_ID = "This is not an id of this graph."  # whatever was sent: it may be a secret


def encoded(text: str) -> str:
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


@pytest.mark.parametrize("kind", list(EntityKind))
def test_an_id_names_its_entity(kind: EntityKind) -> None:
    text = global_id(kind.value.capitalize(), ONE)
    assert parse_id(text) == EntityRef(kind, ONE)
    assert parse_id_of(kind, text) == ONE


@given(st.text(max_size=100))
def test_rubbish_is_refused(text: str) -> None:
    with pytest.raises(BadUserInput) as error:
        parse_id(text)
    assert str(error.value) == NO_ID


@pytest.mark.parametrize(
    "text",
    [
        "",
        encoded("Track"),
        encoded("Track:"),
        encoded("Track:1"),
        encoded(f"Genre:{ONE}"),
        encoded(f"track:{ONE}"),
        encoded(f"Track:{ONE.hex}"),
        encoded(f"Track:{{{ONE}}}"),
        encoded(f"Track:{ONE}") + "=",
        "A" * 100_000,
    ],
)
def test_near_misses_are_refused(text: str) -> None:
    with pytest.raises(BadUserInput) as error:
        parse_id(text)
    assert str(error.value) == NO_ID


def test_an_id_of_another_kind_is_refused() -> None:
    with pytest.raises(BadUserInput) as error:
        parse_id_of(EntityKind.TRACK, global_id("Album", ONE))
    assert str(error.value) == "This is not the id of a Track."


def test_at_most_a_hundred_ids() -> None:
    assert len(at_most_max_ids(["x"] * 100)) == 100
    with pytest.raises(BadUserInput, match="100 at most"):
        at_most_max_ids(["x"] * 101)
