"""Every vignette comes out as written, and together they reach both sides of every active row and threshold.

The expected words in the files were written from the sources of the rules, not taken from the engine.
"""

import dataclasses
import datetime as dt
from decimal import Decimal

import pytest

from eligibility.domain.facts import Fact
from eligibility.domain.rules import Verdict, evaluate
from patients.domain.ki67 import Interval
from tests.eligibility.vignettes import (
    ADVERSE,
    FINE,
    active_rows,
    blocking_rows,
    charts,
    conditions,
    number_for,
    sets,
    step,
    thresholds,
    vignettes,
)
from tests.science.senses import assert_no_worse, moved, wants

ROWS = [(guideline, row) for guideline in sets().values() for row in active_rows(guideline)]
WINDOWS = [(g, row, c) for g, row in ROWS for c in conditions(row.test) if c.max_age_days is not None]


def of(guideline, row):
    return [v for v in vignettes() if (v.guideline, v.row) == (guideline.id, row.id)]


def named(*parts):
    return " ".join(str(getattr(p, "id", None) or getattr(p, "fact", p)) for p in parts)


def test_there_are_enough_of_them_and_each_set_has_some():
    assert len(vignettes()) >= 120
    assert {v.guideline for v in vignettes()} == set(sets())


def test_no_two_of_one_row_are_called_the_same():
    names = [(v.guideline, v.row, v.name) for v in vignettes()]
    assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize("guideline_id", sorted(sets()))
def test_vignettes_come_out_as_written(guideline_id):
    wrong = []
    for v in (v for v in vignettes() if v.guideline == guideline_id):
        result = evaluate(sets()[guideline_id], v.facts, v.as_of)
        states = {row.id: row.state.value for row in result.rows}
        found = (states.get(v.row), result.verdict_code, blocking_rows(result))
        if found != (v.state, v.verdict, set(v.blocking)):
            wrong.append(f"{v.row}: {v.name}: expected {v.state}, {v.verdict}, {v.blocking}; got {found}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("guideline_id", sorted(sets()))
def test_the_chart_of_each_file_is_fine_in_every_active_row(guideline_id):
    as_of, chart, verdict = charts()[guideline_id]
    result = evaluate(sets()[guideline_id], chart, as_of)
    assert result.verdict_code == verdict
    assert [r.id for r in result.rows if r.is_active and (r.is_open or r.is_adverse)] == []


@pytest.mark.parametrize(("guideline", "row"), ROWS, ids=[named(*pair) for pair in ROWS])
def test_every_active_row_is_made_adverse_and_made_fine(guideline, row):
    states = {v.state for v in of(guideline, row)}
    only_asks = all(c.comparator == "known" for c in conditions(row.test))  # such a row is met or unknown
    assert states & FINE, "no vignette makes this row fine"
    assert states & ({"unknown"} if only_asks else ADVERSE), "no vignette shows the other side of this row"


@pytest.mark.parametrize(("guideline", "row", "condition"), thresholds(), ids=[named(*t) for t in thresholds()])
def test_every_threshold_has_cases_at_just_below_and_just_above(guideline, row, condition):
    given = [(number, v.state) for v in of(guideline, row) if (number := number_for(v, condition)) is not None]
    limit, near = condition.threshold, step(condition)
    below = {state for number, state in given if limit - near <= number < limit}
    at = {state for number, state in given if number == limit}
    above = {state for number, state in given if limit < number <= limit + near}
    assert below and at and above, f"{condition.fact} {limit}: below {below}, at {at}, above {above}"
    sides = below | at | above
    assert sides & FINE and sides & ADVERSE, "the threshold decides nothing in these vignettes"


@pytest.mark.parametrize(("guideline", "row", "condition"), WINDOWS, ids=[named(*w) for w in WINDOWS])
def test_the_last_day_of_a_window_counts_and_the_next_does_not(guideline, row, condition):
    as_of, chart, _ = charts()[guideline.id]
    is_other_way = condition.fact not in chart  # an "any" that the chart answers by another part: asked alone
    fact = Fact(condition.among) if is_other_way else chart[condition.fact]
    others = {name: f for name, f in chart.items() if name not in {c.fact for c in conditions(row.test)}}
    alone = {} if is_other_way else {c.fact: chart[c.fact] for c in conditions(row.test) if c.fact in chart}

    def state(days):
        dated = dataclasses.replace(fact, clinical_date=as_of - dt.timedelta(days=days))
        result = evaluate(guideline, others | alone | {condition.fact: dated}, as_of)
        return next(r.state.value for r in result.rows if r.id == row.id)

    assert state(condition.max_age_days) in FINE
    late = state(condition.max_age_days + 1)
    assert late == "unknown" or (len(alone) > 1 and late in FINE)  # another part of a compound may decide alone


def test_a_trial_makes_nobody_contraindicated():
    trials = {"netter-1", "netter-2", "netter-3", "compete", "compose", "lutia"}
    levels = {c.level for name in trials for c in sets()[name].criteria}
    assert levels <= {"REQUIRED", "INFO"}
    assert Verdict.CONTRAINDICATED not in {v.verdict for v in vignettes() if v.guideline in trials}


def test_only_rows_that_may_change_with_time_or_treatment_are_modifiable():
    fixed = {
        *("age_years", "primary_site", "gut_segment", "differentiation", "grade", "ki67_percent", "has_prior_prrt"),
        *("body_weight_kg", "systemic_lines", "days_since_diagnosis", "prior_prrt_pfs_months", "sex"),
    }
    named_in = {
        c.fact for g in sets().values() for row in g.criteria if row.is_modifiable for c in conditions(row.test)
    }
    assert named_in and not named_in & fixed


def test_only_the_us_label_can_say_eligible_and_only_because_every_row_of_it_was_read():
    open_sets = {
        g.id for g in sets().values() if g.kind == "full" and not any(c.is_unverified_safety for c in g.criteria)
    }
    assert open_sets == {"lutathera-uspi"}
    assert {v.guideline for v in vignettes() if v.verdict == "eligible"} == open_sets


@pytest.mark.parametrize("guideline_id", sorted(sets()))
def test_a_number_of_a_vignette_moved_to_its_better_side_worsens_nothing(guideline_id):
    """Vignettes lie at the thresholds, where a comparator that points the wrong way would show."""
    signs, _ = wants(sets()[guideline_id])
    for v in (v for v in vignettes() if v.guideline == guideline_id):
        for name in (n for n in fact_names_of(v) if n in signs and isinstance(v.facts[n].value, Interval)):
            for by in (Decimal("0.1"), Decimal(1), Decimal(10)):
                assert_no_worse(sets()[guideline_id], v.facts, v.facts | {name: moved(v.facts[name], by * signs[name])})


def fact_names_of(vignette):
    row = next(c for c in sets()[vignette.guideline].criteria if c.id == vignette.row)
    return {c.fact for c in conditions(row.test)} & set(vignette.facts)
