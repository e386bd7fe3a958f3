"""Loaders of listening: recents, tops, charts, play counts, and what plays now."""

import asyncio
from collections.abc import Hashable, Mapping, Sequence
from typing import TypeVar
from uuid import UUID

from datasources.loaders.batch import Batch, PagedBatch
from datasources.loaders.ready import slice_around_gap, slice_edges
from datasources.mongo.listens import (
    RECENT_LISTENS_KEYSET,
    fetch_listens_of_user,
    listen_key,
)
from datasources.mongo.tops import (
    Ranking,
    RecentListens,
    fetch_charts,
    fetch_play_counts,
    fetch_recent_listens,
    fetch_top_artists,
    fetch_top_tracks,
)
from datasources.postgres.paging import cut_page
from datasources.records.listening import (
    ListeningRange,
    ListenRecord,
    NowPlayingRecord,
    RankedEdge,
)
from datasources.records.page import Edge, Keyset, Page, PageRequest
from datasources.redis.now_playing import fetch_now_playing
from datasources.stores import Stores

K = TypeVar("K", bound=Hashable)

TOP_TRACKS_KEYSET = Keyset("top-tracks", (int,))
TOP_ARTISTS_KEYSET = Keyset("top-artists", (int,))
CHART_KEYSET = Keyset("chart", (int,))


# --- recent listens -----------------------------------------------------------------------------


async def _recent(
    stores: Stores, users: Sequence[UUID], request: PageRequest
) -> Mapping[UUID, Page[ListenRecord]]:
    """Return each person's plays, the newest first.

    One round trip reads the ready documents of all (`recent_listens`), which hold the newest and
    the oldest plays. A page with plays in between is read from `listens`: one find for each
    person for whom that is so (docs/adr/0003).
    """
    ready = await fetch_recent_listens(stores.mongo, users)
    pages = {user: _ready_page(recent, request) for user, recent in ready.items()}
    beyond = [user for user, page in pages.items() if page is None]
    older = await asyncio.gather(*(_older(stores, user, ready[user], request) for user in beyond))
    return {user: page for user, page in pages.items() if page} | dict(
        zip(beyond, older, strict=True)
    )


def _ready_page(recent: RecentListens, request: PageRequest) -> Page[ListenRecord] | None:
    """Return the page, or None where it may hold plays that the ready document lacks."""
    plays = (*recent.listens, *recent.oldest)
    edges = [Edge(one, listen_key(one), RECENT_LISTENS_KEYSET) for one in plays]
    if recent.total > len(edges):
        cut = slice_around_gap(edges, len(recent.listens), request)
    else:
        cut = slice_edges(edges, request)
    if cut is None:
        return None
    return Page(cut.edges, cut.has_next, cut.has_previous, recent.total)


async def _older(
    stores: Stores, user: UUID, recent: RecentListens, request: PageRequest
) -> Page[ListenRecord]:
    found = await fetch_listens_of_user(stores.mongo, user, request)
    page = cut_page(found, request, RECENT_LISTENS_KEYSET)
    return Page(page.edges, page.has_next, page.has_previous, recent.total)


RecentListensOfUser = PagedBatch("RecentListensOfUser", _recent, RECENT_LISTENS_KEYSET)


# --- rankings -----------------------------------------------------------------------------------


def ranked_page(
    ranking: Sequence[tuple[UUID, int | None]], keyset: Keyset, request: PageRequest
) -> Page[UUID]:
    """Return a page of a ranking; its cursors are the ranks, from 1."""
    edges = [
        RankedEdge(id_, (rank,), keyset, rank, plays)
        for rank, (id_, plays) in enumerate(ranking, start=1)
    ]
    cut = slice_edges(edges, request)
    return Page(cut.edges, cut.has_next, cut.has_previous, len(edges))


def _pages(
    rankings: Mapping[K, Ranking], keyset: Keyset, request: PageRequest
) -> Mapping[K, Page[UUID]]:
    return {key: ranked_page(ranking, keyset, request) for key, ranking in rankings.items()}


async def _top_tracks(
    stores: Stores, keys: Sequence[tuple[UUID, ListeningRange]], request: PageRequest
) -> Mapping[tuple[UUID, ListeningRange], Page[UUID]]:
    return _pages(await fetch_top_tracks(stores.mongo, keys), TOP_TRACKS_KEYSET, request)


async def _top_artists(
    stores: Stores, keys: Sequence[tuple[UUID, ListeningRange]], request: PageRequest
) -> Mapping[tuple[UUID, ListeningRange], Page[UUID]]:
    return _pages(await fetch_top_artists(stores.mongo, keys), TOP_ARTISTS_KEYSET, request)


async def _charts(
    stores: Stores, keys: Sequence[tuple[ListeningRange, str]], request: PageRequest
) -> Mapping[tuple[ListeningRange, str], Page[UUID]]:
    return _pages(await fetch_charts(stores.mongo, keys), CHART_KEYSET, request)


TopTracksOfUser = PagedBatch("TopTracksOfUser", _top_tracks, TOP_TRACKS_KEYSET)
TopArtistsOfUser = PagedBatch("TopArtistsOfUser", _top_artists, TOP_ARTISTS_KEYSET)
ChartByRange = PagedBatch("ChartByRange", _charts, CHART_KEYSET)


# --- counts, and now ----------------------------------------------------------------------------


async def _play_counts(stores: Stores, tracks: Sequence[UUID]) -> Mapping[UUID, int]:
    return await fetch_play_counts(stores.mongo, tracks)


async def _now_playing(stores: Stores, users: Sequence[UUID]) -> Mapping[UUID, NowPlayingRecord]:
    return await fetch_now_playing(stores.redis, users)


PlayCountOfTrack = Batch("PlayCountOfTrack", _play_counts, missing=0)
NowPlayingOfUser = Batch("NowPlayingOfUser", _now_playing)
