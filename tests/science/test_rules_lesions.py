"""Lesion rows: which lesions count, and what an unknown size does."""

import datetime as dt
from decimal import Decimal

import pytest

from eligibility.domain.criteria import Comparator, Condition, check
from eligibility.domain.facts import Fact, LesionFact
from eligibility.domain.lesions import Quantifier

DAY = dt.date(2026, 4, 20)
NEED = Condition(
    "sstr_relation_to_liver",
    Comparator.IN,
    among=frozenset({"equal", "above"}),
    quantifier=Quantifier.ALL_TARGET_AND_VISCERAL,
)
MIXED = Condition(
    "sstr_relation_to_liver",
    Comparator.IN,
    among=frozenset({"none", "below"}),
    quantifier=Quantifier.ANY_VISCERAL,
)
GATE = Condition("sstr_relation_to_liver", Comparator.IN, among=frozenset({"above"}), quantifier=Quantifier.ALL_READ)


def lesion(
    relation="above", size=22, *, visceral=True, target=False, reason="", label="L01", size_reason="size_unknown"
):
    words = frozenset(relation.split()) if relation else None
    return LesionFact(
        label=label,
        site="liver" if visceral else "bone",
        is_visceral=visceral,
        is_target=target,
        relation=words,
        reason=reason or ("" if relation else "not_stated"),
        size_mm=None if size is None else Decimal(size),
        size_reason=size_reason,
    )


def ask(condition, *lesions):
    return check(condition, {"sstr_relation_to_liver": Fact(tuple(lesions), clinical_date=DAY)}, DAY)


@pytest.mark.parametrize(
    ("lesions", "need", "mixed"),
    [
        ([lesion("above")], True, False),
        ([lesion("equal")], True, False),
        ([lesion("below")], False, True),
        ([lesion("none below")], False, True),
        ([lesion("below equal")], None, None),
        ([lesion("above"), lesion("below")], False, True),
        ([lesion("above"), lesion(None)], None, None),
        ([lesion("below"), lesion(None)], False, True),
        # 10 mm is the published edge and counts; below it nothing is assessable
        ([lesion("below", 10)], False, True),
        ([lesion("above"), lesion("below", "9.9")], True, False),
        ([lesion("below", "9.9")], None, None),
        ([lesion("above", "9.9")], None, None),
        # size unknown: a failing one may or may not count, a passing one cannot carry the row alone
        ([lesion("below", None)], None, None),
        ([lesion("above", None)], None, None),
        ([lesion("above"), lesion("below", None)], None, None),
        ([lesion("above"), lesion("above", None)], True, False),
        ([lesion("below"), lesion("below", None)], False, True),
        # a target of unknown size counts, one known to be small does not; a bone lesion counts only as a target
        ([lesion("below", 6, target=True)], None, None),
        ([lesion("above"), lesion("below", 6, target=True)], True, False),
        ([lesion("above"), lesion(None, 6, target=True)], True, False),
        ([lesion("below", None, target=True)], False, True),
        ([lesion("above"), lesion("below", 30, visceral=False)], True, False),
        ([lesion("above"), lesion("below", 30, visceral=False, target=True)], False, False),
        ([lesion("above", 30, visceral=False, target=True)], True, False),
        ([], None, None),
    ],
)
def test_default_quantifiers(lesions, need, mixed):
    assert ask(NEED, *lesions).truth is need
    assert ask(MIXED, *lesions).truth is mixed


@pytest.mark.parametrize(
    ("lesions", "expected"),
    [
        ([lesion("above", None)], True),
        ([lesion("above", 6)], None),
        ([lesion("none below", None)], False),
        ([lesion("below", 6)], None),
        ([lesion("above"), lesion("below", "9.9")], True),
        ([lesion("above"), lesion("below", 10)], False),
        ([lesion("above"), lesion("below", 30, visceral=False)], False),
        ([lesion("above"), lesion(None)], None),
        ([lesion("none below", None), lesion(None)], False),
        ([lesion("above"), lesion(None, 6, reason="not_assessable")], True),
        ([lesion("above"), lesion(None, 12, reason="not_assessable")], None),
        ([lesion("above"), lesion(None, None, reason="not_assessable")], None),
        ([lesion(None, 6, reason="not_assessable")], None),
        ([], None),
    ],
)
def test_every_lesion_read(lesions, expected):
    assert ask(GATE, *lesions).truth is expected


@pytest.mark.parametrize(
    ("lesions", "is_not_above"),
    [
        ([lesion("above")], False),
        ([lesion("equal")], True),
        ([lesion("equal", 25, visceral=False, target=True)], True),
        ([lesion("above", 25, visceral=False, target=True)], False),
        ([lesion("above"), lesion("equal", 25, visceral=False, target=True)], True),
        ([lesion("above"), lesion("equal", 6, target=True)], False),
        # what lies outside the group says neither that uptake exceeds liver nor that it does not
        ([lesion("equal", 25, visceral=False)], None),
        ([lesion("equal", 6)], None),
        ([], None),
    ],
)
def test_an_exemption_is_never_lifted_by_absence(lesions, is_not_above):
    """For "unless uptake already exceeds liver": one target or visceral lesion that does not is enough."""
    quantifier = Quantifier.ANY_TARGET_OR_VISCERAL
    among = frozenset({"none", "below", "equal"})
    condition = Condition("sstr_relation_to_liver", Comparator.IN, among=among, quantifier=quantifier)
    assert ask(condition, *lesions).truth is is_not_above


def test_every_reason_names_its_lesions():
    small = {"size": None, "size_reason": "size_illustrative"}
    baseline = (lesion(None, label="L01"), *(lesion("none below", label=name, **small) for name in ("L02", "L03")))
    for condition in (NEED, MIXED):
        found = ask(condition, *baseline)
        assert found.truth is None and found.reasons == ("not_stated", "size_illustrative")
        first, second = found.reason_text.split("; ")
        assert first.endswith(": L01") and second.endswith(": L02, L03")


def test_a_lesion_outside_the_group_gives_no_reason():
    found = ask(NEED, lesion(None, 30, visceral=False, label="L09"), lesion("above", None, label="L02"))
    assert found.reasons == ("size_unknown",) and found.reason_text.endswith(": L02")


def test_the_reason_names_the_lesions():
    found = ask(NEED, lesion("above"), lesion("below", None, label="L07", size_reason="size_illustrative"))
    assert found.reasons == ("size_illustrative",)
    assert "illustrative" in found.reason_text and found.reason_text.endswith("L07")
