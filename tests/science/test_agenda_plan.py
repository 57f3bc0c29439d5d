"""When a meeting ends, and where its breaks lie."""

import datetime as dt
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from board.domain.agenda import BREAK_AFTER_MINUTES, SlotKind, Weighed, hard_first, plan
from board.domain.series_days import next_days

AT = dt.datetime(2026, 5, 14, 15, 30, tzinfo=dt.UTC)
THURSDAY = dt.date(2026, 5, 14)


def clock(moment: dt.datetime) -> str:
    return f"{moment:%H:%M}"


def test_the_meeting_of_the_sketch_ends_five_minutes_late():
    """Seven cases of 70 minutes, a break after case 5 at 16:29, ten minutes of noting: 17:05 instead of 17:00."""
    found = plan(AT, 90, [12, 12, 10, 10, 10, 8, 8], [4, 3, 3])
    assert clock(found.ends_at) == "17:05" and found.over == 5
    assert [clock(slot.starts_at) for slot in found.breaks] == ["16:29"]
    assert found.break_after(5) is found.breaks[0]
    assert found.break_after(4) is None
    assert found.minutes_of(SlotKind.CASE) == 70 and found.minutes_of(SlotKind.NOTING) == 10


def test_exactly_an_hour_needs_no_break():
    assert plan(AT, 90, [30, 25], []).breaks == ()
    assert len(plan(AT, 90, [30, 26], []).breaks) == 1


def test_a_long_meeting_has_several_breaks_and_none_at_its_end():
    found = plan(AT, 240, [20] * 9, [])
    assert [found.break_after(n) is not None for n in range(1, 10)] == [n in (2, 5, 8) for n in range(1, 10)]
    assert found.slots[-1].kind is SlotKind.CASE


def test_a_meeting_without_cases_is_its_start():
    found = plan(AT, 90, [], [])
    assert [slot.kind for slot in found.slots] == [SlotKind.START] and found.over == 0


def test_what_is_left_of_a_running_meeting_begins_now():
    found = plan(AT, 90, [10], [3], now=AT + dt.timedelta(minutes=85))
    assert clock(found.ends_at) == "17:08" and found.over == 8
    assert plan(AT, 90, [], [], now=AT).slots == ()


@given(st.lists(st.integers(1, 120), max_size=30), st.lists(st.integers(1, 10), max_size=10))
def test_slots_follow_each_other_and_no_stretch_of_several_cases_exceeds_an_hour(discuss, noting):
    found = plan(AT, 90, discuss, noting)
    assert all(a.ends_at == b.starts_at for a, b in itertools.pairwise(found.slots))
    assert [slot.number for slot in found.slots if slot.kind is SlotKind.CASE] == list(range(1, len(discuss) + 1))
    stretch, cases = 0, 0
    for slot in found.slots:
        if slot.kind is SlotKind.BREAK:
            assert cases > 0
            stretch, cases = 0, 0
        elif slot.kind is not SlotKind.NOTING:
            stretch, cases = stretch + slot.minutes, cases + (slot.kind is SlotKind.CASE)
            assert cases < 2 or stretch <= BREAK_AFTER_MINUTES


def test_hard_cases_come_first_and_equals_keep_their_order():
    cases = [Weighed("a", 8, 0), Weighed("b", 12, 1), Weighed("c", 12, 3), Weighed("d", 8, 0)]
    assert hard_first(cases) == ["c", "b", "a", "d"]


def test_a_weekly_board_meets_on_its_day_after_today():
    assert next_days(3, 1, after=THURSDAY, number=2) == [dt.date(2026, 5, 21), dt.date(2026, 5, 28)]
    assert next_days(4, 1, after=THURSDAY, number=1) == [dt.date(2026, 5, 15)]
    assert next_days(2, 1, after=THURSDAY, number=1) == [dt.date(2026, 5, 20)]


def test_every_other_week_keeps_the_rhythm_of_the_last_meeting():
    last = dt.date(2026, 5, 7)
    assert next_days(3, 2, after=THURSDAY, last=last, number=2) == [dt.date(2026, 5, 21), dt.date(2026, 6, 4)]
    # Planned ahead already: the next comes after that.
    ahead = dt.date(2026, 6, 4)
    assert next_days(3, 2, after=ahead, last=ahead, number=1) == [dt.date(2026, 6, 18)]
    # Moved to another weekday: the rhythm begins anew.
    assert next_days(3, 2, after=THURSDAY, last=dt.date(2026, 5, 12), number=1) == [dt.date(2026, 5, 21)]


@given(st.integers(0, 6), st.integers(1, 12), st.dates(dt.date(2020, 1, 1), dt.date(2030, 1, 1)))
def test_days_are_of_the_weekday_and_so_far_apart(weekday, every_weeks, after):
    found = next_days(weekday, every_weeks, after=after)
    assert all(day > after and day.weekday() == weekday for day in found)
    assert {(b - a).days for a, b in itertools.pairwise(found)} == {7 * every_weeks}


@pytest.mark.parametrize(("weekday", "every_weeks"), [(7, 1), (-1, 1), (3, 0)])
def test_no_calendar_has_that(weekday, every_weeks):
    with pytest.raises(ValueError, match="weekday"):
        next_days(weekday, every_weeks, after=THURSDAY)
