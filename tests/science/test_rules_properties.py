"""What must hold for every chart and every rule set: unknown never helps, never harms, and order is nothing."""

import random
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from eligibility import schema
from eligibility.domain.criteria import fact_names
from eligibility.domain.facts import Fact, LesionFact, unknown
from eligibility.domain.guideline import Guideline, GuidelineKind
from eligibility.domain.rules import RowState, Verdict, evaluate
from eligibility.embedded_tests import read_fact
from tests.science.strategies import AS_OF, charts, choices, lesions, reasons

FOLDER = Path(schema.__file__).parent / "guidelines"
SETS = {path.stem: schema.parse(path.name, path.read_bytes()) for path in sorted(FOLDER.glob("*.toml"))}
LABEL = SETS["lutathera-smpc-eu"][0]
RELAXED = settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
POSITIVE = {Verdict.ELIGIBLE, Verdict.ACTIVE_ROWS_MET, Verdict.GATE_MET}
OPEN = {Verdict.CANNOT_DETERMINE, Verdict.GATE_UNKNOWN}


def verified(guideline: Guideline) -> Guideline:
    """The same set with every row confirmed, so that it may say "eligible"."""
    rows = tuple(replace(c, is_active=True, verify_before_release=False) for c in guideline.criteria)
    return replace(guideline, criteria=rows)


def names_in(guideline):
    return sorted({name for c in guideline.criteria if c.test for name in fact_names(c.test)})


def normal_chart() -> dict[str, Fact]:
    """Everything as it should be: the first embedded case of the label, completed for its inactive rows."""
    block = SETS["lutathera-smpc-eu"][1][0]
    facts = {name: read_fact(name, given, AS_OF) for name, given in block.values["facts"].items()}
    more = {"has_marrow_irradiated": "no", "heart_failure_nyha": "none", "potassium": {"value": 4, "unit": "mmol/L"}}
    return facts | {name: read_fact(name, given, AS_OF) for name, given in more.items()}


ALL_SETS = [SETS["krenning-gt2"][0], LABEL, verified(LABEL)]
NAMES = names_in(LABEL)
RELATION = "sstr_relation_to_liver"
ANCHOR = LesionFact("L00", "liver", True, True, frozenset({"above"}), reason="")


def test_the_normal_chart_is_eligible_only_when_every_row_is_verified():
    assert evaluate(verified(LABEL), normal_chart(), AS_OF).verdict is Verdict.ELIGIBLE
    assert evaluate(LABEL, normal_chart(), AS_OF).verdict is Verdict.ACTIVE_ROWS_MET


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("reason", ["missing", "unsigned_proposal", "out_of_date"])
def test_a_known_fact_replaced_by_unknown_never_yields_eligible(name, reason):
    safety = {n for c in LABEL.criteria if c.level in ("REQUIRED", "ABS_CI", "REL_CI") for n in fact_names(c.test)}
    chart = normal_chart() | {name: unknown(reason)}
    result = evaluate(verified(LABEL), chart, AS_OF)
    if name in safety and name != "is_resectable" and name != "prothrombin_ratio":
        assert result.verdict is Verdict.CANNOT_DETERMINE
    without = {n: f for n, f in chart.items() if n != name}
    assert evaluate(verified(LABEL), without, AS_OF).verdict is result.verdict


@RELAXED
@given(st.sampled_from(ALL_SETS), charts(NAMES), st.sampled_from(NAMES), reasons)
def test_forgetting_a_fact_never_improves_a_verdict(guideline, chart, name, reason):
    """Whatever was said, forgetting can only leave it or make it open; never positive, never newly adverse."""
    before = evaluate(guideline, chart, AS_OF)
    after = evaluate(guideline, chart | {name: unknown(reason)}, AS_OF)
    if before.verdict not in POSITIVE:
        assert after.verdict not in POSITIVE
    for row_before, row_after in zip(before.rows, after.rows, strict=True):
        assert row_after.state in (row_before.state, RowState.UNKNOWN)


@RELAXED
@given(charts(NAMES), st.sampled_from(["hb", "platelets", "wbc", "albumin", "crcl_cockcroft_gault", "pregnancy"]))
def test_forgetting_a_safety_fact_of_an_otherwise_normal_chart_is_open(chart, name):
    facts = normal_chart() | {n: f for n, f in chart.items() if n.startswith("has_b")} | {name: unknown("missing")}
    assert evaluate(verified(LABEL), facts, AS_OF).verdict not in POSITIVE


@RELAXED
@given(st.sampled_from(ALL_SETS), charts(NAMES), st.data())
def test_learning_more_about_a_choice_only_closes_open_rows(guideline, chart, data):
    """A row that was decided on a set of possibilities stays decided on every part of that set."""
    known = [n for n, f in chart.items() if isinstance(f.value, frozenset) and len(f.value) > 1]
    assume(known)
    name = data.draw(st.sampled_from(known))
    part = data.draw(choices(chart[name].value).filter(lambda c: len(c) == 1))
    before = evaluate(guideline, chart, AS_OF)
    after = evaluate(guideline, chart | {name: replace(chart[name], value=part)}, AS_OF)
    for row_before, row_after in zip(before.rows, after.rows, strict=True):
        assert row_before.state in (row_after.state, RowState.UNKNOWN)


@RELAXED
@given(st.sampled_from(ALL_SETS), st.lists(lesions(), min_size=1, max_size=2), st.booleans(), st.data())
def test_forgetting_a_lesions_size_or_score_only_opens_rows(guideline, seen, with_anchor, data):
    seen = [*seen, ANCHOR] if with_anchor else seen
    index = data.draw(st.integers(0, len(seen) - 1))
    lesion = seen[index]
    forgotten = [replace(lesion, size_mm=None), replace(lesion, relation=None, reason=lesion.reason or "not_stated")]
    for less in forgotten:
        before = evaluate(guideline, {RELATION: Fact(tuple(seen), clinical_date=AS_OF)}, AS_OF)
        known = (*seen[:index], less, *seen[index + 1 :])
        after = evaluate(guideline, {RELATION: Fact(known, clinical_date=AS_OF)}, AS_OF)
        for row_before, row_after in zip(before.rows, after.rows, strict=True):
            assert row_after.state in (row_before.state, RowState.UNKNOWN)


@RELAXED
@given(st.sampled_from(ALL_SETS), charts(NAMES), st.randoms(use_true_random=False))
def test_order_of_rows_facts_and_lesions_does_not_matter(guideline, chart, shuffler: random.Random):
    rows = list(guideline.criteria)
    shuffler.shuffle(rows)
    items = list(chart.items())
    shuffler.shuffle(items)
    mixed = {n: replace(f, value=tuple(reversed(f.value))) if isinstance(f.value, tuple) else f for n, f in items}
    one, other = evaluate(guideline, chart, AS_OF), evaluate(replace(guideline, criteria=tuple(rows)), mixed, AS_OF)
    assert one.verdict is other.verdict
    assert {r.id: r.state for r in one.rows} == {r.id: r.state for r in other.rows}


@RELAXED
@given(charts(NAMES))
def test_a_missing_value_is_never_met_clear_or_an_exclusion(chart):
    for row in evaluate(LABEL, {}, AS_OF).rows:
        assert row.state in (RowState.UNKNOWN, RowState.INFORMATION)
    for guideline in ALL_SETS:
        for row in evaluate(guideline, chart, AS_OF).rows:
            if row.state is RowState.UNKNOWN:
                assert row.reason_text and row.reason_codes


@RELAXED
@given(charts(NAMES))
def test_words(chart):
    """A gate never says eligible; an unverified set never does; every verdict names set and version."""
    gate, label = evaluate(ALL_SETS[0], chart, AS_OF), evaluate(LABEL, chart, AS_OF)
    assert ALL_SETS[0].kind is GuidelineKind.GATE
    assert "eligib" not in gate.verdict_text and "krenning-gt2 v1" in gate.verdict_text
    assert label.verdict is not Verdict.ELIGIBLE
    assert not label.verdict_text.startswith("eligible")
    assert LABEL.label in label.verdict_text
