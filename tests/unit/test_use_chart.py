"""A key's use as bars."""

from datetime import date

from datasources.records.api_keys import DayOfUse
from gateway.pages.use_chart import HEIGHT, use_chart

FIRST, LAST = date(2026, 2, 26), date(2026, 3, 2)


def test_each_day_has_a_bar_as_high_as_its_share() -> None:
    use = [
        DayOfUse(date(2026, 2, 27), 50, {"genres": 40, "viewer": 10}),
        DayOfUse(date(2026, 3, 1), 200, {"genres": 190, "search": 10}),
    ]
    chart = use_chart(use, FIRST, LAST)
    assert [bar.day.day for bar in chart.bars] == [26, 27, 28, 1, 2]
    assert [bar.height for bar in chart.bars] == [0, 25, 0, 100, 0]
    assert all(bar.y + bar.height == HEIGHT for bar in chart.bars)
    assert [bar.x for bar in chart.bars] == [1.5, 11.5, 21.5, 31.5, 41.5]
    assert chart.width == 50
    assert (chart.total, chart.most.day) == (250, date(2026, 3, 1))
    assert chart.fields == [("genres", 230), ("search", 10), ("viewer", 10)]


def test_a_single_operation_is_seen_beside_a_million() -> None:
    use = [DayOfUse(FIRST, 1), DayOfUse(LAST, 1_000_000)]
    assert [bar.height for bar in use_chart(use, FIRST, LAST).bars] == [1, 0, 0, 0, 100]


def test_no_use_is_a_chart_without_height() -> None:
    chart = use_chart([], FIRST, FIRST)
    assert [(bar.height, bar.y) for bar in chart.bars] == [(0, HEIGHT)]
    assert (chart.total, chart.fields) == (0, [])


def test_five_fields_at_most() -> None:
    use = [DayOfUse(FIRST, 9, {f"field{number}": number for number in range(9)})]
    assert [name for name, _ in use_chart(use, FIRST, LAST).fields] == [
        f"field{number}" for number in (8, 7, 6, 5, 4)
    ]
