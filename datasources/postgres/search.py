"""Search: exact names by a b-tree, then whatever has every word, the most popular first."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    Text,
    Uuid,
    bindparam,
    cast,
    false,
    func,
    literal,
    select,
    true,
    tuple_,
    union_all,
)
from sqlalchemy.dialects.postgresql import TSQUERY

from datasources.names import name_key
from datasources.postgres.blocks import unhidden
from datasources.postgres.client import Postgres
from datasources.postgres.paging import cut_page
from datasources.postgres.search_index import scoped, words
from datasources.postgres.tables import playlists, search_entries
from datasources.records.external_ids import EntityKind
from datasources.records.page import Key, Keyset, Page, PageRequest
from datasources.records.playlists import PlaylistVisibility
from datasources.records.references import EntityRef

SEARCH = Keyset("search", (int, int, UUID), descending=True)
"""The order of what was found: exact names (1) first, then popularity, then the id."""

MAX_COUNT = 1_000
"""Searches are counted so far; a short prefix finds a good part of the catalogue."""

Search = tuple[str, tuple[EntityKind, ...]]
"""What is typed, and the kinds that are looked through."""

_EXACT, _REST = 1, 0
_LONG_FEATURING = "featuring"


async def search_entities(
    postgres: Postgres,
    query: str,
    kinds: Sequence[EntityKind],
    request: PageRequest,
    viewer: UUID | None = None,
) -> Page[EntityRef]:
    """Return a page of the entities that have every word of `query`, the last one as a prefix.

    Names that are all of the query come first, then the most popular, then the latest. A query
    without a word finds exact names only. The list is read forward; `request.backward` and
    `request.before` are not looked at. People whom the viewer does not see are left out, and their
    playlists. One statement on `search_entries`, on `playlists` for those among what was found,
    and on `blocks`.
    """
    rows = await postgres.read(statement(query, kinds, request, viewer))
    items = [
        (EntityRef(EntityKind(kind), entity_id), (exact, popularity, entity_id))
        for kind, entity_id, exact, popularity in rows
    ]
    return cut_page(items, request, SEARCH)


async def count_found(
    postgres: Postgres, searches: Sequence[Search], viewer: UUID | None = None
) -> Mapping[Search, int]:
    """Return how many entities each search finds; one that finds over `MAX_COUNT` is absent.

    One statement, on the same indexes as the searches, and as far as the bound.
    """
    counts = []
    for place, (query, kinds) in enumerate(searches):
        found = statement(query, kinds, PageRequest(MAX_COUNT), viewer).subquery(f"search_{place}")
        counts.append(select(literal(place), func.count()).select_from(found))
    rows = await postgres.read(union_all(*counts))
    return {searches[place]: count for place, count in rows if count <= MAX_COUNT}


def statement(
    query: str, kinds: Sequence[EntityKind], request: PageRequest, viewer: UUID | None = None
) -> Select[tuple[str, UUID, int, int]]:
    """Return the statement of a search: kind, id, exact (1 or 0) and popularity of each entity."""
    entries = search_entries.c
    name = bindparam(None, name_key(query), Text)
    of_kind = entries.kind.in_([kind.value for kind in kinds])
    shown = _shown(kinds, viewer)
    branches = [_branch(_EXACT, (entries.name_key == name) & of_kind & shown, request)]
    every_word = _every_word(query, kinds)
    if every_word is not None:
        matches = entries.tsv.bool_op("@@")(cast(bindparam(None, every_word, Text), TSQUERY))
        branches.append(_branch(_REST, matches & (entries.name_key != name) & shown, request))
    found = union_all(*branches).subquery("found")
    return (
        select(found.c.kind, found.c.entity_id, found.c.exact, found.c.popularity)
        .order_by(found.c.exact.desc(), found.c.popularity.desc(), found.c.entity_id.desc())
        .limit(request.limit + 1)
    )


def _branch(
    exact: int, matches: ColumnElement[bool], request: PageRequest
) -> Select[tuple[str, UUID, int, int]]:
    """Return the first entities of one half of the list, each half in an order of its index."""
    entries = search_entries.c
    order = (entries.popularity, entries.entity_id)
    found = select(
        entries.kind, entries.entity_id, literal(exact).label("exact"), entries.popularity
    ).where(matches, _follows(exact, order, request.after))
    found = found.order_by(*(column.desc() for column in order)).limit(request.limit + 1)
    # A limit inside a union stands in parentheses only as a query of its own.
    half = found.subquery(f"half_{exact}")
    return select(half.c.kind, half.c.entity_id, half.c.exact, half.c.popularity)


def _shown(kinds: Sequence[EntityKind], viewer: UUID | None) -> ColumnElement[bool]:
    """Return what keeps people whom the viewer sees, and playlists that everybody may find.

    The index may lag behind the playlists. A scalar subquery, because PostgreSQL may answer EXISTS
    by reading the whole table first.
    """
    entries = search_entries.c
    people = unhidden(entries.entity_id, viewer) if EntityKind.USER in kinds else true()
    if EntityKind.PLAYLIST not in kinds:
        return people
    shown = playlists.c.visibility == PlaylistVisibility.PUBLIC
    public = select(shown & unhidden(playlists.c.owner_id, viewer))
    public = public.where(playlists.c.id == entries.entity_id).correlate(search_entries)
    return people & ((entries.kind != EntityKind.PLAYLIST) | public.scalar_subquery())


def _follows(
    exact: int, order: tuple[ColumnElement[int], ColumnElement[UUID]], after: Key | None
) -> ColumnElement[bool]:
    """Return what keeps the entities of one half that stand after a key of the whole list."""
    if after is None:
        return true()
    border, popularity, entity_id = after
    if border == exact:
        bounds = bindparam(None, popularity, BigInteger), bindparam(None, entity_id, Uuid)
        return tuple_(*order) < tuple_(*bounds)
    return true() if border == _EXACT else false()


def _every_word(query: str, kinds: Sequence[EntityKind]) -> str | None:
    """Return a text of type tsquery: all words, the last as a prefix; None without a word or kind.

    The words are word characters only, so quoting them is safe. The text is cast, not parsed as a
    document, so that PostgreSQL takes each word as it is.
    """
    found = words(query)
    if not found or not kinds:
        return None
    *whole, last = found
    if len(last) > len("feat") and _LONG_FEATURING.startswith(last):
        last = "feat"  # on the way to "featuring", which is spelt "feat" here
    return " & ".join(
        [*(_word(word, kinds) for word in dict.fromkeys(whole)), _word(last, kinds, ":*")]
    )


def _word(word: str, kinds: Sequence[EntityKind], prefix: str = "") -> str:
    if set(kinds) == set(EntityKind):
        return f"'{word}'{prefix}"
    return "(" + " | ".join(f"'{scoped(kind, word)}'{prefix}" for kind in kinds) + ")"
