"""Words on the timeline never overlap, at any page width between paper and wall."""

import datetime as dt
import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from board.domain.events import Course, Flag, History, LabPoint, LabStrip, ScanEvent, Specimen
from board.domain.labels import WIDTH_MAX, WIDTH_MIN, Box, Line, around, make_label, overlaps, place
from board.domain.timeline import MAX_MARKS, Picture, draw

TODAY = dt.date(2026, 5, 14)
days = st.dates(dt.date(2016, 1, 1), dt.date(2027, 3, 1))
words = st.sampled_from(
    ["≤1–3", "Krenning 3", "liver, Ki-67 18 %, G2", "CAPTEM ×6, lesions smaller on CT", "MW@%" * 6, ""]
)


spans = st.builds(
    lambda first, length: (first, first + dt.timedelta(days=length)), days, st.sampled_from([0, 0, 0, 29, 364])
)
when = st.none() | spans
courses = st.builds(
    Course,
    when=when,
    stop=when,
    title=st.just("course"),
    text=words,
    treatment_class=st.just("chemo"),
    end=st.sampled_from(["known", "ongoing", "not recorded"]),
    cycles=st.none() | st.integers(1, 12),
)
scans = st.builds(
    ScanEvent,
    when=when,
    title=st.just("scan"),
    is_sstr=st.booleans(),
    state=st.sampled_from(["read", "unread", "refused"]),
    head=words,
    sub=words,
)
specimens = st.builds(Specimen, when=when, title=st.just("specimen"), head=words, sub=words)
flags = st.builds(
    Flag, when=when, title=st.just("flag"), word=words, sub=words, is_superseded=st.booleans(), is_due=st.booleans()
)
points = st.builds(LabPoint, day=days, value=st.floats(0, 500), out=st.sampled_from(["", "high", "low"]))


def histories(most=12):
    def some(build):
        return st.lists(build, max_size=most).map(tuple)

    def strip(name):
        return some(points).map(lambda values: LabStrip(name, "U/l", values, 5.0, 90.0))

    return st.builds(
        History,
        st.just(TODAY),
        some(courses),
        some(scans),
        some(specimens),
        st.tuples(strip("CgA"), strip("Platelets")),
        some(flags),
        st.sampled_from(["", "Blood count, kidney, liver: no value on record"]),
        st.none(),
    )


def collisions(picture: Picture, width: float) -> list:
    """Pairs of word boxes that share ink at one width, by plain rectangle arithmetic (not by the rule under test)."""

    def rectangle(box: Box):
        return box.left_at(width), box.right_at(width), box.top, box.bottom

    found = []
    for lane in picture.lanes:
        for a, b in itertools.combinations(map(rectangle, lane.label_boxes), 2):
            if a[0] < b[1] and b[0] < a[1] and a[2] < b[3] and b[2] < a[3]:
                found.append((lane.key, a, b))
    return found


@settings(max_examples=150)
@given(histories(), st.floats(WIDTH_MIN, WIDTH_MAX))
def test_no_two_labels_overlap_at_any_width(history, width):
    assert collisions(draw(history), width) == []


@settings(max_examples=150)
@given(histories(), st.floats(WIDTH_MIN, WIDTH_MAX))
def test_no_label_stands_on_a_glyph_or_leaves_the_page(history, width):
    for lane in draw(history).lanes:
        for box in lane.label_boxes:
            assert box.left_at(width) >= -4.01
            assert box.right_at(width) <= width + 0.01
        for glyph in lane.glyphs:
            inked = [b for b in lane.label_boxes if b.top < glyph.box.bottom and glyph.box.top < b.bottom]
            for box in inked:
                assert box.right_at(width) <= glyph.box.left_at(width) or box.left_at(width) >= glyph.box.right_at(
                    width
                )


@settings(max_examples=150)
@given(histories())
def test_every_bar_carries_words_and_no_value_is_struck_through(history):
    for lane in draw(history).lanes:
        assert all(bar.label for bar in lane.bars)
        for strip in lane.strips:
            boxes = [label.box for label in strip.labels] if strip.gap else []
            crossed = [b for b in boxes if b.top < strip.gap.y < b.bottom]
            for box, width in itertools.product(crossed, (WIDTH_MIN, WIDTH_MAX)):
                assert box.right_at(width) <= strip.gap.start * width or box.left_at(width) >= strip.gap.end * width


@settings(max_examples=100)
@given(histories(most=30))
def test_at_most_forty_marks_and_every_folded_one_is_counted(history):
    picture = draw(history)
    given_marks = sum(map(len, (history.courses, history.scans, history.specimens, history.flags)))
    given_marks += sum(len(s.points) for s in history.labs)
    undated = sum(e.when is None for e in (*history.courses, *history.scans, *history.specimens, *history.flags))
    assert picture.mark_count <= MAX_MARKS
    assert picture.mark_count + picture.folded + undated >= given_marks


@given(st.floats(0, 1), st.floats(0, 1), st.floats(5, 300), st.floats(5, 300), st.floats(WIDTH_MIN, WIDTH_MAX))
def test_two_boxes_judged_apart_are_apart_at_every_width(at_a, at_b, half_a, half_b, width):
    a, b = around(at_a, half_a, 0, 10), around(at_b, half_b, 5, 15)
    if not overlaps(a, b):
        assert a.right_at(width) < b.left_at(width) or b.right_at(width) < a.left_at(width)


def test_a_label_that_fits_nowhere_is_not_drawn():
    taken = [Box(0, 0, 1, 0, 0, 40)]
    assert place([make_label([Line("anything")], 0.5, 0, 20)], taken, 0, 1) is None
