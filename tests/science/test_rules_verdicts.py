"""The verdict table, first that applies; numbers at their thresholds; time; compounds."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest

from eligibility.domain.criteria import Comparator, Compound, Condition, check
from eligibility.domain.facts import REASONS, Fact, LesionFact, hull, number_text, unknown
from eligibility.domain.guideline import Criterion, Guideline, GuidelineKind, Level
from eligibility.domain.rules import RowState, Verdict, evaluate
from eligibility.domain.said import said
from patients.domain.ki67 import Interval, parse_ki67

DAY = dt.date(2026, 4, 20)
YES, NO = Fact(frozenset({"yes"}), clinical_date=DAY), Fact(frozenset({"no"}), clinical_date=DAY)
ROWS = {
    "REQUIRED": "has_progression",
    "ABS_CI": "has_hypersensitivity",
    "REL_CI": "is_breast_feeding",
    "CAUTION": "has_bone_metastases",
}


def make_set(**changes):
    criteria = tuple(
        Criterion(
            id=level,
            level=Level(level),
            title=level,
            text="",
            citation="S",
            evidence="R[S1]",
            test=Condition(fact, Comparator.IN, among=frozenset({"yes"})),
        )
        for level, fact in ROWS.items()
    )
    fields = {"kind": GuidelineKind.FULL, "criteria": criteria, **changes}
    return Guideline(id="x", version="1", title="X", jurisdiction="", citation="", sha256="0", **fields)


FINE = {"REQUIRED": YES, "ABS_CI": NO, "REL_CI": NO, "CAUTION": NO}


def verdict(guideline=None, **by_level):
    facts = {ROWS[level]: fact for level, fact in {**FINE, **by_level}.items()}
    return evaluate(guideline or make_set(), facts, DAY)


OPEN = unknown("missing")


@pytest.mark.parametrize(
    ("given", "expected", "text"),
    [
        ({}, "eligible", "eligible under x v1 (0 cautions)"),
        ({"CAUTION": YES}, "eligible", "eligible under x v1 (1 caution)"),
        ({"CAUTION": OPEN}, "eligible", "eligible under x v1 (0 cautions, 1 caution unknown)"),
        ({"REQUIRED": OPEN}, "cannot_determine", "cannot determine under x v1 (1 row unknown)"),
        ({"ABS_CI": OPEN}, "cannot_determine", "cannot determine under x v1 (1 row unknown)"),
        ({"REL_CI": OPEN, "ABS_CI": OPEN}, "cannot_determine", "cannot determine under x v1 (2 rows unknown)"),
        ({"REL_CI": YES}, "not_recommended", "not recommended under x v1 (board may override with a reason)"),
        ({"REL_CI": YES, "REQUIRED": OPEN}, "not_recommended", None),
        ({"REQUIRED": NO}, "not_eligible", "not eligible under x v1"),
        ({"REQUIRED": NO, "REL_CI": YES, "ABS_CI": OPEN}, "not_eligible", None),
        ({"ABS_CI": YES}, "contraindicated", "contraindicated under x v1"),
        ({"ABS_CI": YES, "REQUIRED": NO, "REL_CI": YES}, "contraindicated", None),
    ],
)
def test_first_that_applies(given, expected, text):
    result = verdict(**given)
    assert result.verdict_code == expected
    assert text is None or result.verdict_text == text


@pytest.mark.parametrize(("fact", "state"), [(YES, "not met"), (NO, "met"), (OPEN, "unknown")])
def test_a_required_row_written_as_an_exclusion_is_met_when_its_condition_fails(fact, state):
    row = replace(make_set().criteria[0], is_exclusion=True)
    result = verdict(make_set(criteria=(row,)), REQUIRED=fact)
    assert result.rows[0].state == state and result.rows[0].wanted_text == "must not be yes"


def test_every_triggered_and_unknown_row_is_listed_whatever_the_verdict():
    result = verdict(ABS_CI=YES, REQUIRED=OPEN, REL_CI=YES)
    assert {r.id for r in result.adverse_rows} == {"ABS_CI", "REL_CI"}
    assert [r.id for r in result.unknown_rows] == ["REQUIRED"]
    assert result.rows_unknown_first[0].id == "REQUIRED"


@pytest.mark.parametrize("level", ["REQUIRED", "ABS_CI", "REL_CI"])
@pytest.mark.parametrize("change", [{"is_active": False}, {"verify_before_release": True}])
def test_a_set_with_an_inactive_or_unread_safety_row_never_says_eligible(level, change):
    whole = make_set()
    rows = tuple(replace(c, **change) if c.id == level else c for c in whole.criteria)
    more = (replace(whole.criteria[0], id="OTHER"),)
    result = verdict(replace(whole, criteria=rows + more))
    assert result.verdict is Verdict.ACTIVE_ROWS_MET
    assert result.verdict_text.startswith("active rows met, 1 not verified, under x v1")
    assert [r.id for r in result.unverified_rows] == [level]


def test_an_inactive_row_is_shown_and_decides_nothing():
    whole = make_set()
    rows = tuple(replace(c, is_active=False) if c.id == "ABS_CI" else c for c in whole.criteria)
    result = verdict(replace(whole, criteria=rows), ABS_CI=YES)
    assert result.verdict is Verdict.ACTIVE_ROWS_MET
    assert next(r for r in result.rows if r.id == "ABS_CI").state is RowState.TRIGGERED


def test_an_inactive_caution_does_not_make_a_set_unverified():
    whole = make_set()
    rows = tuple(replace(c, is_active=False) if c.id == "CAUTION" else c for c in whole.criteria)
    assert verdict(replace(whole, criteria=rows)).verdict is Verdict.ELIGIBLE


@pytest.mark.parametrize(("fact", "expected"), [(YES, "met"), (NO, "not_met"), (OPEN, "unknown")])
def test_a_gate_says_three_things(fact, expected):
    gate = make_set(kind=GuidelineKind.GATE, criteria=make_set().criteria[:1])
    result = verdict(gate, REQUIRED=fact)
    assert result.verdict_code == expected
    assert result.verdict_text == f"{expected.replace('_', ' ')} under x v1"


@pytest.mark.parametrize("days", [-1, 1])
def test_outside_its_validity_a_set_cannot_determine(days):
    edge = DAY + dt.timedelta(days=days)
    guideline = make_set(valid_from=edge) if days > 0 else make_set(valid_to=edge)
    result = verdict(guideline)
    assert result.verdict is Verdict.CANNOT_DETERMINE
    assert result.unknown_rows[0].reason_codes == ("not_in_force",)


def number(comparator, threshold, unit="%", fact="ki67_percent", **more):
    return Condition(fact, Comparator(comparator), threshold=Decimal(threshold), unit=unit, **more)


@pytest.mark.parametrize(
    ("text", "comparator", "threshold", "expected"),
    [
        ("7-8 %", "<=", "20", True),
        ("7-8 %", ">=", "10", False),
        ("7-8 %", ">=", "7.5", None),
        ("20 %", "<=", "20", True),
        ("> 20 %", "<=", "20", False),
        (">= 20 %", "<=", "20", None),
        ("< 3 %", "<", "3", True),
        ("18-22 %", "<=", "20", None),
        ("40", "<", "40", False),
        ("39.9", "<", "40", True),
    ],
)
def test_an_interval_holds_only_as_a_whole(text, comparator, threshold, expected):
    facts = {"ki67_percent": Fact(parse_ki67(text), unit="%", clinical_date=DAY)}
    assert check(number(comparator, threshold), facts, DAY).truth is expected


def lab(value, unit, code, on=DAY):
    return {code: Fact(Interval(Decimal(value), Decimal(value)), unit=unit, clinical_date=on, analyte=code)}


@pytest.mark.parametrize(
    ("value", "unit", "expected"), [("8.0", "g/dL", False), ("4.9", "mmol/L", True), ("5.0", "mmol/L", False)]
)
def test_units_are_converted_and_shown(value, unit, expected):
    found = check(number("<", "8", "g/dL", "hb"), lab(value, unit, "hb"), DAY)
    assert found.truth is expected
    assert unit in found.value_text and ("= " in found.value_text) is (unit != "g/dL")


def test_a_unit_that_cannot_be_converted_is_unknown():
    found = check(number("<", "8", "g/dL", "hb"), lab("80", "furlong", "hb"), DAY)
    assert found.truth is None and found.reasons == ("unit_not_convertible",)


@pytest.mark.parametrize(("age", "expected"), [(0, False), (28, False), (29, None), (-1, None)])
def test_values_out_of_date_or_dated_later_are_not_used(age, expected):
    rule = number("<", "75", "10^9/L", "platelets", max_age_days=28)
    found = check(rule, lab("210", "10^9/L", "platelets", DAY - dt.timedelta(days=age)), DAY)
    assert found.truth is expected


def test_out_of_date_says_so_and_keeps_the_value_in_sight():
    rule = number("<", "75", "10^9/L", "platelets", max_age_days=28)
    found = check(rule, lab("210", "10^9/L", "platelets", DAY - dt.timedelta(days=40)), DAY)
    assert found.reason_text == "out of date: 40 days old, at most 28" and found.value_text == "210 10^9/L"


@pytest.mark.parametrize(
    ("one", "other", "any_of", "all_of"),
    [
        (YES, YES, True, True),
        (YES, NO, True, False),
        (NO, NO, False, False),
        (YES, OPEN, True, None),
        (NO, OPEN, None, False),
        (OPEN, OPEN, None, None),
    ],
)
def test_compounds_follow_kleene(one, other, any_of, all_of):
    parts = tuple(
        Condition(name, Comparator.IN, among=frozenset({"yes"})) for name in ("has_progression", "is_resectable")
    )
    facts = {"has_progression": one, "is_resectable": other}
    assert check(Compound(True, parts), facts, DAY).truth is any_of
    assert check(Compound(False, parts), facts, DAY).truth is all_of


def test_hull_keeps_open_ends():
    below = Interval(None, Decimal(3), high_open=True)
    assert hull([below, Interval(Decimal(5), Decimal(6))]) == Interval(None, Decimal(6))
    assert hull([below]) is below
    assert hull([below, Interval(Decimal(1), Decimal(3))]) == Interval(None, Decimal(3))


def test_an_empty_set_of_possibilities_is_refused():
    with pytest.raises(ValueError, match="at least one"):
        Fact(frozenset())


def test_digest_moves_with_what_was_said_not_with_the_day():
    facts = {ROWS[level]: fact for level, fact in FINE.items()}
    today, later = evaluate(make_set(), facts, DAY), evaluate(make_set(), facts, DAY + dt.timedelta(days=30))
    assert today.digest == later.digest
    assert verdict(CAUTION=YES).digest != today.digest
    assert evaluate(replace(make_set(), sha256="1"), facts, DAY).digest != today.digest


def test_digest_moves_with_codes_and_values_not_with_their_words(monkeypatch):
    """A decision must not be called outdated because a sentence reads better today."""
    about = {ROWS[level]: fact for level, fact in FINE.items()} | {ROWS["REQUIRED"]: unknown("missing")}
    before = evaluate(make_set(), about, DAY)
    monkeypatch.setitem(REASONS, "missing", "nobody has written it down")
    reworded = {name: replace(fact, detail="in other words") for name, fact in about.items()}
    for facts in (about, reworded):
        after = evaluate(make_set(), facts, DAY)
        assert [r.reason_text for r in after.rows] != [r.reason_text for r in before.rows]
        assert after.digest == before.digest
    other_reason = about | {ROWS["REQUIRED"]: unknown("undated")}
    other_seen = about | {ROWS["REQUIRED"]: unknown("missing", seen=("70 g",))}
    for facts in (other_reason, other_seen):
        assert evaluate(make_set(), facts, DAY).digest != before.digest


def test_what_a_lesion_says_is_compared_without_its_words():
    one = LesionFact(
        "L01", "liver", True, True, frozenset({"above"}), Decimal("20.0"), uptake="9.1", uptake_text="SUVmax 9.1"
    )
    assert said(Fact((one,))) == said(Fact((replace(one, size_mm=Decimal(20), uptake_text="9.1 g/mL"),)))
    changes = ({"uptake": "9.2"}, {"relation": frozenset({"equal"})}, {"size_mm": Decimal(21)}, {"score_text": "3"})
    for change in (*changes, {"relation": None}, {"label": "L02"}, {"is_target": False}):
        assert said(Fact((replace(one, **change),))) != said(Fact((one,))), change


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("88.0000", "88"),
        ("4.50", "4.5"),
        ("89.9785714285", "89.98"),
        ("39.9986", "39.9986"),
        ("39.998642", "39.9986"),
        ("40.00", "40"),
        ("0.2380952", "0.24"),
        ("1E+2", "100"),
    ],
)
def test_a_printed_number_never_hides_on_which_side_of_a_threshold_it_lies(number, text):
    assert number_text(Decimal(number)) == text
