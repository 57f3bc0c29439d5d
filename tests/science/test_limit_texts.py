"""A limit inside "any" or "all" is printed with its window and its lesions, as the same limit alone would be."""

from eligibility.domain.criteria import Comparator, Compound, Condition, threshold_text
from eligibility.domain.lesions import Quantifier

KNOWN = [Condition(name, Comparator.KNOWN, max_age_days=28) for name in ("hb", "wbc")]
SSTR = Condition(
    "sstr_relation_to_liver",
    Comparator.IN,
    among=frozenset({"equal"}),
    max_age_days=180,
    quantifier=Quantifier.ANY_TARGET_OR_VISCERAL,
)
SAID = Condition("is_sstr_positive", Comparator.IN, among=frozenset({"yes"}))


def test_a_part_of_a_compound_says_its_window_and_its_lesions():
    text = threshold_text(Compound(True, (SSTR, SAID)))
    assert text == (
        "uptake relative to liver equal (any target lesion or visceral lesion of 10 mm or more; at most 180 days old)"
        " or SSTR-positive disease as the text at hand defines it yes"
    )


def test_values_that_have_to_be_recorded_say_the_window_they_share():
    assert threshold_text(Compound(False, tuple(KNOWN))) == "recorded, each of them, at most 28 days old"
    mixed = (KNOWN[0], Condition("wbc", Comparator.KNOWN))
    assert threshold_text(Compound(False, mixed)) == "recorded, each of them"
