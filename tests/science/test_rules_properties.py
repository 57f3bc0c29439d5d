"""What must hold for every chart and every rule set: unknown never helps, better values never harm, order is nothing.

Charts are near the fine one of each set (see the vignettes), with a handful of facts replaced: a chart of random facts
alone fails so many rows that little is left to see.
"""

import datetime as dt
import random
import tomllib
from dataclasses import replace
from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from eligibility import schema
from eligibility.domain.criteria import Condition, check, fact_names, truth_of
from eligibility.domain.facts import Fact, FactKind, LesionFact, unknown
from eligibility.domain.guideline import SAFETY_LEVELS, Guideline, GuidelineKind
from eligibility.domain.rules import RowState, Verdict, bare_verdict, evaluate
from eligibility.domain.vocabulary import FACTS
from eligibility.embedded_tests import read_fact
from patients.domain.ki67 import Interval
from tests.science.senses import assert_no_worse, moved, wants
from tests.science.strategies import AS_OF, choices, facts, lesions, reasons

FOLDER = Path(schema.__file__).parent / "guidelines"
VIGNETTES = Path(__file__).parents[1] / "eligibility" / "vignettes"
SETS = {path.stem: schema.parse(path.name, path.read_bytes())[0] for path in sorted(FOLDER.glob("*.toml"))}
QUICK = settings(max_examples=120, suppress_health_check=list(HealthCheck))
POSITIVE = {Verdict.ELIGIBLE, Verdict.ACTIVE_ROWS_MET, Verdict.GATE_MET}
RELATION = "sstr_relation_to_liver"
ANCHOR = LesionFact("L00", "liver", True, True, frozenset({"above"}), reason="")
INACTIVE = {
    "has_marrow_irradiated": "no",
    "heart_failure_nyha": "none",
    "has_protocol_checked": "yes",
    "potassium": {"value": 4, "unit": "mmol/L"},
    "karnofsky": {"value": 90, "unit": "%"},
    "hb": {"value": 13, "unit": "g/dL"},
    "wbc": {"value": 5, "unit": "10^9/L"},
    "platelets": {"value": 210, "unit": "10^9/L"},
    "albumin": {"value": 41, "unit": "g/L"},
    "is_prothrombin_normal": "yes",
    "bilirubin_total_x_uln": {"value": Decimal("0.4"), "unit": "x ULN"},
    "crcl_cockcroft_gault": {"value": 80, "unit": "mL/min"},
}


def verified(guideline: Guideline) -> Guideline:
    """The same set with every row confirmed, so that it may say "eligible"."""
    rows = tuple(replace(c, is_active=True, verify_before_release=False) for c in guideline.criteria)
    return replace(guideline, criteria=rows)


ALL_SETS = [*SETS.values(), *map(verified, SETS.values())]


@cache
def names_in(guideline: Guideline) -> tuple[str, ...]:
    return tuple(sorted({name for c in guideline.criteria if c.test for name in fact_names(c.test)}))


@cache
def fine_chart(guideline_id: str) -> dict[str, Fact]:
    """Everything as this set wants it, its inactive rows included."""
    given_facts = tomllib.loads((VIGNETTES / f"{guideline_id}.toml").read_text(), parse_float=Decimal)["chart"]
    return {name: read_fact(name, given, AS_OF) for name, given in (INACTIVE | given_facts).items()}


@st.composite
def cases(draw) -> tuple[Guideline, dict[str, Fact]]:
    """A set and a chart: the fine one with up to six of the facts the set reads replaced or taken away."""
    guideline = draw(st.sampled_from(ALL_SETS))
    chart = {name: fact for name, fact in fine_chart(guideline.id).items() if name in names_in(guideline)}
    for name in draw(st.lists(st.sampled_from(names_in(guideline)), max_size=6, unique=True)):
        chart[name] = draw(facts(name))
    return guideline, chart


@pytest.mark.parametrize("guideline", SETS.values(), ids=SETS)
def test_the_fine_chart_is_eligible_only_when_every_row_is_verified(guideline):
    if guideline.kind is GuidelineKind.GATE:
        assert evaluate(guideline, fine_chart(guideline.id), AS_OF).verdict is Verdict.GATE_MET
        return
    assert evaluate(verified(guideline), fine_chart(guideline.id), AS_OF).verdict is Verdict.ELIGIBLE
    is_open = any(c.is_unverified_safety for c in guideline.criteria)
    expected = Verdict.ACTIVE_ROWS_MET if is_open else Verdict.ELIGIBLE
    assert evaluate(guideline, fine_chart(guideline.id), AS_OF).verdict is expected


@pytest.mark.parametrize("guideline", SETS.values(), ids=SETS)
@pytest.mark.parametrize("reason", ["missing", "unsigned_proposal"])
def test_a_fact_of_a_plain_safety_row_replaced_by_unknown_never_stays_positive(guideline, reason):
    """In a compound another part may decide alone; a row about one fact is open without it."""
    for c in guideline.criteria:
        if c.level not in SAFETY_LEVELS or not isinstance(c.test, Condition):
            continue
        chart = fine_chart(guideline.id) | {c.test.fact: unknown(reason)}
        result = evaluate(verified(guideline), chart, AS_OF)
        assert result.verdict in (Verdict.CANNOT_DETERMINE, Verdict.GATE_UNKNOWN), (c.id, result.verdict)
        without = {name: fact for name, fact in chart.items() if name != c.test.fact}
        assert evaluate(verified(guideline), without, AS_OF).verdict is result.verdict


@QUICK
@given(cases(), reasons, st.data())
def test_forgetting_a_fact_never_improves_a_verdict(case, reason, data):
    """Whatever was said, forgetting can only leave it or make it open; never positive, never newly adverse."""
    guideline, chart = case
    name = data.draw(st.sampled_from(names_in(guideline)))
    before = evaluate(guideline, chart, AS_OF)
    after = evaluate(guideline, chart | {name: unknown(reason)}, AS_OF)
    if before.verdict not in POSITIVE:
        assert after.verdict not in POSITIVE
    for row_before, row_after in zip(before.rows, after.rows, strict=True):
        assert row_after.state in (row_before.state, RowState.UNKNOWN)


@QUICK
@given(cases(), st.decimals("0.1", 300, places=1), st.data())
def test_a_number_moved_away_from_the_failing_side_never_worsens_anything(case, by, data):
    guideline, chart = case
    signs, _ = wants(guideline)
    known = [name for name in signs if isinstance(chart.get(name, Fact()).value, Interval)]
    assume(known)
    name = data.draw(st.sampled_from(known))
    assert_no_worse(guideline, chart, chart | {name: moved(chart[name], by * signs[name])})


@QUICK
@given(cases(), st.data())
def test_a_word_that_suits_every_row_never_worsens_anything(case, data):
    guideline, chart = case
    _, words = wants(guideline)
    known = [name for name in words if isinstance(chart.get(name, Fact()).value, frozenset)]
    assume(known)
    name = data.draw(st.sampled_from(known))
    better = replace(chart[name], value=frozenset({data.draw(st.sampled_from(sorted(words[name])))}))
    assert_no_worse(guideline, chart, chart | {name: better})


@QUICK
@given(st.sampled_from(ALL_SETS), st.lists(lesions(), min_size=1, max_size=3), st.data())
def test_more_uptake_in_a_lesion_never_worsens_anything(guideline, seen, data):
    index = data.draw(st.integers(0, len(seen) - 1))
    brighter = [*seen]
    brighter[index] = replace(seen[index], relation=frozenset({"above"}), reason="")
    chart = fine_chart(guideline.id)
    assume(seen[index].relation is not None)
    before, after = (chart | {RELATION: Fact(tuple(s), clinical_date=AS_OF)} for s in (seen, brighter))
    assert_no_worse(guideline, before, after)


@QUICK
@given(cases(), st.data())
def test_learning_more_about_a_choice_only_closes_open_rows(case, data):
    """A row that was decided on a set of possibilities stays decided on every part of that set."""
    guideline, chart = case
    known = [n for n in names_in(guideline) if FACTS[n].kind is FactKind.CHOICE and n in chart]
    assume(known)
    name = data.draw(st.sampled_from(known))
    whole = data.draw(choices(FACTS[name].words).filter(lambda c: len(c) == 2))
    part = frozenset({data.draw(st.sampled_from(sorted(whole)))})
    before, after = (
        evaluate(guideline, chart | {name: Fact(value, clinical_date=AS_OF)}, AS_OF) for value in (whole, part)
    )
    for row_before, row_after in zip(before.rows, after.rows, strict=True):
        assert row_before.state in (row_after.state, RowState.UNKNOWN)


@QUICK
@given(st.sampled_from(ALL_SETS), st.lists(lesions(), min_size=1, max_size=2), st.booleans(), st.data())
def test_forgetting_a_lesions_size_or_score_only_opens_rows(guideline, seen, with_anchor, data):
    """But for the declared default: a target, and a lesion of the gate, counts until it is known to be under 10 mm."""
    seen = [*seen, ANCHOR] if with_anchor else seen
    index = data.draw(st.integers(0, len(seen) - 1))
    lesion = seen[index]
    forgotten = [replace(lesion, relation=None, reason=lesion.reason or "not_stated")]
    is_known_small = lesion.size_mm is not None and lesion.size_mm < 10
    if not (is_known_small and (lesion.is_target or guideline.kind == "gate")):
        forgotten.append(replace(lesion, size_mm=None))
    before = evaluate(guideline, {RELATION: Fact(tuple(seen), clinical_date=AS_OF)}, AS_OF)
    for less in forgotten:
        known = (*seen[:index], less, *seen[index + 1 :])
        after = evaluate(guideline, {RELATION: Fact(known, clinical_date=AS_OF)}, AS_OF)
        for row_before, row_after in zip(before.rows, after.rows, strict=True):
            assert row_after.state in (row_before.state, RowState.UNKNOWN)


@QUICK
@given(cases(), st.randoms(use_true_random=False))
def test_order_of_rows_facts_and_lesions_does_not_matter(case, shuffler: random.Random):
    guideline, chart = case
    rows = list(guideline.criteria)
    shuffler.shuffle(rows)
    items = list(chart.items())
    shuffler.shuffle(items)
    mixed = {n: replace(f, value=tuple(reversed(f.value))) if isinstance(f.value, tuple) else f for n, f in items}
    one, other = evaluate(guideline, chart, AS_OF), evaluate(replace(guideline, criteria=tuple(rows)), mixed, AS_OF)
    assert one.verdict is other.verdict
    assert {r.id: r.state for r in one.rows} == {r.id: r.state for r in other.rows}


@QUICK
@given(cases(), st.integers(-5, 400), st.booleans())
def test_the_bare_verdict_is_that_of_the_rows(case, days_later, is_out_of_force):
    """On any day, also before a fact's date and after its window; the truth of every row too, not only the verdict."""
    guideline, chart = case
    day = AS_OF + dt.timedelta(days=days_later)
    guideline = replace(guideline, valid_to=AS_OF) if is_out_of_force else guideline
    full, bare = evaluate(guideline, chart, day), bare_verdict(guideline, chart, day)
    assert (bare.verdict, bare.verdict_text) == (full.verdict, full.verdict_text)
    for c in guideline.criteria:
        assert c.test is None or truth_of(c.test, chart, day) is check(c.test, chart, day).truth, c.id


@pytest.mark.parametrize("guideline", ALL_SETS, ids=lambda g: g.id)
def test_on_an_empty_chart_nothing_is_met_clear_or_an_exclusion(guideline):
    for row in evaluate(guideline, {}, AS_OF).rows:
        assert row.state in (RowState.UNKNOWN, RowState.INFORMATION)


@QUICK
@given(cases())
def test_words(case):
    """A gate never says eligible; an unverified set never does; every verdict names set and version."""
    guideline, chart = case
    result = evaluate(guideline, chart, AS_OF)
    assert guideline.label in result.verdict_text
    if guideline.kind is GuidelineKind.GATE:
        assert "eligib" not in result.verdict_text
    if any(c.is_unverified_safety for c in guideline.criteria):
        assert result.verdict is not Verdict.ELIGIBLE and not result.verdict_text.startswith("eligible")
    for row in result.rows:
        if row.state is RowState.UNKNOWN:
            assert row.reason_text and row.reason_codes
