"""Tracks for people: the best artists that they have not played, and whom these resemble.

An artist's score for a person is the sum of its similarity to those that they played, each
weighed by log(1 + count). Each played artist speaks for its nearest neighbours only.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from gateway.training.neighbours import Near, Places, Scores, row_of

TOP = 100
_DECIMALS = 6
_PEOPLE_AT_ONCE = 256
_SECOND_TRACK = 0.8  # what an artist's second track is worth, of the first


@dataclass(frozen=True, slots=True)
class Liked:
    """An artist for a person, best first: its score, and the played artist that speaks for it."""

    artist: int
    score: float
    because: int


def similarity(near: Sequence[Near], size: int) -> csr_array:
    """Return the matrix whose row i holds the neighbours of i."""
    indptr = np.zeros(size + 1, dtype=np.int64)
    for one in near:
        indptr[one.row + 1] = len(one.places)
    indices = np.concatenate([one.places for one in near] or [np.empty(0, dtype=np.intp)])
    data = np.concatenate([one.scores for one in near] or [np.empty(0)])
    return csr_array((data, indices, np.cumsum(indptr)), shape=(size, size))


def scores_of(interests: csr_array, similar: csr_array) -> csr_array:
    """Return the score of each artist for each person, by the neighbours of what they played."""
    scores: csr_array = (interests @ similar).tocsr()
    return scores


def iter_liked(
    interests: csr_array, similar: csr_array, available: NDArray[np.bool_], top: int = TOP
) -> Iterator[list[tuple[int, list[Liked]]]]:
    """Yield (person, artists best first) for each person, a block of people at a time.

    Only `available` artists that the person has not played; scores are in proportion to the best.
    """
    for start in range(0, interests.shape[0], _PEOPLE_AT_ONCE):
        block = interests[start : start + _PEOPLE_AT_ONCE].tocsr()
        scores = scores_of(block, similar).toarray()
        scores[:, ~available] = 0.0
        scores[block.nonzero()] = 0.0
        yield [
            (start + i, _liked(row_of(block, i), scores[i], similar, top))
            for i in range(block.shape[0])
        ]


def _liked(
    played: tuple[Places, Scores],
    scores: Scores,
    similar: csr_array,
    top: int,
) -> list[Liked]:
    candidates = np.flatnonzero(scores > 0)
    if not len(candidates):
        return []
    relative = np.round(scores[candidates] / scores[candidates].max(), _DECIMALS)
    order = np.lexsort((candidates, -relative))[:top]
    best = candidates[order]
    artists, weights = played
    by_id = np.argsort(artists)
    artists, weights = artists[by_id], weights[by_id]
    spoken = similar[artists][:, best].toarray() * weights[:, None]
    because = artists[np.argmax(np.round(spoken, _DECIMALS), axis=0)]
    return [
        Liked(int(artist), float(score), int(speaker))
        for artist, score, speaker in zip(best, relative[order], because, strict=True)
    ]


def best_tracks(
    liked: Sequence[Liked], tracks: Mapping[int, Sequence[UUID]], top: int = TOP
) -> list[tuple[UUID, float, Liked]]:
    """Return the tracks of liked artists with their scores, best first, equal ones by id.

    `tracks` has the best one or two of each artist. A track of two artists stands once.
    """
    best: dict[UUID, tuple[UUID, float, Liked]] = {}
    for one in liked:
        for track, worth in zip(tracks[one.artist], (1.0, _SECOND_TRACK), strict=False):
            score = round(one.score * worth, _DECIMALS)
            if track not in best or score > best[track][1]:
                best[track] = (track, score, one)
    return sorted(best.values(), key=lambda item: (-item[1], item[0]))[:top]
