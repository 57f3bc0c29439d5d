"""What nobody marked, what contradicts itself, and a class that fell by new lesions are never "no change"."""

from dataclasses import replace
from decimal import Decimal as D

import pytest

from eligibility.domain.change_inputs import NOT_SEEN, Course, Seen, Status
from tests.science.change_pairs import CAPTEM, WELL, assess, check_of, converted, lesion, seen

HOT, COLD = seen(4, "20.0"), seen(0, "1.0")
STABLE = lesion("L01", seen(3, "8"), seen(3, "8"))


def open_lesion(before=NOT_SEEN, after=NOT_SEEN, label="L03", **changes):
    return replace(
        lesion(label, organ=changes.pop("organ", "bone"), status=Status.OPEN, **changes), before=before, after=after
    )


def keys(found) -> list[str]:
    return [item.key for item in found.missing]


@pytest.mark.parametrize("first", [[STABLE], [converted("L01")]], ids=["stable", "converted"])
@pytest.mark.parametrize("is_visceral", [True, False])
def test_a_hot_lesion_not_marked_on_the_second_scan_leaves_it_open(first, is_visceral):
    found = assess([*first, open_lesion(HOT, is_visceral=is_visceral)])
    assert found.name == "UNDETERMINED" and found.row.number == 4
    assert keys(found) == ["status:L03:after"] and "L03" in found.missing[0].text
    assert "1 value still to be entered" in found.sentence


def test_a_cold_lesion_not_marked_on_the_second_scan_may_have_risen():
    found = assess([STABLE, open_lesion(seen(1, "3"))])
    assert found.name == "UNDETERMINED" and found.row.number == 9 and keys(found) == ["status:L03:after"]
    assert check_of(found, "C9").state == "unknown" and "1 open" in check_of(found, "C9").reason


def test_a_lesion_marked_on_one_scan_and_scored_on_none_is_open_too():
    found = assess([STABLE, open_lesion(Seen(size_mm=D(20)))])
    assert found.name == "UNDETERMINED" and keys(found) == ["status:L03:after"]
    assert assess([converted("L01"), open_lesion(Seen(size_mm=D(20)), is_visceral=False)]).row.number == 4


def test_a_lesion_known_to_be_small_asks_nothing():
    found = assess([STABLE, open_lesion(seen(4, "20", size=D(9)))])
    assert found.name == "NO_CHANGE" and found.missing == ()
    assert check_of(found, "C9").state == "ok"


def test_a_cold_visceral_lesion_found_only_on_the_second_scan_is_no_patient_level_change():
    found = assess([converted("L01"), open_lesion(after=COLD, organ="lung", label="L09")])
    assert found.name == "UNDETERMINED" and keys(found) == ["status:L09:after"]
    assert not found.criteria["D"].reason.startswith("patient-level")
    new = assess([converted("L01"), replace(open_lesion(after=COLD, organ="lung"), status=Status.NEW)])
    assert new.name == "PROBABLE" and new.criteria["D"].reason.startswith("mixed: 1 of 1")
    small = assess([converted("L01"), replace(open_lesion(after=seen(0, 1, size=D(9))), status=Status.NEW)])
    assert small.criteria["D"].reason.startswith("patient-level")


def test_a_cold_visceral_lesion_nobody_marked_again_leaves_extent_open():
    found = assess([converted("L01"), open_lesion(seen(1, 3), organ="lung")])
    assert found.criteria["D"].truth is None and found.name == "UNDETERMINED"
    assert keys(found) == ["status:L03:after"]
    bone = assess([converted("L01"), open_lesion(seen(1, 3), is_visceral=False)])
    assert bone.name == "PROBABLE" and bone.missing == ()


def test_a_class_that_fell_by_new_cold_lesions_is_not_called_no_change():
    found = assess([STABLE, lesion("L09", NOT_SEEN, COLD, status=Status.NEW)])
    assert (found.class_before.name, found.class_after.name) == ("RICH", "MIXED")
    assert found.name == "UNDETERMINED" and found.row.number == 10
    assert "SSTR class of the scan fell from RICH to MIXED" in found.sentence and found.asks_for_reader


@pytest.mark.parametrize("status", [Status.NEW, Status.LOST])
def test_a_stated_status_that_the_scores_contradict_leaves_it_open(status):
    found = assess([STABLE, lesion("L02", HOT, COLD, status=status)])
    assert found.name == "UNDETERMINED" and found.row.number == 4
    assert keys(found) == ["status:L02:after"] and "contradict" in found.missing[0].text
    rising = assess([STABLE, lesion("L02", COLD, HOT, status=status)])
    assert rising.name == "UNDETERMINED" and keys(rising) == ["status:L02:after"]


RISEN = {"before": {"ssa": "on", "days_since_ssa": 20}, "after": {"liver_suv": D("6.5")}}


def test_a_score_that_fell_because_the_liver_rose_is_no_loss():
    found = assess([lesion("L01", seen(3, "6"), seen(2, "6.3", liver=D("6.5")))], **RISEN)
    assert found.name == "UNDETERMINED" and found.row.number == 4
    assert found.patterns == ("reference-driven loss",) and found.asks_for_reader
    assert "liver SUVmean rose by 30.0" in found.sentence and "dedifferentiation" not in found.sentence


@pytest.mark.parametrize(("suv", "liver"), [("5.39", "6.5"), ("6.3", "6.0"), (None, "6.5")])
def test_a_score_that_fell_otherwise_is_a_loss(suv, liver):
    fallen = lesion("L01", seen(3, "6"), seen(2, suv, liver=D(liver)))
    assert assess([fallen], after={"liver_suv": D(liver)}).name == "LOSS"
    by_liver = lesion("L02", seen(3, "6"), seen(2, "6.3", liver=D("6.5")), organ="bone")
    assert assess([fallen, by_liver], after={"liver_suv": D(liver)}).name == "LOSS"


@pytest.mark.parametrize("before", ["positive", "retained"])
def test_a_receptor_that_was_there_before_confirms_nothing(before):
    paired = replace(WELL, has_second_reader=True, sstr2_before=before, sstr2_after="positive")
    assert assess([converted(factor="1.35")], between=paired).name == "PROBABLE"
    assert assess([converted(factor="1.35")], between=replace(paired, sstr2_before="focal")).name == "CONFIRMED"


def test_without_a_visceral_index_lesion_extent_looks_at_all_of_them():
    bone = {"is_visceral": False}
    nodes = [lesion(f"N{n}", seen(1, 3), seen(1, 3), organ=f"lymph_node{n}", **bone) for n in (1, 2)]
    found = assess([converted("B1", organ="bone", **bone), *nodes])
    assert found.criteria["D"].reason.startswith("mixed: 1 of 3")
    assert assess([converted("B1", organ="bone", **bone)]).criteria["D"].reason.startswith("patient-level")


def test_an_unscored_lesion_is_asked_for():
    index = assess([lesion("L01", seen(1, 3), seen(None, 9))])
    assert keys(index) == ["score:L01:after"] and index.name == "UNDETERMINED"
    elsewhere = assess([STABLE, lesion("L02"), lesion("L09", seen(4, 9, size=D(12)), seen(None, size=D(12)))])
    assert keys(elsewhere) == ["score:L09:after"] and elsewhere.row.number == 4
    extent = assess([converted("L01"), lesion("L02", seen(None), seen(None), organ="lung")])
    assert keys(extent) == ["score:L02:after"]


def test_a_first_injection_between_the_scans_is_a_new_analogue():
    given = replace(WELL, courses=(CAPTEM, Course("lanreotide", "ssa_injection", True)))
    on = {"ssa": "on", "days_since_ssa": 20}
    assert assess([converted()], between=given).criteria["B"].truth is False
    assert assess([converted()], before=on, after=on, between=given).criteria["B"].truth is True
    maybe = replace(WELL, courses=(CAPTEM, Course("lanreotide", "ssa_injection", None)))
    assert assess([converted()], between=maybe).criteria["B"].truth is None


def test_the_digest_tells_the_borrowed_coefficient_from_the_same_entered_by_the_site():
    assert assess([converted()]).digest != assess([converted()], cv=D("0.12")).digest
