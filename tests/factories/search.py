"""Search entries for tests."""

from collections.abc import Iterable, Sequence
from random import Random
from uuid import UUID

from sqlalchemy import insert, text

from datasources.ids import new_id
from datasources.postgres.client import Postgres
from datasources.postgres.search_index import entry, settle
from datasources.postgres.tables import search_entries
from datasources.records.external_ids import EntityKind

_SYLLABLES = [consonant + vowel for consonant in "bcdfghjklmnprstvwz" for vowel in "aeiou"]

_OWNER_ID = UUID(int=1)
_OWNER = """
    insert into users (id, handle, display_name, created_at, listening_visibility)
    values (:id, 'owner', 'Owner', now(), 'PUBLIC') on conflict do nothing
"""
_PLAYLISTS = """
    insert into playlists (id, owner_id, title, visibility, created_at, updated_at)
    select entity_id, :owner, name_key, 'PUBLIC', now(), now()
    from search_entries where kind = 'PLAYLIST' on conflict do nothing
"""


def made(
    name: str,
    others: Sequence[str] = (),
    *,
    kind: EntityKind = EntityKind.TRACK,
    popularity: int = 50,
    entity_id: UUID | None = None,
) -> dict[str, object]:
    """Return the entry of an entity with a new id."""
    return entry(kind, entity_id or new_id(), name, others, popularity)


def many(count: int, seed: int = 1) -> list[dict[str, object]]:
    """Return entries of all kinds with made-up names of one to three words, some of them equal."""
    random = Random(seed)  # noqa: S311  names, not secrets
    kinds = list(EntityKind)

    def word() -> str:
        return "".join(random.choices(_SYLLABLES, k=random.randint(1, 3)))

    return [
        made(
            " ".join(word() for _ in range(random.randint(1, 3))),
            [word()],
            kind=random.choice(kinds),
            popularity=random.randint(0, 100),
        )
        for _ in range(count)
    ]


async def insert_entries(postgres: Postgres, entries: Iterable[dict[str, object]]) -> None:
    """Insert entries and the playlists among them, all public, as an import leaves them.

    The planner knows of them, and they are in the index of words: how many were left beside it
    would depend on PostgreSQL's own cleaning, and with many the planner reads the table instead.
    """
    async with postgres.transaction() as connection:
        await connection.execute(insert(search_entries), list(entries))
        await connection.execute(text(_OWNER), {"id": _OWNER_ID})
        await connection.execute(text(_PLAYLISTS), {"owner": _OWNER_ID})
        await connection.execute(text("analyze search_entries"))
        await connection.execute(text("analyze playlists"))
        await settle(connection)
