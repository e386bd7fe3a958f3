"""What the table `search_entries` holds of an entity, and the words that find it."""

from collections.abc import Sequence
from uuid import UUID

from datasources.names import name_key, search_key
from datasources.records.external_ids import EntityKind

_MAX_WORD_CHARS = 100  # PostgreSQL holds at most 2,046 bytes a word


def entry(
    kind: EntityKind, entity_id: UUID, name: str, others: Sequence[str], popularity: int
) -> dict[str, object]:
    """Return the row of `search_entries` for an entity.

    It is found by every word of `name` and `others` (a track's artists, say), and it is an exact
    match for its `name` alone. A name without a single word, such as "!!!", has an empty `key`
    and is found by its exact name only. `popularity` is 0 to 100.
    """
    found_by = [word for text in (name, *others) for word in (*words(text), *_joined(text))]
    return {
        "kind": kind.value,
        "entity_id": entity_id,
        "name_key": name_key(name),
        "key": " ".join(dict.fromkeys(found_by)),
        "popularity": popularity,
    }


def words(text: str) -> list[str]:
    """Return the normalised words of a text in its order; each has word characters only."""
    return [word[:_MAX_WORD_CHARS] for word in search_key(text).split()]


def _joined(text: str) -> list[str]:
    """Return what is written with punctuation inside in one word: "jayz", "acdc", "rem"."""
    parts = [words(chunk) for chunk in text.split()]
    return ["".join(part)[:_MAX_WORD_CHARS] for part in parts if len(part) > 1]
