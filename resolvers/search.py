"""Search over all kinds of entity."""

from collections.abc import Sequence
from dataclasses import replace

from auth.policy import missing_for_kind
from datasources.loaders.search import CountOfSearch
from datasources.names import name_key
from datasources.postgres.search import SEARCH, search_entities
from datasources.postgres.search_index import words
from datasources.records.external_ids import EntityKind
from datasources.records.page import Page
from datasources.records.references import EntityRef
from resolvers.context import RequestContext
from resolvers.errors import BadUserInput
from resolvers.paging import page_request
from resolvers.permission import check_kind

MAX_QUERY_CHARS = 200
MAX_QUERY_WORDS = 30


async def search(
    context: RequestContext,
    query: str,
    kinds: Sequence[EntityKind] | None = None,
    first: int | None = None,
    after: str | None = None,
) -> Page[EntityRef]:
    """Return what has every word of `query`, exact names first, then the most popular.

    Case, accents and apostrophes do not matter, and the last word may be a beginning. A query
    without a word ("!!!") finds exact names only; a blank one finds nothing, and no store is
    asked. Without `kinds` all are looked through that the credential covers. The total is counted
    up to 1,000 and None beyond.

    Raises:
        BadUserInput: more than 200 characters or 30 words, no kind in the list, or a page outside
            0 to 100.
        BadCursor: a cursor that was not made by a search.
        Unauthenticated, Forbidden: the credential does not cover a kind that is asked for.
    """
    request = page_request(SEARCH, first, after)
    if len(query) > MAX_QUERY_CHARS:
        raise BadUserInput(f"`query` must have at most {MAX_QUERY_CHARS} characters.")
    if len(words(query)) > MAX_QUERY_WORDS:
        raise BadUserInput(f"`query` must have at most {MAX_QUERY_WORDS} words.")
    if kinds is not None and not kinds:
        raise BadUserInput("`types` must name at least one kind.")
    for kind in kinds or ():
        check_kind(context, kind)
    if not name_key(query):
        return Page(total=0)
    covered = [kind for kind in EntityKind if not missing_for_kind(context.principal, kind)]
    asked = tuple(covered) if kinds is None else tuple(dict.fromkeys(kinds))
    viewer = context.principal.user_id
    page = await search_entities(context.stores.postgres, query, asked, request, viewer)
    return replace(page, total=CountOfSearch, parent=((query, asked), viewer))
