"""Charts: the most played tracks of a time."""

from uuid import UUID

from datasources.loaders.batch import PageKey
from datasources.loaders.genres import ALL_GENRES, PopularTracks, PopularTracksOfGenre
from datasources.loaders.listening import CHART_KEYSET, ChartByRange, ranked_page
from datasources.records.listening import ListeningRange
from datasources.records.page import Page
from resolvers.context import RequestContext
from resolvers.paging import page_request


async def charts(
    context: RequestContext,
    range_: ListeningRange,
    genre: str | None = None,
    first: int | None = None,
    after: str | None = None,
) -> Page[UUID]:
    """Return a page of tracks with their ranks, the most played first (`charts`).

    `genre` is a slug; the genres under it belong to it, and an unknown one has an empty chart.
    Where nothing was played, the catalogue's most popular tracks stand in, without counts.

    Raises:
        BadUserInput, BadCursor: wrong page arguments.
        StoreUnavailable, StoreTimeout: a store did not answer.
    """
    request = page_request(CHART_KEYSET, first, after)
    if genre == ALL_GENRES:
        return Page(total=0)
    key = PageKey((range_, genre or ALL_GENRES), request)
    chart = await context.loaders.pages(ChartByRange).load(key)
    if chart.total:
        return chart
    if genre is None:
        popular = await context.loaders.of(PopularTracks).load(ALL_GENRES)
    else:
        popular = await context.loaders.of(PopularTracksOfGenre).load(genre)
    return ranked_page([(one.id, None) for one in popular or ()], CHART_KEYSET, request)
