"""Shares with their intervals, small cells and what follows from them, pairs of scans, moved days, cells of a sheet."""

import datetime as dt
import itertools
import random
import time

import pytest

from board.domain.cohort_figures import counts, parts, wilson
from board.domain.cohort_pairs import EXCLUSIONS, SHORT, Given, ScanSeen, pair_around
from board.domain.cohort_safe import moved, pseudonym, shift_of
from board.domain.cohort_swimmer import Point, Spell, Swim, axis_of, row_of
from patients.domain.spreadsheet import neutral

KEY = b"a key of tests"
DAY = dt.date(2025, 3, 1)


@pytest.mark.parametrize(
    ("part", "whole", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_intervals_are_those_of_newcombe_1998_table_1_method_3(part, whole, low, high):
    assert wilson(part, whole) == pytest.approx((low, high), abs=5e-5)


def test_interval_at_the_ends_and_of_nothing():
    assert wilson(0, 0) is None
    assert wilson(7, 7)[1] == 1.0 and wilson(0, 7)[0] == 0.0
    with pytest.raises(ValueError, match="no share"):
        wilson(3, 2)
    low, high = wilson(6, 38)
    assert (round(100 * low), round(100 * high)) == (7, 30)  # as the sketch of the page has it


def shown(rows, whole, **more):
    return {count.key: count.is_hidden for count in counts(rows, whole, smallest=5, **more)}


def test_a_small_row_is_hidden_and_one_whose_rest_is_small():
    assert shown({"a": range(4)}, 30) == {"a": True}
    assert shown({"a": range(5)}, 30) == {"a": False}
    assert shown({"a": range(27)}, 30) == {"a": True}, "three are left: their number would be told"
    assert shown({"a": range(0), "b": range(30)}, 30) == {"a": False, "b": False}
    assert shown({"a": range(4)}, 4) == {"a": True}
    assert shown({"a": range(4)}, 30, shows_all=True) == {"a": False}


def test_a_row_is_hidden_that_tells_a_small_cell_beside_another():
    assert shown({"raw": range(14), "adjusted": range(12)}, 38) == {"raw": False, "adjusted": True}
    assert shown({"raw": range(14), "adjusted": range(9)}, 38) == {"raw": False, "adjusted": False}
    three = {"raw": range(10), "loss": range(10, 17)}
    assert shown(three, 20) == {"raw": False, "loss": True}, "20 - 10 - 7 are three"


def test_no_small_cell_can_be_worked_out_from_what_is_shown():
    """Every sum and difference of shown rows over random cohorts, by brute force over what the rows have in common."""
    rng = random.Random(7)
    for _ in range(150):
        whole = rng.randrange(5, 40)
        raw = set(range(rng.randrange(whole + 1)))
        rows = {
            "raw": raw,
            "adjusted": (adjusted := {n for n in raw if rng.random() < 0.7}),
            "confirmed": {n for n in adjusted if rng.random() < 0.7},
            "loss": {n for n in range(whole) if rng.random() < 0.2},
            "unsure": {n for n in raw if rng.random() < 0.2},
        }
        told = [rows[count.key] for count in counts(rows, whole, smallest=5) if not count.is_hidden]
        told.append(set(range(whole)))
        for one, other in itertools.product(told, told):
            if one <= other:
                assert not 0 < len(other - one) < 5
            if not one & other:
                assert not 0 < len(set(range(whole)) - one - other) < 5


def test_of_parts_of_a_told_sum_never_one_alone_is_hidden():
    assert parts([("a", 3), ("b", 7), ("c", 20)], smallest=5) == {"a": None, "b": None, "c": 20}
    assert parts([("a", 2), ("b", 4), ("c", 20)], smallest=5) == {"a": None, "b": None, "c": 20}
    assert parts([("a", 1), ("b", 1), ("c", 20)], smallest=5) == {"a": None, "b": None, "c": None}
    assert parts([("a", 0), ("b", 7)], smallest=5) == {"a": 0, "b": 7}
    assert parts([("a", 3)], smallest=5, shows_all=True) == {"a": 3}


def scan(days, **more):
    day = DAY + dt.timedelta(days=days)
    return ScanSeen(id=str(days), span=(day, day), tracer=more.pop("tracer", "68Ga-DOTATATE"), **more)


def line(start=(DAY, DAY), stop=100):
    end = None if stop is None else (DAY + dt.timedelta(days=stop),) * 2
    return Given("CAPTEM", "chemo", start, end)


def paired(event, *scans):
    found = pair_around(event, scans, window=dt.timedelta(days=365))
    return found.before and found.before.id, found.after and found.after.id, found.excluded


def test_the_pair_is_the_last_scan_before_and_the_first_after_the_end():
    assert paired(line(), scan(-200), scan(-30), scan(50), scan(120), scan(200)) == ("-30", "120", "")
    assert paired(line(stop=None), scan(-30), scan(40), scan(56)) == ("-30", "56", ""), "two cycles without an end"
    assert paired(line(), scan(0), scan(120))[2] == "no_scan_before", "a scan of day 0 may have come after the start"


@pytest.mark.parametrize(
    ("event", "scans", "code"),
    [
        (line(start=None), [scan(-30), scan(120)], "start_unknown"),
        (line(start=(dt.date(2025, 1, 1), dt.date(2025, 12, 31))), [scan(-90), scan(120)], "start_unknown"),
        (line(), [scan(-366), scan(120)], "no_scan_before"),
        (line(), [scan(-30), scan(60)], "no_scan_after"),
        (line(), [scan(-30), scan(466)], "outside_window"),
        (line(), [scan(-30, is_illustrative=True), scan(120, tracer="")], "header_illustrative"),
        (line(), [scan(-30), scan(120, tracer="")], "tracer_unknown"),
        (line(), [scan(-30), scan(120, tracer="68Ga-DOTATOC")], "tracer_differs"),
        (line(), [scan(-30, is_read=False), scan(120)], "reading_pending"),
        (line(), [scan(-30), scan(120, has_suv=False)], "suv_unreadable"),
    ],
)
def test_a_case_is_left_out_for_one_reason(event, scans, code):
    assert paired(event, *scans)[2] == code
    assert EXCLUSIONS.keys() == SHORT.keys() and code in EXCLUSIONS


def test_names_and_shifts_are_one_for_a_patient_and_scope_and_need_the_key():
    many = [str(n) for n in range(3000)]
    shifts = {shift_of(KEY, "e", one).days for one in many}
    assert 0 not in shifts and min(shifts) >= -365 and max(shifts) <= 365 and len(shifts) > 700
    assert len({pseudonym(KEY, "e", one) for one in many}) == len(many)
    assert pseudonym(KEY, "e", "1") == pseudonym(KEY, "e", "1") != pseudonym(KEY, "f", "1")
    assert pseudonym(KEY, "e", "1") != pseudonym(b"another", "e", "1")
    assert moved(DAY, dt.timedelta(days=-3)) == dt.date(2025, 2, 26) and moved(None, dt.timedelta(1)) is None


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", "＝1+1", "＋1", "－2+3", "＠A1", "|calc", "%0A=1",
     "=cmd|' /C calc'!A0", "=HYPERLINK(\"http://x\")", "-2+3+cmd", "+A1", "\u200b=1", "\ufeff=1"],
)  # fmt: skip
def test_no_cell_is_a_formula(text):
    assert neutral(text, keeps_numbers=True).startswith("'") and neutral(text, keeps_numbers=True).replace(
        "'", ""
    ) == text.replace("'", "")


@pytest.mark.parametrize("text", ["-3", "12.5", "1e-05", "2025-03-01", "liver", "", "a=b", "68Ga-DOTATATE"])
def test_plain_values_stay_as_they_are(text):
    assert neutral(text, keeps_numbers=True) == text


def test_every_row_of_the_plot_has_day_0_at_one_place():
    early = Swim((Spell("CAPTEM", "chemo", 0, 220),), (Point("scan", -40, "SSTR scan", "POOR", True),), 300)
    late = Swim(
        (Spell("a long name of a regimen", "ssa", -3000, 20, True),), (Point("died", 4000, "died"),), 4000, False
    )
    axis = axis_of([early, late])
    rows = [row_of(swim, axis) for swim in (early, late)]
    assert rows[0].bars[0].x == axis.zero and rows[0].bars[0].text == "CAPTEM"
    assert not rows[0].is_cut and rows[1].is_cut and rows[1].ssa and not rows[1].bars
    assert rows[0].marks[0].letter == "P" and "poor" in rows[0].marks[0].title
    assert rows[0].sentence.startswith("SSTR scan, poor at -1.3 months; CAPTEM from day 0")
    places = [float(x.rstrip("%")) for x, _ in axis.ticks]
    assert places == sorted(places) and "0" in [label for _, label in axis.ticks]


def test_many_rows_inside_each_other_are_weighed_within_a_second():
    """The tab of data quality: 22 fields of 2,000 patients. All pairs of what follows anew for each row took minutes."""
    chance, inside, rows = random.Random(1), range(2000), {}
    for number in range(22):
        rows[str(number)] = members = [one for one in inside if chance.random() < 0.6]
        inside = members if number % 2 == 0 else inside
    begun = time.process_time()
    assert sum(shown_as_hidden(rows)) == 6
    assert time.process_time() - begun < 2.5


def shown_as_hidden(rows) -> list[bool]:
    return [count.is_hidden for count in counts(rows, 2000, smallest=5)]
