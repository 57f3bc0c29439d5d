"""The rules of the timeline, one by one, on small histories."""

import datetime as dt

import pytest

from board.domain.axis import build_scale
from board.domain.events import Course, Flag, History, LabPoint, LabStrip, ScanEvent, Specimen
from board.domain.labels import shorter
from board.domain.sheet import spell
from board.domain.timeline import draw

TODAY = dt.date(2026, 5, 14)


def on(*ymd):
    day = dt.date(*ymd)
    return day, day


def scan(when, **kw):
    return ScanEvent(**{"when": when, "title": "scan", "is_sstr": True, "state": "read", "head": "Krenning 3"} | kw)


def captem(**kw):
    values = {
        "when": on(2025, 9, 1),
        "stop": on(2026, 2, 15),
        "title": "CAPTEM",
        "text": "CAPTEM ×6",
        "treatment_class": "chemo",
        "cycles": 6,
    }
    return Course(**values | kw)


def lane(picture, key):
    return next(found for found in picture.lanes if found.key == key)


def test_five_lanes_in_fixed_order_even_when_empty():
    picture = draw(History(TODAY))
    assert [found.key for found in picture.lanes] == ["treatment", "scans", "histology", "labs", "decisions"]
    said = [w.lines[0].text for found in picture.lanes for w in found.words]
    assert said == [
        "No treatment line recorded",
        "No scan yet",
        "No specimen recorded",
        "No laboratory value recorded",
        "No decision recorded",
    ]


def test_a_lane_of_undated_things_does_not_say_that_there_are_none():
    history = History(
        TODAY, courses=(captem(when=None),), specimens=(Specimen(when=None, title="t", head="liver"),), labs_undated=1
    )
    for key in ("treatment", "histology", "labs"):
        found = lane(draw(history), key)
        assert "1 undated" in found.notes
        assert [w.lines[0].text for w in found.words] == ["Nothing with a date"]


def test_bar_carries_its_text_and_a_tick_for_each_cycle():
    bar = lane(draw(History(TODAY, courses=(captem(),))), "treatment").bars[0]
    assert bar.is_label_inside
    assert bar.label.lines[0].text == "CAPTEM ×6"
    assert len(bar.ticks) == 6


def test_text_too_long_for_its_bar_stands_beside_it_not_in_a_legend():
    short = captem(stop=on(2025, 9, 20), cycles=None, text="CAPTEM, stopped for toxicity")
    bar = lane(draw(History(TODAY, courses=(short,))), "treatment").bars[0]
    assert not bar.is_label_inside
    assert bar.label.lines[0].text == "CAPTEM, stopped for toxicity"


def test_a_name_too_long_for_bar_and_gap_is_shortened_never_dropped():
    """The bar of a synthetic case: 178 days of a three-year history, the next line three months later."""
    courses = (
        captem(when=on(2023, 12, 1), stop=on(2024, 6, 5), cycles=None, text="Octreotide LAR"),
        captem(when=on(2024, 9, 26), stop=on(2025, 5, 2), cycles=None, text="Lanreotide"),
    )
    history = History(dt.date(2026, 11, 26), courses=courses, scans=(scan(on(2023, 10, 22)),))
    first, second = lane(draw(history), "treatment").bars
    assert (first.label.lines[0].text, first.is_label_inside) == ("Octreotide…", True)
    assert second.label.lines[0].text == "Lanreotide"


def test_shorter_forms_keep_the_drug_longest():
    assert shorter("CAPTEM ×6, lesions smaller") == [
        "CAPTEM ×6, lesions smaller",
        "CAPTEM ×6",
        "CAPTEM",
        "CAPT.",
        "C",
    ]
    assert shorter("lanreotide + everolimus") == ["lanreotide + everolimus", "lanreotide…", "lanr…", "LE"]
    assert shorter("") == [""]


def test_a_bar_that_begins_after_today_has_its_words_left_of_todays_line():
    planned = captem(when=on(2026, 6, 1), stop=None, cycles=None, text="≤1–3")
    points = (LabPoint(dt.date(2016, 1, 1), 1.0), LabPoint(dt.date(2018, 12, 30), 1.0))
    history = History(TODAY, courses=(planned,), labs=(LabStrip("CgA", "µg/L", points),))
    (bar,) = lane(draw(history), "treatment").bars
    assert (bar.label.lines[0].text, bar.label.anchor) == ("≤1–3", "end")


def test_bars_that_leave_no_room_for_a_word_get_a_row_of_their_own():
    courses = tuple(
        captem(when=on(2010 + i, 1, 1), stop=on(2010 + i, 12, 30), cycles=None, text="Streptozotocin + 5-FU")
        for i in range(16)
    )
    bars = lane(draw(History(TODAY, courses=courses)), "treatment").bars
    assert all(bar.label and bar.label.lines[0].text for bar in bars)


def test_the_newest_value_never_stands_on_its_dashed_line():
    """Seen as struck out: a value on the line that says no later one is known."""
    for values in ([300, 250, 244], [100, 200, 300], [250, 100, 250]):
        points = tuple(LabPoint(dt.date(2025, 1 + 4 * i, 1), v) for i, v in enumerate(values))
        strip = lane(draw(History(TODAY, labs=(LabStrip("CgA", "µg/L", points, 20.0, 900.0),))), "labs").strips[0]
        (label,) = strip.labels
        assert label.lines[0].text == f"{values[-1]} µg/L"
        assert label.at == strip.gap.start
        assert label.box.bottom < strip.gap.y or label.box.top > strip.gap.y


def test_ongoing_line_reaches_today_and_stays_open():
    bar = lane(draw(History(TODAY, courses=(captem(stop=None, end="ongoing"),))), "treatment").bars[0]
    assert bar.end == "ongoing"
    assert bar.stretch.end == pytest.approx(draw(History(TODAY, courses=(captem(),))).axis.scale.at(TODAY), abs=0.2)


def test_concurrent_lines_take_a_row_each():
    ssa = captem(text="lanreotide", stop=None, end="ongoing", cycles=None, treatment_class="ssa")
    bars = lane(draw(History(TODAY, courses=(captem(), ssa))), "treatment").bars
    assert len({bar.y for bar in bars}) == 2


def test_a_spell_without_imaging_is_drawn_and_said():
    scans = lane(draw(History(TODAY, scans=(scan(on(2025, 7, 14)), scan(on(2026, 4, 20))))), "scans")
    assert [gap.title for gap in scans.gaps] == ["no PET recorded, 9 months"]
    assert scans.gaps[0].label.lines[0].text == "no PET recorded, 9 months"


def test_a_spell_without_treatment_says_recorded_not_off_treatment():
    gaps = lane(draw(History(TODAY, courses=(captem(),))), "treatment").gaps
    assert [gap.title for gap in gaps] == ["no treatment recorded, 2 months"]


def test_shapes_say_tracer_and_refusal():
    scans = (
        scan(on(2025, 7, 14), coldest="≤1", hottest="?", coldest_step="1"),
        scan(on(2025, 10, 14), is_sstr=False),
        scan(on(2026, 4, 20), state="refused"),
    )
    glyphs = lane(draw(History(TODAY, scans=scans)), "scans").glyphs
    assert [(g.shape, g.text) for g in glyphs] == [("circle", "≤1–?"), ("diamond", "FDG"), ("refused", "!")]


def test_a_refused_scan_keeps_the_shape_of_its_tracer():
    scans = (scan(on(2025, 7, 14), state="refused"), scan(on(2026, 4, 20), state="refused", is_sstr=False))
    glyphs = lane(draw(History(TODAY, scans=scans)), "scans").glyphs
    assert [(g.shape, g.text) for g in glyphs] == [("refused", "!"), ("refused-diamond", "!")]


def test_one_number_where_coldest_and_hottest_agree():
    glyph = lane(draw(History(TODAY, scans=(scan(on(2026, 4, 20), coldest="3", hottest="3"),))), "scans").glyphs[0]
    assert glyph.text == "3"


def test_a_date_known_to_the_month_is_a_span_not_a_point():
    month = (dt.date(2025, 7, 1), dt.date(2025, 7, 31))
    glyph = lane(draw(History(TODAY, scans=(scan(month),))), "scans").glyphs[0]
    assert glyph.span.end > glyph.span.start
    assert lane(draw(History(TODAY, scans=(scan(on(2025, 7, 14)),))), "scans").glyphs[0].span is None


def test_a_laboratory_value_known_to_the_month_is_a_span_too():
    month = (dt.date(2025, 7, 1), dt.date(2025, 7, 31))
    points = (LabPoint(dt.date(2025, 7, 16), 5.0, "", month), LabPoint(dt.date(2025, 9, 1), 6.0))
    strip = lane(draw(History(TODAY, labs=(LabStrip("CgA", "nmol/l", points),))), "labs").strips[0]
    ((span, _),) = strip.spans
    assert span.end > span.start
    assert "between 01 Jul 2025 and 31 Jul 2025" in strip.points[0][3]


def test_laboratory_values_that_are_not_drawn_are_counted():
    points = (LabPoint(dt.date(2025, 9, 1), 6.0),)
    history = History(TODAY, labs=(LabStrip("CgA", "nmol/l", points),), labs_undated=2, labs_not_drawn=4)
    assert lane(draw(history), "labs").notes == ("2 undated", "+4 in table")


def test_the_normal_band_lies_between_the_limits():
    points = (LabPoint(dt.date(2025, 9, 1), 300.0), LabPoint(dt.date(2025, 12, 1), 100.0))
    strip = lane(draw(History(TODAY, labs=(LabStrip("Platelets", "G/l", points, 150.0, 400.0),))), "labs").strips[0]
    inside, below = (y for _, y, _, _ in strip.points)
    assert strip.band_y <= inside <= strip.band_y + strip.band_height < below


def test_events_without_a_date_are_counted_at_the_margin():
    found = lane(draw(History(TODAY, scans=(scan(None), scan(on(2026, 4, 20))))), "scans")
    assert found.notes == ("1 undated",)


def test_out_of_range_spell_is_written():
    months = ["", "high", "high", ""]
    points = tuple(
        LabPoint(dt.date(2025, 8 + i, 1), v, out) for i, (v, out) in enumerate(zip([5, 9, 12, 6], months, strict=True))
    )
    strip = lane(draw(History(TODAY, labs=(LabStrip("CgA", "nmol/l", points, None, 6.0),))), "labs").strips[0]
    assert "CgA high, Sep 2025 to Oct 2025" in [line.text for label in strip.labels for line in label.lines]
    assert strip.band_y is not None


def test_superseded_decision_is_struck_and_grey():
    flags = (
        Flag(when=on(2025, 8, 7), title="t", word="NOT YET", is_superseded=True),
        Flag(when=on(2026, 5, 1), title="t", word="MORE DATA", outcome="more_data"),
    )
    old, new = lane(draw(History(TODAY, flags=flags)), "decisions").glyphs
    assert (old.css, old.label.lines[0].css) == ("flag-old", "struck")
    assert (new.css, new.label.lines[0].css) == ("flag-more_data", "bold")


def test_a_due_date_is_drawn_ahead_of_today():
    due = Flag(when=on(2026, 10, 20), title="t", word="DUE", is_due=True)
    picture = draw(History(TODAY, flags=(due,)))
    glyph = lane(picture, "decisions").glyphs[0]
    assert glyph.shape == "due"
    assert glyph.at > picture.axis.scale.at(TODAY)


def test_change_between_biopsies_is_an_arrow():
    specimens = (
        Specimen(when=on(2025, 1, 3), title="t", head="liver, Ki-67 18 %, G2"),
        Specimen(when=on(2026, 2, 3), title="t", head="liver, Ki-67 8 %, G2"),
    )
    assert len(lane(draw(History(TODAY, specimens=specimens)), "histology").arrows) == 1


def test_no_biopsy_since_treatment_is_said():
    history = History(TODAY, courses=(captem(),), specimens=(Specimen(when=on(2025, 7, 28), title="t", head="liver"),))
    said = [w.lines[0].text for w in lane(draw(history), "histology").words]
    assert said == ["no biopsy since treatment"]


def test_months_since_the_line_are_a_second_axis():
    history = History(TODAY, courses=(captem(),), since=(dt.date(2025, 9, 1), "CAPTEM start"))
    texts = [label.lines[0].text for label in draw(history).axis.second]
    assert texts[0] == "CAPTEM start: month 0"
    assert "+6" in texts


def test_old_empty_years_are_compressed_with_a_break_mark():
    scale = build_scale([dt.date(2012, 1, 1), dt.date(2025, 1, 1), TODAY])
    assert len(scale.breaks) == 1
    years_recent = scale.at(TODAY) - scale.at(dt.date(2025, 1, 1))
    assert years_recent > scale.at(dt.date(2025, 1, 1)) - scale.at(dt.date(2012, 1, 1))


def test_the_scale_never_runs_backwards():
    scale = build_scale([dt.date(2012, 1, 1), dt.date(2025, 1, 1), TODAY])
    places = [scale.at(dt.date(2011, 11, 1) + dt.timedelta(days=30 * n)) for n in range(180)]
    assert places == sorted(places)


def test_a_scale_needs_a_day():
    with pytest.raises(ValueError, match="at least one day"):
        build_scale([])


@pytest.mark.parametrize(
    ("days", "words"), [(5, "5 days"), (21, "3 weeks"), (90, "2 months"), (280, "9 months"), (800, "2 years")]
)
def test_lengths_are_written_in_whole_units(days, words):
    assert spell(TODAY - dt.timedelta(days=days), TODAY) == words


def test_a_name_beside_its_bar_is_not_struck_out_by_the_gap_after_it():
    short = captem(stop=on(2025, 9, 20), cycles=None, text="CAPTEM, stopped for toxicity")
    found = lane(draw(History(TODAY, courses=(short,))), "treatment")
    (bar,), (gap,) = found.bars, found.gaps
    assert not bar.is_label_inside
    assert not bar.label.box.top < gap.y < bar.label.box.bottom
