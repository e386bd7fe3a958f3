"""Playlists that people change, and what became of them."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

import pytest
from sqlalchemy import select, text

from auth.principal import person
from datasources.postgres import changes
from datasources.postgres.bulk import copy_rows
from datasources.postgres.playlists import fetch_playlists_by_ids
from datasources.postgres.tables import playlists
from datasources.records.playlists import PlaylistRecord
from datasources.stores import Stores
from resolvers.context import RequestContext
from tests.factories.music import NOW, playlist_id, user_id
from tests.factories.operations import context_of


def as_user(stores: Stores, number: int) -> RequestContext:
    """Return the context of an operation of a person."""
    return context_of(stores, person(user_id(number)))


async def playlist_of(stores: Stores, id_: UUID) -> PlaylistRecord:
    """Return a playlist that is there."""
    return (await fetch_playlists_by_ids(stores.postgres, [id_]))[id_]


async def listed(stores: Stores) -> Sequence[PlaylistRecord]:
    """Return all playlists, by their ids."""
    ids = [row[0] for row in await stores.postgres.read(select(playlists.c.id))]
    found = await fetch_playlists_by_ids(stores.postgres, ids)
    return [found[id_] for id_ in sorted(ids)]


async def share_with(stores: Stores, playlist: int, user: int, role: str) -> None:
    """Let a person work on a playlist, behind everybody's back."""
    row = {"playlist_id": playlist_id(playlist), "user_id": user_id(user)}
    async with stores.postgres.transaction() as connection:
        rows = [row | {"role": role, "added_at": NOW}]
        await copy_rows(connection, "playlist_collaborators", rows)


def wait_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let changes wait for locks as long as a test takes, in the order in which they came."""
    monkeypatch.setattr(changes, "_LOCK_TIMEOUT", text("set local lock_timeout = '50s'"))


async def waits_for_a_lock(stores: Stores, count: int = 1) -> None:
    """Come back when so many wait for locks that other transactions hold."""
    waiting = text(
        "select distinct pid from pg_locks join pg_stat_activity using (pid)"
        " where not granted and datname = current_database()"
    )
    async with asyncio.timeout(30):
        while len(await stores.postgres.read(waiting)) < count:  # noqa: ASYNC110  the server tells nobody
            await asyncio.sleep(0.001)
