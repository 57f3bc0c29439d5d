"""Every class of TA-SSTR-UP/1.0, the criteria one by one, and the pseudo-conversions by name."""

from dataclasses import replace
from decimal import Decimal as D

import pytest

from eligibility.domain.change import assess_change
from eligibility.domain.change_inputs import Course, Status
from tests.science.change_pairs import CAPTEM, FIRST, SECOND, WELL, assess, converted, lesion, scan, seen

ONE = [converted()]
AGREED = replace(WELL, has_second_reader=True)


def letters(found) -> str:
    return "".join(letter for letter, criterion in found.criteria.items() if criterion.truth)


def test_five_of_six_matched_lesions_at_2_4_times_are_probable():
    organs = ("liver", "liver", "bone", "pancreas", "stomach")
    rising = [converted(f"L0{n}", organ=organ) for n, organ in enumerate(organs, 1)]
    found = assess([*rising, lesion("L06", organ="lung")])
    assert found.name == "PROBABLE" and letters(found) == "ABCDEFG"
    assert found.label == "possible treatment-associated increase (unconfirmed)"
    assert "5 of 6 matched lesions rose" in found.sentence
    assert "+140.0" in found.sentence and "outside the repeatability limits" in found.sentence


def test_confirmed_needs_the_second_reader():
    assert assess(ONE, between=WELL).name == "PROBABLE"
    assert assess(ONE, between=AGREED).name == "CONFIRMED"


def test_confirmed_needs_a_rise_above_repeatability_or_paired_ihc():
    within = [converted(factor="1.38")]
    assert assess(within, between=AGREED).name == "PROBABLE"
    assert assess([converted(factor="1.40")], between=AGREED).name == "CONFIRMED"
    assert assess(within, between=AGREED, cv=D("0.10")).name == "CONFIRMED"
    paired = replace(AGREED, sstr2_before="negative", sstr2_after="positive")
    assert assess(within, between=paired).name == "CONFIRMED"


def test_confirmed_needs_the_ratio():
    weak = [converted(factor="1.25")]
    found = assess(weak, between=AGREED, cv=D("0.05"))
    assert found.criteria["G"].truth is False and found.name == "PROBABLE"


def test_a_liver_that_fell_is_reference_driven():
    """Liver x 0.78, lesions x 1.0: 0.90 x liver reads 1.15 x liver."""
    still = [lesion(f"L0{n}", seen(2, "4.5"), seen(3, "4.5", liver=D("3.9")), organ=f"o{n}") for n in (1, 2, 3)]
    found = assess(still, after={"liver_suv": D("3.9")})
    assert found.name == "REFERENCE_DRIVEN" and found.patterns == ("reference-driven",)
    assert "liver SUVmean fell by 22.0" in found.sentence and "SUV of none of them rose" in found.sentence


def test_a_new_analogue_is_not_comparable_and_its_pattern_is_still_named():
    still = [lesion("L01", seen(2, "4.5"), seen(3, "4.5", liver=D("3.9")))]
    found = assess(still, after={"liver_suv": D("3.9"), "ssa": "on", "ssa_drug": "lanreotide"})
    assert found.name == "NOT_COMPARABLE"
    assert "lanreotide" in found.sentence and "Reference-driven pseudo-conversion" in found.sentence


def test_one_lesion_that_really_rose_is_no_reference_effect():
    mixed = [lesion("L01", seen(2, "4.5"), seen(3, "4.5", liver=D("3.9"))), converted("L02", organ="bone")]
    assert assess(mixed, after={"liver_suv": D("3.9")}).name == "PROBABLE"


def test_a_score_that_rose_alone_is_left_to_the_readers():
    found = assess([lesion("L01", seen(2, "4.8"), seen(3, "4.8"))])
    assert found.name == "UNDETERMINED" and found.row.number == 8
    assert "no lesion's SUV did" in found.sentence


def test_a_cold_lesion_that_vanished_is_lesion_loss():
    warm = [lesion("L01", seen(3, 9), seen(3, 9)), lesion("L02", seen(3, 8), seen(3, 8))]
    cold = lesion("L03", seen(1, 2), seen(None, size=None), status=Status.LOST)
    found = assess([*warm, cold])
    assert found.name == "LESION_LOSS" and found.patterns == ("lesion loss",)
    assert "1 lost (L03), 0 of 2 matched lesions rose" in found.sentence
    assert (found.class_before.label, found.class_after.label) == ("MIXED, most", "RICH")
    assert found.counts == {"matched": 2, "lost": 1, "new": 0}


def test_a_warm_lesion_that_vanished_changes_nothing():
    warm = [lesion("L01", seen(3, 9), seen(3, 9)), lesion("L02", seen(3, 9), seen(None), status=Status.LOST)]
    assert assess(warm).name == "NO_CHANGE"


def test_a_class_that_rose_by_new_lesions_is_no_lesion_loss():
    cold = [lesion("L01"), lesion("L02", organ="bone")]
    gone = lesion("L03", seen(3, 9), seen(None), status=Status.LOST)
    new = [lesion(f"L0{n}", seen(None), seen(3, 9), status=Status.NEW) for n in (4, 5)]
    found = assess([*cold, gone, *new])
    assert (found.class_before.label, found.class_after.label) == ("MIXED, few", "MIXED, most")
    assert found.name == "NO_CHANGE" and found.patterns == ()


def test_a_lost_lesion_nobody_scored_leaves_it_open():
    found = assess([lesion("L01", seen(3, 9), seen(3, 9)), lesion("L02", seen(None), seen(None), status=Status.LOST)])
    assert found.name == "UNDETERMINED" and found.row.number == 12


def test_de_conversion_is_loss_even_if_another_lesion_rose():
    fallen = lesion("L01", seen(3, 9), seen(2, 4))
    for lesions in ([fallen], [fallen, converted("L02", organ="bone")]):
        found = assess(lesions)
        assert found.name == "LOSS"
        assert "suspect dedifferentiation, consider FDG" in found.sentence


def test_every_matched_lesion_can_be_lost_not_only_the_index():
    many = [lesion(f"L0{n}", seen(3, 9, size=D(60 - n)), seen(3, 9, size=D(60 - n))) for n in (1, 2, 3)]
    fallen = lesion("L09", seen(3, 9, size=D(12)), seen(1, 2, size=D(12)))
    found = assess([*many, fallen])
    assert "L09" not in found.index and found.name == "LOSS"


def test_a_lesion_that_shrank_below_10_mm_reads_low_and_is_no_loss():
    shrunk = lesion("L01", seen(3, 9, size=D(16)), seen(2, 4, size=D("9.5")))
    assert assess([shrunk, lesion("L02", seen(3, 9), seen(3, 9), organ="bone")]).name == "NO_CHANGE"
    found = assess([shrunk, lesion("L02", organ="bone")])
    assert found.name == "UNDETERMINED" and found.row.number == 10, "the scan is POOR now, and that is said"


def test_nothing_moved():
    found = assess([lesion("L01"), lesion("L02", seen(3, 9), seen(4, 12), organ="bone")])
    assert found.name == "NO_CHANGE" and not found.asks_for_reader


def test_a_rise_outside_the_index_is_not_called_no_change():
    many = [lesion(f"L0{n}", seen(1, 3, size=D(60 - n)), seen(1, 3, size=D(60 - n))) for n in (1, 2)]
    found = assess([*many, converted("L09")])
    assert "L09" not in found.index and found.name == "UNDETERMINED" and found.row.number == 9


@pytest.mark.parametrize(
    "after",
    [
        {"tracer": "68Ga-DOTATOC"},
        {"uptake_min": D(95)},
        {"uses_psf": True},
        {"extravasation": "seen"},
        {"ssa": "on"},
    ],
)
def test_a_hard_item_that_fails_is_not_comparable(after):
    assert assess(ONE, after=after).name == "NOT_COMPARABLE"
    assert assess([lesion("L01", seen(3, 9), seen(1, 2))], after=after).name == "NOT_COMPARABLE"


@pytest.mark.parametrize(
    "after",
    [
        {"tracer": ""},
        {"uptake_min": None},
        {"uses_psf": None, "reconstruction": ""},
        {"extravasation": ""},
        {"ssa": ""},
        {"quality": "non_diagnostic"},
        {"quality": ""},
    ],
)
def test_a_hard_item_that_is_unknown_is_undetermined(after):
    found = assess(ONE, after=after)
    assert found.name == "UNDETERMINED" and found.row.number == 2


def test_a_failing_hard_item_comes_before_an_unknown_one():
    assert assess(ONE, after={"uptake_min": D(95), "ssa": ""}).name == "NOT_COMPARABLE"


def test_images_that_failed_quality_make_no_event():
    found = assess(ONE, after={"quality": "non_diagnostic"})
    assert found.name == "UNDETERMINED" and found.class_after.name == "UNKNOWN"


@pytest.mark.parametrize(
    ("between", "truth"),
    [
        (WELL, True),
        (replace(WELL, grades=frozenset({"G1"})), False),
        (replace(WELL, grades=frozenset({"G1", "G2"})), None),
        (replace(WELL, grades=frozenset({"G2", "G3"})), True),
        (replace(WELL, grades=None), None),
        (replace(WELL, is_well_differentiated=False), False),
        (replace(WELL, is_well_differentiated=None), None),
    ],
)
def test_criterion_a(between, truth):
    found = assess(ONE, between=between)
    assert found.criteria["A"].truth is truth
    assert found.name == ("PROBABLE" if truth else "UNDETERMINED")


@pytest.mark.parametrize(
    ("courses", "truth"),
    [
        ((CAPTEM,), True),
        ((replace(CAPTEM, cycles=2),), True),
        ((replace(CAPTEM, cycles=1),), False),
        ((replace(CAPTEM, cycles=None),), None),
        ((replace(CAPTEM, is_between=None),), None),
        ((), False),
        ((CAPTEM, Course("177Lu-DOTATATE", "prrt", True)), False),
        ((CAPTEM, Course("177Lu-DOTATATE", "prrt", None)), None),
        ((CAPTEM, Course("lanreotide", "ssa", True)), False),
        ((CAPTEM, Course("trial", "other", True, None, ("Decitabine",))), False),
        ((CAPTEM, Course("vorinostat", "other", True)), False),
        ((CAPTEM, Course("everolimus", "targeted", True)), True),
    ],
)
def test_criterion_b(courses, truth):
    found = assess(ONE, between=replace(WELL, courses=courses))
    assert found.criteria["B"].truth is truth
    assert found.name == ("PROBABLE" if truth else "UNDETERMINED")


@pytest.mark.parametrize(
    ("first", "second", "truth"),
    [
        (seen(2, 4), seen(3, 9), True),
        (seen(0, 1), seen(4, 9), True),
        (seen(3, 6), seen(4, 9), False),
        (seen(1, 3), seen(2, 4), False),
        (seen(None), seen(3, 9), None),
        (replace(seen(2), score_low=0, score_high=3, relation=None), seen(3, 9), None),
        (replace(seen(None), relation=frozenset({"below"})), seen(3, 9), True),
        (replace(seen(1, 3), relation=frozenset({"above"})), seen(3, 9), None),
        (seen(1, 3, scale="KR-MOD"), seen(3, 9), None),
    ],
)
def test_criterion_c(first, second, truth):
    assert assess([lesion("L01", first, second)]).criteria["C"].truth is truth


def test_a_rise_in_a_lesion_of_unknown_size_is_not_counted_before_its_size_is_known():
    found = assess([lesion("L01", seen(1, 3, size=None), seen(3, 9))])
    assert found.criteria["C"].truth is None and found.criteria["D"].truth is None


def test_scores_of_two_scales_are_not_compared():
    found = assess([lesion("L01", seen(1, 3, scale="KR-MOD"), seen(3, 9))])
    assert found.name == "UNDETERMINED" and "scales differ" in found.sentence


def test_criterion_d_says_patient_level_or_mixed():
    whole = assess([converted("L01"), lesion("L02", seen(3, 9), seen(3, 9), organ="stomach")])
    assert whole.criteria["D"].reason.startswith("patient-level: 1 of 2")
    mixed = assess([converted("L01"), lesion("L02", organ="stomach")])
    assert mixed.criteria["D"].reason.startswith("mixed: 1 of 2")
    bone = assess([converted("L01"), lesion("L02", organ="bone", is_visceral=False)])
    assert bone.criteria["D"].reason.startswith("patient-level")
    unread = assess([converted("L01"), lesion("L02", seen(1, 3), seen(None), organ="stomach")])
    assert unread.criteria["D"].truth is None


@pytest.mark.parametrize(("after_mm", "truth"), [(20, True), (30, True), ("30.1", False)])
def test_criterion_e_is_about_lesions_that_grew(after_mm, truth):
    found = assess([lesion("L01", seen(1, 3), seen(3, 9, size=D(after_mm)))])
    assert found.criteria["E"].truth is truth
    assert found.name == ("PROBABLE" if truth else "UNDETERMINED")


@pytest.mark.parametrize(
    ("suv", "liver", "truth"),
    [("3.9", "5.0", True), ("3.89", "5.0", False), ("3.0", "3.0", False), (None, "5.0", None), ("6", None, None)],
)
def test_criterion_g_is_ratio_and_suv(suv, liver, truth):
    after = seen(3, suv, liver=None if liver is None else D(liver))
    assert assess([lesion("L01", seen(1, 3), after)]).criteria["G"].truth is truth


def test_index_lesions_are_five_at_most_and_two_of_an_organ():
    many = [converted(f"L{n:02}", organ=organ) for n, organ in enumerate(["liver"] * 4 + ["bone"] * 3 + ["lung"] * 3)]
    found = assess(many)
    assert len(found.index) == 5
    organs = {x.label: x.organ for x in many}
    assert max([*map([organs[i] for i in found.index].count, ("liver", "bone", "lung"))]) == 2


def test_a_lesion_of_unknown_size_stays_open_only_while_there_is_room():
    unsized = lesion("L09", seen(1, 3, size=None), seen(1, 3))
    assert [m.key for m in assess([converted("L01"), unsized]).missing] == ["size_mm:L09:before"]
    full = assess([converted("L01"), converted("L02"), unsized])
    assert full.missing == () and full.name == "PROBABLE"


def test_the_digest_follows_every_input_but_not_the_verdicts():
    base = assess(ONE)
    assert assess(ONE).digest == base.digest == assess(ONE, between=AGREED).digest
    for other in (
        assess(ONE, after={"uptake_min": D(61)}),
        assess([converted(factor="2.5")]),
        assess(ONE, between=replace(WELL, courses=())),
        assess(ONE, cv=D("0.10")),
    ):
        assert other.digest != base.digest


def test_a_digest_does_not_depend_on_how_a_number_is_written():
    assert assess(ONE, after={"uptake_min": D("60.0")}).digest == assess(ONE).digest


def test_the_second_scan_cannot_lie_before_the_first():
    with pytest.raises(ValueError, match="before the first"):
        assess_change(scan(SECOND), scan(FIRST), ONE, WELL)


def test_wording_is_neutral():
    for found in (assess(ONE), assess(ONE, between=AGREED), assess([lesion("L01", seen(3, 9), seen(1, 2))])):
        text = found.sentence.lower() + found.label
        assert "redifferentiat" not in text and "eligible" not in text


@pytest.mark.parametrize(("after", "name"), [("4.95", "REFERENCE_DRIVEN"), ("4.96", "PROBABLE")])
def test_within_ten_percent_an_suv_has_not_risen(after, name):
    """Noise of a hundredth is no rise: a scan with the same lesions is not PROBABLE because one voxel is hotter."""
    lesions = [lesion(f"L0{n}", seen(2, "4.5"), seen(3, after, liver=D("3.9")), organ=f"o{n}") for n in (1, 2, 3)]
    assert assess(lesions, after={"liver_suv": D("3.9")}).name == name
