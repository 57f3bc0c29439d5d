"""Counts as a line: time and value to scale, nothing invented where there is nothing to draw."""

import datetime as dt
from decimal import Decimal

from board.domain.sparkline import EDGE, HEIGHT, WIDTH, sparkline


def points(*pairs):
    first = dt.date(2025, 1, 1)
    return [(first + dt.timedelta(days=day), Decimal(str(value))) for day, value in pairs]


def test_time_and_value_are_to_scale():
    found = sparkline(points((0, 100), (25, 150), (100, 200)))
    assert found.points == ((EDGE, HEIGHT - EDGE), (25.5, 11.0), (WIDTH - EDGE, EDGE))
    assert found.path == "3,19 25.5,11 93,3"
    assert found.last == (93.0, 3.0)


def test_order_does_not_matter():
    assert sparkline(points((50, 2), (0, 1))) == sparkline(points((0, 1), (50, 2)))


def test_no_spread_is_a_level_line_and_one_value_a_dot():
    assert [y for _, y in sparkline(points((0, 98), (10, 98))).points] == [11.0, 11.0]
    assert len(sparkline(points((0, 98))).points) == 1
    assert sparkline([]) is None
