"""How good the recommended artists are: NDCG@10 on HetRec 2011 against popularity.

Per person a random 80 % of the counts train and 20 % test; all artists that the person does not
have in training are ranked. Run: python -m bench.recommend [folder with user_artists.dat]
"""

import os
import sys
import time
from pathlib import Path
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from scipy.sparse import csr_array

from gateway.training.counts import CountsBuilder
from gateway.training.neighbours import interest, iter_neighbours
from gateway.training.people import scores_of, similarity

AT = 10
SEEDS = (0, 1, 2)
TEST_SHARE = 0.2

Scores = NDArray[np.float64]


def read_plays(folder: Path) -> csr_array:
    """Return people by artists of `user_artists.dat`."""
    builder = CountsBuilder()
    with (folder / "user_artists.dat").open(encoding="utf-8") as file:
        next(file)
        for line in file:
            user, artist, plays = map(int, line.split())
            builder.add(UUID(int=user), UUID(int=artist), plays)
    return builder.build().plays


def split(plays: csr_array, seed: int) -> tuple[csr_array, csr_array]:
    """Return training and test counts; each person has a fifth of their artists in the test."""
    dice = np.random.default_rng(seed)
    test = np.zeros(plays.nnz, dtype=bool)
    for person in range(plays.shape[0]):
        start, stop = plays.indptr[person], plays.indptr[person + 1]
        held = round((stop - start) * TEST_SHARE)
        test[start + dice.permutation(stop - start)[:held]] = True
    parts = []
    for kept in (~test, test):
        part = plays.copy()
        part.data = np.where(kept, plays.data, 0.0)
        part.eliminate_zeros()
        parts.append(part)
    return parts[0], parts[1]


def ndcg(scores: Scores, train: csr_array, test: csr_array) -> float:
    """Return the mean NDCG@10 of people with test artists; each of these is equally relevant."""
    scores = scores.copy()
    scores[train.nonzero()] = -np.inf
    best = np.argsort(-scores, axis=1, kind="stable")[:, :AT]
    relevant = test.toarray() > 0
    discounts = 1 / np.log2(np.arange(AT) + 2)
    gains = (np.take_along_axis(relevant, best, axis=1) * discounts).sum(axis=1)
    ideal = np.cumsum(discounts)
    counts = np.minimum(relevant.sum(axis=1), AT)
    people = counts > 0
    return float((gains[people] / ideal[counts[people] - 1]).mean())


def popularity(train: csr_array) -> Scores:
    """Score artists by how many people play them."""
    listeners = (train > 0).sum(axis=0)
    return np.tile(np.asarray(listeners, dtype=np.float64), (train.shape[0], 1))


def item_item(train: csr_array) -> Scores:
    """Score artists as the trained lists do: the nearest of each."""
    interests = interest(train)
    near = [one for block in iter_neighbours(interests) for one in block]
    return np.asarray(scores_of(interests, similarity(near, train.shape[1])).toarray())


def main() -> None:
    """Print a table."""
    default = os.environ.get("POLYPHONY_DATA", str(Path(__file__).parents[2] / "shared" / "data"))
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(default) / "lastfm"
    plays = read_plays(folder)
    table = Table(title=f"NDCG@{AT}, {plays.nnz:,} counts, {len(SEEDS)} seeds")
    for column in ("model", "NDCG@10", "spread", "seconds a run"):
        table.add_column(column)
    for name, model in (("popularity", popularity), ("item-item", item_item)):
        began = time.perf_counter()
        values = []
        for seed in SEEDS:
            train, test = split(plays, seed)
            values.append(ndcg(model(train), train, test))
        seconds = (time.perf_counter() - began) / len(SEEDS)
        spread = f"{min(values):.4f} to {max(values):.4f}"
        table.add_row(name, f"{np.mean(values):.4f}", spread, f"{seconds:.1f}")
    Console().print(table)


if __name__ == "__main__":
    main()
