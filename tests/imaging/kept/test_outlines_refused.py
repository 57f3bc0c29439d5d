"""Steps on outlines that must not be taken: without a reason or the right, across patients, on what has changed."""

import datetime as dt
import inspect

import pytest

from imaging.domain.errors import ImagingRefusal
from imaging.models import Voi
from imaging.services import move_voi, outlines, place_voi
from patients.domain.roles import Capability, Role, role_may
from patients.services import Conflict, create_patient, record
from tests.imaging.phantom import two_bodies
from tests.imaging.scan_rows import (
    BODY,
    FIRST,
    OTHER_BODY,
    SECOND,
    bring_scan,
    drawn,
    new_lesion,
    refusal_of,
    solid,
    volume_of,
)

pytestmark = [pytest.mark.django_db, pytest.mark.one_engine]


STEPS = {
    "widen": lambda by, voi, other, reason: outlines.widen(by=by, voi=voi, by_mm=4.0, reason=reason),
    "regrow": lambda by, voi, other, reason: outlines.regrow(
        by=by, voi=voi, rule="percent", parameter=50.0, reason=reason
    ),
    "subtract": lambda by, voi, other, reason: outlines.subtract(by=by, voi=voi, other=other, reason=reason),
    "merge": lambda by, voi, other, reason: outlines.merge(by=by, voi=voi, other=other, reason=reason),
    "split": lambda by, voi, other, reason: outlines.split(
        by=by, voi=voi, first_lps=FIRST, second_lps=SECOND, other_lesion=other.lesion, reason=reason
    ),
    "redraw_as": lambda by, voi, other, reason: outlines.redraw_as(
        by=by, voi=voi, mask=solid(OTHER_BODY), volume=volume_of(voi.scan), origin={"how": "x"}, reason=reason
    ),
}


@pytest.fixture
def other(scan, doctor, both):
    return drawn(scan, new_lesion(doctor, scan.patient, "L02"), doctor, OTHER_BODY)


def test_every_change_needs_a_reason_and_the_right_to_measure(scan, doctor, both, other, django_user_model):
    for name, step in STEPS.items():
        for reason in ("", "  "):
            assert refusal_of(step, by=doctor, voi=both, other=other, reason=reason) == "reason_missing", name
    for role in Role:
        if role_may(role, Capability.MEASURE):
            continue
        person = django_user_model.objects.create_user(f"u-{role}", role=role)
        for name, step in STEPS.items():
            assert refusal_of(step, by=person, voi=both, other=other, reason="why") == "not_permitted", name
    assert Voi.objects.get(pk=both.pk).recorded_at == both.recorded_at and Voi.objects.count() == 2


def test_two_people_never_change_one_outline_at_once(scan, doctor, both, other):
    """What was drawn on the older outline does not replace the newer one unseen."""
    stale = Voi.objects.get(pk=both.pk)
    outlines.widen(by=doctor, voi=Voi.objects.get(pk=both.pk), by_mm=4.0, reason="first")
    kept = Voi.objects.get(pk=both.pk)
    for step in STEPS.values():
        with pytest.raises(Conflict):
            step(doctor, stale, other, "second")
    assert Voi.objects.get(pk=both.pk).mask_sha256 == kept.mask_sha256
    assert Voi.objects.filter(pk=other.pk).exists()


def test_new_outlines_need_the_right_to_measure(scan, lesion, django_user_model):
    clinician = django_user_model.objects.create_user("clin", role=Role.CLINICIAN)
    values = {"by": clinician, "scan": scan, "lesion": lesion, "rule": "suv", "parameter": 3.0}
    assert refusal_of(outlines.grow, seed_lps=FIRST, reach_mm=30, **values) == "not_permitted"
    assert refusal_of(outlines.threshold_box, low_lps=FIRST, high_lps=SECOND, **values) == "not_permitted"


def test_nothing_crosses_to_another_patient(tmp_path, scan, lesion, doctor, both, import_files):
    """The same grid, the same numbers, another person: regions and lesions never meet."""
    stranger = create_patient(by=doctor, case_number="SYN-z", sex_for_formulas="F", birth_date=dt.date(1967, 3, 2))
    theirs = bring_scan(import_files, tmp_path, stranger, "z", paint=two_bodies, of="z")
    their_lesion = new_lesion(doctor, stranger)
    for method in ("sphere", "mask"):
        if method == "sphere":
            their_region, _ = place_voi(
                by=doctor,
                scan=theirs,
                role="lesion",
                lesion=their_lesion,
                method="sphere",
                centre_lps=FIRST,
                radius_mm=6,
            )
        else:
            their_region = drawn(theirs, their_lesion, doctor)
        for step in (outlines.merge, outlines.subtract):
            assert refusal_of(step, by=doctor, voi=both, other=their_region, reason="x") == "voi_of_other_scan"
    values = {"first_lps": FIRST, "second_lps": SECOND, "other_lesion": their_lesion, "reason": "x"}
    assert refusal_of(outlines.split, by=doctor, voi=both, **values) == "voi_of_other_patient"
    grown = {"seed_lps": FIRST, "rule": "suv", "parameter": 3.0, "reach_mm": 30}
    assert refusal_of(outlines.grow, by=doctor, scan=scan, lesion=their_lesion, **grown) == "voi_of_other_patient"
    assert Voi.objects.get(pk=both.pk).mask_sha256 == both.mask_sha256


def test_a_region_is_not_taken_out_of_itself(doctor, both):
    for step in (outlines.merge, outlines.subtract):
        assert refusal_of(step, by=doctor, voi=both, other=both, reason="x") == "voi_of_other_scan"


def test_a_reference_organ_is_never_joined_to_a_lesion(scan, doctor, both):
    """Neither way round: the reference would be gone, or a lesion would be measured as the organ."""
    liver, _ = place_voi(by=doctor, scan=scan, role="liver", method="sphere", centre_lps=BODY, radius_mm=12)
    for voi, other in ((both, liver), (liver, both)):
        assert refusal_of(outlines.merge, by=doctor, voi=voi, other=other, reason="x") == "regions_of_two_kinds"
    assert set(Voi.objects.all()) == {both, liver}


def test_an_outline_is_redrawn_and_never_moved(scan, lesion, doctor, both):
    assert refusal_of(move_voi, by=doctor, voi=both, reason="x", centre_lps=SECOND) == "outline_not_moved"
    shape = {"role": "lesion", "lesion": lesion, "centre_lps": FIRST, "radius_mm": 9}
    assert refusal_of(place_voi, by=doctor, scan=scan, method="mask", **shape) == "outline_not_moved"
    sphere, _ = move_voi(by=doctor, voi=both, reason="a sphere after all", method="sphere", radius_mm=8)
    assert (sphere.mask_sha256, sphere.origin) == ("", {}), "nothing is left of the outline it replaces"


def test_an_empty_result_changes_nothing(scan, doctor, lesion):
    voi = drawn(scan, lesion, doctor)
    for step in (
        lambda: outlines.widen(by=doctor, voi=voi, by_mm=-40, reason="x"),
        lambda: outlines.widen(by=doctor, voi=voi, by_mm=0.0, reason="x"),
    ):
        with pytest.raises(ImagingRefusal):
            step()
    assert Voi.objects.get(pk=voi.pk).recorded_at == voi.recorded_at


def test_without_suv_nothing_is_drawn_by_a_threshold(tmp_path, phantom_case, doctor, import_files):
    scan = bring_scan(import_files, tmp_path, phantom_case, "n", paint=two_bodies, body_weight_kg=None)
    lesion = new_lesion(doctor, phantom_case)
    values = {"seed_lps": FIRST, "rule": "suv", "parameter": 3.0, "reach_mm": 30}
    assert refusal_of(outlines.grow, by=doctor, scan=scan, lesion=lesion, **values) == "scan_without_suv"


def test_a_lesion_taken_back_gets_no_new_outline(scan, lesion, doctor):
    from imaging.services import withdraw_lesion

    withdraw_lesion(by=doctor, lesion=lesion, reason="was an artefact")
    with pytest.raises((Conflict, outlines.Refused)):
        drawn(scan, lesion, doctor)
    assert not Voi.objects.exists()


def test_every_service_names_who_does_it():
    for name in (
        "place_outline",
        "grow",
        "threshold_box",
        "regrow",
        "widen",
        "redraw_as",
        "subtract",
        "merge",
        "split",
    ):
        found = inspect.signature(getattr(outlines, name)).parameters["by"]
        assert found.kind is inspect.Parameter.KEYWORD_ONLY and found.default is inspect.Parameter.empty, name


def test_record_itself_is_not_a_way_round(scan, lesion, doctor):
    """The table refuses an outline without its voxels."""
    from django.core.exceptions import ValidationError

    with pytest.raises(ValidationError):
        record(Voi, by=doctor, scan=scan, lesion=lesion, role="lesion", method="mask", centre_x_mm=0, centre_y_mm=0,
               centre_z_mm=0, radius_mm=5)  # fmt: skip
