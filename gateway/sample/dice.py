"""Chance that falls the same way on every machine and every Python."""

from bisect import bisect
from collections.abc import Iterable, Sequence
from itertools import accumulate
from random import Random
from typing import Generic, TypeVar

T = TypeVar("T")

SEED = "polyphony sample 1"
"""Another seed is another sample: all ids change with it."""

_BITS = 32
_BELL_SCALE = 1.7320508  # four even throws spread by 1/√3 about their mean


class Dice:
    """A stream of chance for one topic; what another topic draws does not move it.

    Only `Random.random` is promised to stay as it is in later Pythons, so all else is made of it.
    The arithmetic is plain, too: a machine's own `exp` or `log` may differ in the last digit.
    """

    def __init__(self, topic: str) -> None:
        source = Random(f"{SEED}: {topic}")  # noqa: S311  it is to be foreseeable
        self.unit = source.random

    def bits(self, count: int) -> int:
        """Return a whole number of so many bits."""
        value = 0
        for _ in range(-(-count // _BITS)):
            value = value << _BITS | int(self.unit() * (1 << _BITS))
        return value & ((1 << count) - 1)

    def chance(self, share: float) -> bool:
        """Return True in this share of the cases."""
        return self.unit() < share

    def whole(self, low: int, high: int) -> int:
        """Return a whole number between two, both included."""
        return low + int(self.unit() * (high - low + 1))

    def between(self, low: float, high: float) -> float:
        """Return any number between two."""
        return low + self.unit() * (high - low)

    def bell(self, mean: float, spread: float) -> float:
        """Return a number near a mean, two thirds of them within the spread, none far off."""
        four = self.unit() + self.unit() + self.unit() + self.unit()
        return mean + spread * _BELL_SCALE * (four - 2)

    def pick(self, items: Sequence[T]) -> T:
        """Return one of the items, each as likely."""
        return items[int(self.unit() * len(items))]

    def some(self, items: Sequence[T], count: int) -> list[T]:
        """Return so many different items (all, where there are fewer), in a new order."""
        left = list(items)
        for index in range(min(count, len(left))):
            other = index + int(self.unit() * (len(left) - index))
            left[index], left[other] = left[other], left[index]
        return left[:count]

    def weighted(self, urn: "Urn[T]") -> T:
        """Return one of the items of an urn, the heavier the likelier."""
        return urn.items[bisect(urn.sums, self.unit() * urn.sums[-1], hi=len(urn.items) - 1)]


class Urn(Generic[T]):
    """Items and their weights, ready to be drawn from many times."""

    def __init__(self, items: Sequence[T], weights: Iterable[float]) -> None:
        self.items = items
        self.sums = list(accumulate(weights))
