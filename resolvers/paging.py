"""Turns the arguments of a list into a page request, or refuses them."""

from datasources.records.page import Key, Keyset, PageRequest
from resolvers.errors import BadCursor, BadUserInput

DEFAULT_PAGE = 20
MAX_PAGE = 100


def page_request(
    keyset: Keyset,
    first: int | None = None,
    after: str | None = None,
    last: int | None = None,
    before: str | None = None,
) -> PageRequest:
    """Return the request for a page of the list that is ordered by `keyset`.

    Raises:
        BadUserInput: both `first` and `last`, or one outside 0 to 100.
        BadCursor: a cursor that was not made by this list.
    """
    if first is not None and last is not None:
        raise BadUserInput("Ask for `first` or `last`, not for both.")
    name, size = ("first", first) if last is None else ("last", last)
    limit = DEFAULT_PAGE if size is None else size
    if not 0 <= limit <= MAX_PAGE:
        raise BadUserInput(f"`{name}` must be between 0 and {MAX_PAGE}.")
    return PageRequest(
        limit=limit,
        after=_key(keyset, "after", after),
        before=_key(keyset, "before", before),
        backward=last is not None,
    )


def _key(keyset: Keyset, name: str, cursor: str | None) -> Key | None:
    if cursor is None:
        return None
    key = keyset.decode(cursor)
    if key is None:
        raise BadCursor(f"`{name}` is not a cursor of this list.")
    return key
