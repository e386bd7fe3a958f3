"""What the table `search_entries` holds of an entity, and the words that find it."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from datasources.names import name_key, search_key
from datasources.records.external_ids import EntityKind

_MAX_WORD_CHARS = 100  # PostgreSQL holds at most 2,046 bytes a word

_SCOPES = {
    EntityKind.TRACK: "T",
    EntityKind.ALBUM: "L",
    EntityKind.ARTIST: "A",
    EntityKind.PLAYLIST: "P",
    EntityKind.USER: "U",
}


def entry(
    kind: EntityKind, entity_id: UUID, name: str, others: Sequence[str], popularity: int
) -> dict[str, object]:
    """Return the row of `search_entries` for an entity.

    `key` has each word twice: alone, and scoped to the kind, which a search among some kinds asks
    for: the planner then knows how rare a word is there, as common as it may be elsewhere.

    It is found by every word of `name` and `others` (a track's artists, say), and it is an exact
    match for its `name` alone. A name without a single word, such as "!!!", has an empty `key`
    and is found by its exact name only. `popularity` is 0 to 100.
    """
    found_by = [word for text in (name, *others) for word in (*words(text), *_joined(text))]
    unique = dict.fromkeys(found_by)
    return {
        "kind": kind.value,
        "entity_id": entity_id,
        "name_key": name_key(name),
        "key": " ".join([*unique, *(scoped(kind, word) for word in unique)]),
        "popularity": popularity,
    }


async def settle(connection: AsyncConnection) -> int:
    """Merge entries written lately into the index of words; return how many pages they took.

    PostgreSQL keeps them on a list beside the index until a vacuum, and each search goes through
    all of that list: 3 ms instead of .1 after an import. To be called after many writes.
    """
    merged = await connection.execute(
        text("select gin_clean_pending_list('ix_search_entries_tsv'::regclass)")
    )
    return int(merged.scalar_one())


def scoped(kind: EntityKind, word: str) -> str:
    """Return a word as entities of one kind have it; words themselves have no capital letters."""
    return _SCOPES[kind] + word


def words(text: str) -> list[str]:
    """Return the normalised words of a text in its order; each has word characters only."""
    return [word[:_MAX_WORD_CHARS] for word in search_key(text).split()]


def _joined(text: str) -> list[str]:
    """Return what is written with punctuation inside in one word: "jayz", "acdc", "rem"."""
    parts = [words(chunk) for chunk in text.split()]
    return ["".join(part)[:_MAX_WORD_CHARS] for part in parts if len(part) > 1]
