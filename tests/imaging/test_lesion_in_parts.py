"""A lesion marked by several regions: every voxel counts once, and its expression is that of all its parts."""

import pytest

from imaging.domain import regions, uptake
from imaging.domain.volume import Bounds
from imaging.models import UptakeMeasurement
from imaging.scan_numbers import scan_numbers
from tests.imaging.phantom import two_bodies
from tests.imaging.scan_rows import HOT_BODY, OTHER_BODY, bring_scan, drawn, fresh, new_lesion, solid, volume_of

pytestmark = [pytest.mark.django_db, pytest.mark.one_engine]
WIDER = Bounds((5, 15, 9), (8, 18, 14))  # the hot body and part of the bridge


def numbers(scan):
    return scan_numbers(fresh(scan)).burden.numbers


def test_parts_that_share_nothing_add_up(scan, doctor):
    lesion = new_lesion(doctor, scan.patient)
    for bounds in (HOT_BODY, OTHER_BODY):
        drawn(scan, lesion, doctor, bounds)
    whole = uptake.measure(volume_of(scan), regions.merge(solid(HOT_BODY), solid(OTHER_BODY)))
    found = numbers(scan)
    assert found["sstr_tumour_volume"].value == pytest.approx(whole.volume_ml)
    assert found["total_lesion_sstr_expression"].value == pytest.approx(whole.total_lesion_sstr_expression, rel=1e-5)
    rows = UptakeMeasurement.objects.all()
    assert sum(row.total_lesion_sstr_expression for row in rows) == pytest.approx(
        found["total_lesion_sstr_expression"].value
    )


def test_a_lesion_drawn_twice_is_not_twice_as_large(scan, doctor):
    """Accepted from the software and again from another workstation's outline."""
    lesion = new_lesion(doctor, scan.patient)
    for bounds in (HOT_BODY, WIDER):
        drawn(scan, lesion, doctor, bounds)
    whole = uptake.measure(volume_of(scan), solid(WIDER))
    found = numbers(scan)
    assert found["sstr_tumour_volume"].value == pytest.approx(whole.volume_ml)
    expression = found["total_lesion_sstr_expression"]
    assert not expression.is_known and expression.unknown == ("L01",)


def test_other_lesions_that_share_its_voxels_are_noticed(scan, doctor):
    lesion, other = (new_lesion(doctor, scan.patient, label) for label in ("L01", "L02"))
    for bounds in (HOT_BODY, OTHER_BODY):
        drawn(scan, lesion, doctor, bounds)
    drawn(scan, other, doctor, WIDER)
    found = numbers(scan)["sstr_tumour_volume"]
    assert [note.code for note in found.cautions] == ["regions_overlap_once"]
    assert found.value == pytest.approx((45 + 27) * 0.064)


def test_also_where_suv_is_withheld(tmp_path, phantom_case, doctor, import_files):
    from imaging.services import place_voi
    from tests.imaging.scan_rows import FIRST, work_off

    scan = bring_scan(import_files, tmp_path, phantom_case, paint=two_bodies, body_weight_kg=None)
    lesion = new_lesion(doctor, phantom_case)
    for radius in (6, 9):
        place_voi(
            by=doctor, scan=scan, role="lesion", lesion=lesion, method="sphere", centre_lps=FIRST, radius_mm=radius
        )
    work_off()
    largest = max(row.relative["volume_ml"] for row in UptakeMeasurement.objects.all())
    assert numbers(scan)["sstr_tumour_volume"].value == pytest.approx(largest)
