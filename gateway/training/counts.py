"""How often each person played each artist, from counts without times and from listens."""

from array import array
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array

from datasources.mongo.artist_plays import iter_artist_plays
from datasources.mongo.listen_counts import iter_listened_artists
from datasources.stores import Stores


@dataclass(frozen=True, slots=True)
class Counts:
    """A sparse matrix of plays: a row for each person, a column for each artist, both by id."""

    users: list[UUID]
    artists: list[UUID]
    plays: csr_array


class CountsBuilder:
    """Collects counts one at a time, twelve bytes each; the same pair adds up."""

    def __init__(self) -> None:
        self._users: dict[UUID, int] = {}
        self._artists: dict[UUID, int] = {}
        self._rows, self._columns, self._plays = array("i"), array("i"), array("f")

    def add(self, user: UUID, artist: UUID, plays: float) -> None:
        """Count plays of an artist."""
        self._rows.append(self._users.setdefault(user, len(self._users)))
        self._columns.append(self._artists.setdefault(artist, len(self._artists)))
        self._plays.append(plays)

    def build(self) -> Counts:
        """Return the counts with people and artists in the order of their ids."""
        users, rows = _sorted(self._users, self._rows)
        artists, columns = _sorted(self._artists, self._columns)
        data = np.asarray(self._plays, dtype=np.float64)
        shape = (len(users), len(artists))
        matrix = coo_array((data, (rows, columns)), shape=shape).tocsr()
        return Counts(users, artists, matrix)


def _sorted(ids: dict[UUID, int], used: "array[int]") -> tuple[list[UUID], NDArray[np.intp]]:
    """Return the ids in order, and the places there of those that were used."""
    ordered = sorted(ids)
    place = np.empty(len(ids), dtype=np.intp)
    place[[ids[id_] for id_ in ordered]] = np.arange(len(ids))
    return ordered, place[np.asarray(used, dtype=np.intp)]


async def read_counts(stores: Stores) -> Counts:
    """Return all counts (`artist_plays`, and `listens` by the main artists of their tracks).

    Raises:
        StoreUnavailable, StoreTimeout: a store did not answer.
    """
    builder = CountsBuilder()
    async for one in iter_artist_plays(stores.mongo):
        if one.plays > 0:
            builder.add(one.user, one.artist, one.plays)
    async for listened in iter_listened_artists(stores):
        builder.add(listened.user, listened.artist, listened.plays)
    return builder.build()
