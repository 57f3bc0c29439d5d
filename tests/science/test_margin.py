"""Robust or fragile: the distance of a value from its limit against a stated error, in numbers worked by hand."""

from dataclasses import replace
from decimal import Decimal

import pytest

from eligibility.domain.criteria import Comparator, Compound, Condition
from eligibility.domain.facts import Fact, FactKind
from eligibility.domain.lesions import Quantifier
from eligibility.domain.margin import margin_of
from eligibility.domain.stated_errors import STATED_ERRORS, StatedError
from eligibility.domain.vocabulary import FACTS
from tests.science.sensitivity_sets import among, at_least, lesion, number, platelets, seen, uptake
from tests.science.strategies import AS_OF

AT_LEAST_100 = at_least("platelets", 100, "10^9/L")
BELOW_75 = Condition("platelets", Comparator.LT, Decimal(75), unit="10^9/L")


def margin(test, facts, **errors):
    return margin_of(test, facts, AS_OF, {**STATED_ERRORS, **errors})


def test_the_text_gives_value_distance_limit_and_error():
    found = margin(AT_LEAST_100, {"platelets": platelets(104)})
    assert found.text == "fragile: 104 is +4.0 % from ≥ 100, stated error ±10 %"
    assert found.is_fragile is True and "local convention" in found.source
    assert margin(AT_LEAST_100, {"platelets": platelets(88)}).text.startswith("robust: 88 is −12.0 % from ≥ 100")


@pytest.mark.parametrize(
    ("value", "is_fragile"),
    [("89.9", False), ("90", True), ("99.9", True), ("100", True), ("110", True), ("110.1", False)],
)
def test_both_edges_of_the_error_are_inside(value, is_fragile):
    assert margin(AT_LEAST_100, {"platelets": platelets(value)}).is_fragile is is_fragile


def test_of_an_interval_the_nearer_end_counts():
    assert margin(AT_LEAST_100, {"platelets": platelets(105, high=300)}).text.startswith("fragile: 105 is +5.0 %")
    assert margin(AT_LEAST_100, {"platelets": platelets(20, high=60)}).text.startswith("robust: 60 is −40.0 %")


def test_a_value_in_another_unit_is_converted_before_it_is_compared():
    hb = number("5.0", "mmol/L", "hb")  # 8.057 g/dL
    found = margin(at_least("hb", 8, "g/dL"), {"hb": hb})
    assert found.is_fragile is True and "+0.7 % from ≥ 8" in found.text


def test_an_absolute_error_is_in_its_own_unit():
    limit = Condition("ki67_percent", Comparator.LE, Decimal(20), unit="%")
    found = margin(limit, {"ki67_percent": number(7, "%", high=8)})
    assert found.text == "robust: 8 is −12 percentage points from ≤ 20, stated error ±5 percentage points"
    assert margin(limit, {"ki67_percent": number(15, "%")}).is_fragile is True
    assert margin(limit, {"ki67_percent": number("14.9", "%")}).is_fragile is False


def test_what_is_counted_is_never_fragile():
    limit = Condition("sstr_scan_age_days", Comparator.LE, Decimal(90), unit="days")
    found = margin(limit, {"sstr_scan_age_days": number(90, "days")})
    assert found.is_fragile is False and found.text.endswith("counted and not measured")


def test_without_a_stated_error_nothing_is_called_robust():
    found = margin_of(AT_LEAST_100, {"platelets": platelets(400)}, AS_OF, {})
    assert found.is_fragile is None and "no error of measurement stated" in found.text


def test_a_site_may_state_a_smaller_error():
    assert margin(AT_LEAST_100, {"platelets": platelets(104)}, platelets=StatedError(Decimal(3))).is_fragile is False


@pytest.mark.parametrize(
    "facts", [{}, {"platelets": platelets(90, high=110)}, {"platelets": platelets(400, on=None)}], ids=str
)
def test_an_unknown_row_has_no_margin(facts):
    dated = Condition("platelets", Comparator.GE, Decimal(100), unit="10^9/L", max_age_days=28)
    assert margin(dated, facts) is None


def test_words_have_no_margin():
    assert margin(among("stage", "metastatic"), {}) is None


ALBUMIN = Condition("albumin", Comparator.LT, Decimal(30), unit="g/L")
QUICK = Condition("prothrombin_ratio", Comparator.LT, Decimal(70), unit="%")


def hepatic(albumin, quick):
    return {"albumin": number(albumin, "g/L", "albumin"), "prothrombin_ratio": number(quick, "%", "prothrombin_ratio")}


@pytest.mark.parametrize(
    ("albumin", "quick", "is_fragile"),
    [
        (29, 69, True),  # both hold, either may turn it
        (20, 69, True),
        (20, 40, False),
        (31, 40, True),  # only albumin fails, and only just
        (31, 71, True),  # both fail, both only just
        (31, 95, False),  # one of the two fails by far: that is enough
        (45, 71, False),
    ],
)
def test_a_compound_follows_the_parts_that_decide(albumin, quick, is_fragile):
    assert margin(Compound(False, (ALBUMIN, QUICK)), hepatic(albumin, quick)).is_fragile is is_fragile


@pytest.mark.parametrize(
    ("albumin", "quick", "is_fragile"),
    [(29, 95, True), (29, 40, False), (31, 71, True), (45, 71, True), (45, 95, False)],
)
def test_a_compound_of_alternatives_is_its_mirror(albumin, quick, is_fragile):
    assert margin(Compound(True, (ALBUMIN, QUICK)), hepatic(albumin, quick)).is_fragile is is_fragile


def test_an_alternative_that_is_no_measurement_makes_it_robust():
    either = Compound(True, (AT_LEAST_100, among("stage", "metastatic")))
    facts = {"platelets": platelets(101)}
    assert margin(either, facts).is_fragile is True
    assert margin(either, facts | {"stage": Fact(frozenset({"metastatic"}))}).is_fragile is False


ABOVE = uptake("above")
AT_LEAST_LIVER = uptake("equal", "above")


@pytest.mark.parametrize(
    ("ratio", "relation", "is_fragile"),
    [
        ("1.35", "above", False),
        ("1.31", "above", False),
        ("1.30", "above", True),
        ("1.05", "above", True),
        ("0.5", "below", False),
    ],
)
def test_a_relation_is_recomputed_at_every_tolerance(ratio, relation, is_fragile):
    assert margin(ABOVE, seen(lesion("L04", ratio, relation))).is_fragile is is_fragile


def test_the_tolerances_that_change_a_row_are_named():
    found = margin(AT_LEAST_LIVER, seen(lesion("L04", "0.95", "equal"), lesion("L01", "2.2", "above")))
    assert found.text == (
        "fragile: another answer at 0 % tolerance (L04 0.95 × liver: below at 0 %, equal at 10, 20 and 30 %)"
    )


def test_a_lesion_that_the_row_does_not_count_makes_nothing_fragile():
    outside = replace(lesion("L09", "0.95", "equal"), is_visceral=False)
    found = margin(ABOVE, seen(lesion("L01", "2.2", "above"), outside))
    assert found.text == "robust: the same at 0, 10, 20 and 30 % tolerance; coldest measured L01 2.20 × liver"


def test_one_lesion_that_fails_by_far_makes_it_robust_whatever_the_others_do():
    assert margin(ABOVE, seen(lesion("L01", "0.4", "below"), lesion("L02", "1.15", "above"))).is_fragile is False


def test_where_nothing_is_measured_it_says_so():
    found = margin(ABOVE, seen(lesion("L01", None, "above")))
    assert found.is_fragile is None and found.text == "ratio to liver not measured"


def test_a_lesion_read_as_without_uptake_is_not_put_into_the_band():
    mixed = uptake("none", "below", quantifier=Quantifier.ANY_VISCERAL)
    assert margin(mixed, seen(lesion("L01", "1.0", "none"))).is_fragile is None
    assert margin(mixed, seen(lesion("L01", "1.0", "none"), lesion("L02", "2.0", "above"))).is_fragile is False


def test_every_stated_error_is_about_a_number_and_names_its_source():
    for name, error in STATED_ERRORS.items():
        assert FACTS[name].kind is FactKind.NUMBER
        assert error.tag == "D" and error.source.startswith("local convention")
