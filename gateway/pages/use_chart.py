"""How a key was used, as bars: one for each day, whether or not it was used on it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from datasources.records.api_keys import DayOfUse

HEIGHT = 100
_STEP, _WIDTH = 10, 7
_LEAST_SEEN = 1.0
_TOP_FIELDS = 5


@dataclass(frozen=True, slots=True)
class Bar:
    """One day, and where it stands in a picture that is `HEIGHT` high."""

    day: date
    operations: int
    x: float
    y: float
    height: float
    width: float = _WIDTH


@dataclass(frozen=True, slots=True)
class UseChart:
    """The bars, the earliest first, and the root fields that were used most."""

    bars: Sequence[Bar]
    fields: Sequence[tuple[str, int]]

    @property
    def width(self) -> int:
        """How wide the picture is."""
        return len(self.bars) * _STEP

    @property
    def total(self) -> int:
        """How many operations there were."""
        return sum(bar.operations for bar in self.bars)

    @property
    def most(self) -> Bar:
        """The day with the most operations, the first of those."""
        return max(self.bars, key=lambda bar: bar.operations)


def use_chart(use: Sequence[DayOfUse], first: date, last: date) -> UseChart:
    """Return the chart of the days from first to last, both included."""
    counted = {one.day: one.operations for one in use}
    days = [first + timedelta(days=past) for past in range((last - first).days + 1)]
    most = max((counted.get(day, 0) for day in days), default=0)
    bars = [_bar(place, day, counted.get(day, 0), most) for place, day in enumerate(days)]
    fields: Counter[str] = Counter()
    for one in use:
        fields.update(one.fields)
    ordered = sorted(fields.items(), key=lambda one: (-one[1], one[0]))
    return UseChart(bars, ordered[:_TOP_FIELDS])


def _bar(place: int, day: date, operations: int, most: int) -> Bar:
    """Return a day's bar; a day with any use at all can be seen."""
    height = max(_LEAST_SEEN, HEIGHT * operations / most) if operations else 0.0
    x = place * _STEP + (_STEP - _WIDTH) / 2
    return Bar(day, operations, round(x, 2), round(HEIGHT - height, 2), round(height, 2))
