"""The timeline for a wall: nothing overlaps at either end of its widths, amounts are bounded, days keep their order."""

import datetime as dt
import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from board.domain.events import Course, Flag, History, LabPoint, LabStrip, ScanEvent, Specimen
from board.domain.labels import text_width
from board.domain.wall import MOST_MARKS, WallLane, draw_wall
from board.domain.wall_words import NARROW, TEXT_VH, WIDE

TODAY = dt.date(2026, 11, 26)
DAYS = st.dates(dt.date(2016, 1, 1), dt.date(2027, 3, 1))
SPANS = DAYS.map(lambda day: (day, day))
SCORES = st.sampled_from(["?", "≤1", "2", "3", "4"])
SCANS = st.builds(
    ScanEvent, when=SPANS, title=st.just("PET"), is_sstr=st.booleans(), coldest=SCORES, hottest=SCORES,
    state=st.sampled_from(["read", "unread", "refused", "planned"]),
)  # fmt: skip
FLAGS = st.builds(Flag, when=SPANS, title=st.just("decision"), word=st.sampled_from(["NOT YET", "MORE DATA", "due"]))
SPECIMENS = st.builds(Specimen, when=SPANS, title=st.just("specimen"), head=st.just("liver, Ki-67 12 %, G2"))
COURSES = st.builds(
    Course, when=SPANS, title=st.just("line"), text=st.sampled_from(["CAPTEM ×6, PR", "Lanreotide", "Everolimus"]),
    treatment_class=st.just("chemo"), end=st.sampled_from(["known", "ongoing", "not recorded"]),
)  # fmt: skip
POINTS = st.lists(
    st.builds(LabPoint, DAYS, st.sampled_from([78.0, 187.0, 13.2]), st.sampled_from(["", "low", "high"])), max_size=12
)
LABS = st.builds(LabStrip, st.sampled_from(["Platelets", "CgA"]), st.just("10⁹/L"), POINTS.map(tuple))
HISTORIES = st.builds(
    History, today=st.just(TODAY), courses=st.lists(COURSES, max_size=12).map(tuple),
    scans=st.lists(SCANS, max_size=14).map(tuple), specimens=st.lists(SPECIMENS, max_size=9).map(tuple),
    flags=st.lists(FLAGS, max_size=14).map(tuple), labs=st.lists(LABS, max_size=2).map(tuple),
)  # fmt: skip


def rooms(lane: WallLane, width: float) -> list[tuple[float, float]]:
    """Where the words of a lane lie, in vh."""
    found = []
    noted = [lane.noted] if lane.noted else []
    for words in [*noted, *(one.words for one in (*lane.bars, *lane.marks, *lane.gaps) if one.words)]:
        at = float(words.x.rstrip("%")) / 100 * width + words.dx * TEXT_VH
        length = text_width(words.text, size=TEXT_VH)
        left = {"start": at, "middle": at - length / 2, "end": at - length}[words.anchor]
        found.append((left, left + length))
    return sorted(found)


@settings(max_examples=150)
@given(HISTORIES)
def test_words_of_a_lane_never_lie_over_each_other_nor_leave_it(history):
    picture = draw_wall(history)
    for lane in picture.lanes:
        for width in (NARROW, (NARROW + WIDE) / 2, WIDE):
            placed = rooms(lane, width)
            assert all(a[1] <= b[0] for a, b in itertools.pairwise(placed)), (lane.key, width)
            assert all(left >= -0.1 and right <= width + 0.1 for left, right in placed), (lane.key, width)


@settings(max_examples=150)
@given(HISTORIES)
def test_todays_line_runs_through_no_words(history):
    picture = draw_wall(history)
    for lane in picture.lanes:
        for width in (NARROW, (NARROW + WIDE) / 2, WIDE):
            today = float(picture.today.rstrip("%")) / 100 * width
            assert not any(left < today < right for left, right in rooms(lane, width)), (lane.key, width)


@pytest.mark.parametrize("days", [1, 10, 24, 60, 200])
def test_what_was_due_is_said_however_near_today_it_is(days):
    """With a later day on the axis, so that there is room at both sides of the line."""
    due = TODAY - dt.timedelta(days=days)
    flags = tuple(
        Flag(when=(day, day), title="", word=word, is_due=True)
        for day, word in ((due, "was due"), (TODAY + dt.timedelta(days=250), "due"))
    )
    first = ScanEvent(when=(dt.date(2025, 1, 1),) * 2, title="", is_sstr=True, state="read", coldest="1", hottest="3")
    (was, _) = draw_wall(History(today=TODAY, scans=(first,), flags=flags)).lanes[4].marks
    assert was.words and was.words.text == "was due"


@settings(max_examples=60)
@given(HISTORIES)
def test_marks_are_bounded_and_those_left_out_are_counted(history):
    picture = draw_wall(history)
    assert picture.mark_count <= MOST_MARKS
    for lane, events in zip(
        (picture.lanes[0], picture.lanes[1], picture.lanes[4]),
        (history.courses, history.scans, history.flags),
        strict=True,
    ):
        assert len(lane.bars) + len(lane.marks) + lane.folded == len(events)


def test_an_empty_history_says_what_is_missing_in_each_lane():
    lanes = draw_wall(History(today=TODAY, labs_missing="Blood count, kidney: no value on record")).lanes
    assert [lane.note for lane in lanes] == [
        "none recorded", "no scan yet", "none recorded", "none recorded", "no decision yet",
    ]  # fmt: skip


def test_scans_of_neighbouring_days_stand_side_by_side_in_their_order():
    scans = tuple(
        ScanEvent(when=(day, day), title="", is_sstr=i == 0, state="read", coldest="1", hottest="3")
        for i, day in enumerate((dt.date(2026, 11, 3), dt.date(2026, 11, 12)))
    )
    first, second = draw_wall(History(today=TODAY, scans=scans)).lanes[1].marks
    apart = (float(second.x.rstrip("%")) - float(first.x.rstrip("%"))) / 100 * NARROW
    assert (first.shape, second.shape) == ("sstr", "fdg") and apart >= 8.8


@pytest.mark.parametrize("out", ["high", "low"])
def test_the_analyte_out_of_its_limits_is_the_one_shown_and_said(out):
    day = dt.date(2026, 3, 1)
    fine = LabStrip("Hb", "g/dL", (LabPoint(day, 13.0),))
    off = LabStrip("Platelets", "10⁹/L", (LabPoint(day, 78.0, out),))
    lane = draw_wall(History(today=TODAY, labs=(fine, off))).lanes[3]
    assert lane.marks[-1].words.text == f"Platelets 78 {out}"


FALLING = ((2025, 9, 15, 196), (2025, 12, 20, 150), (2026, 3, 20, 120), (2026, 7, 28, 104), (2026, 10, 12, 88))
NEWEST = LabPoint(dt.date(2026, 11, 18), 78.0, "low")


def labs_of(points: tuple[LabPoint, ...], first: dt.date):
    course = Course(when=(first, first), title="", text="Lanreotide", treatment_class="ssa", end="ongoing")
    strip = LabStrip("Platelets", "10⁹/L", points)
    return draw_wall(History(today=TODAY, courses=(course,), labs=(strip,))).lanes[3]


def crowded(*before: tuple[int, int, int, int]) -> tuple[LabPoint, ...]:
    near = LabPoint(dt.date(2026, 11, 4), 81.0)
    return (*(LabPoint(dt.date(y, m, d), float(value)) for y, m, d, value in before), near, NEWEST)


def test_the_newest_value_never_stands_beside_an_older_point():
    """No room at the newest point: apart from all points, with its own day."""
    lane = labs_of(crowded(*FALLING), dt.date(2024, 7, 20))
    assert len(lane.marks) == 7 and lane.folded == 0
    words = lane.marks[-1].words
    assert words.text == "18 Nov: Platelets 78 low" and words.x == "0.00%"


def test_earlier_values_give_way_where_the_newest_finds_room_nowhere():
    early = ((2025, 7, 28, 210), (2025, 8, 20, 201), *FALLING)
    lane = labs_of(crowded(*early), dt.date(2025, 7, 20))
    words = lane.marks[-1].words
    assert words.text == "Platelets 78 low" and words.x == lane.marks[-1].x
    assert lane.folded > 0 and len(lane.marks) + lane.folded == 9


@settings(max_examples=100)
@given(POINTS.filter(bool))
def test_the_newest_value_is_always_said_at_its_point_or_with_its_day(points):
    """A value without a day stands within one gap of the newest point, with no other point between."""
    lane = draw_wall(History(today=TODAY, labs=(LabStrip("CgA", "ng/mL", tuple(points)),))).lanes[3]
    newest = lane.marks[-1]
    assert newest.words is not None
    assert newest.words.x == newest.x or newest.words.text.startswith(tuple("0123456789"))
    assert len(lane.marks) + lane.folded == len(points)
