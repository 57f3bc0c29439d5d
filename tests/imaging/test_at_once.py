"""Numbers made at once from a few slices are those the worker makes from the whole volume, to the last bit."""

import pytest

from imaging import selectors, volumes
from imaging.domain.volume import Bounds
from imaging.models import UptakeMeasurement, Voi
from imaging.services import measure_at_once, move_voi, outlines, place_voi
from imaging.services.measuring import NUMBERS
from tests.imaging.phantom import two_bodies
from tests.imaging.scan_rows import BODY, FIRST, bring_scan, drawn, new_lesion, work_off

pytestmark = pytest.mark.django_db
PLACES = {"middle": FIRST, "lowest slice": (-24.0, 0.0, -400.0), "highest slice": (0.0, 0.0, -356.0)}


def said(item) -> dict:
    row = item.measurement
    shown = {
        name: getattr(row, name) for name in (*NUMBERS, "mask_sha256", "hottest_voxel", "warnings", "refusal_code")
    }
    return shown | {"state": item.state, "digest": row.input_digest}


def warned(found: dict) -> list[str]:
    return [warning["code"] for warning in found["warnings"]]


def check(scan, voi) -> dict:
    """Measured now, then by the worker: nothing is stored by the first, and both say the same."""
    stored = UptakeMeasurement.objects.count()
    (now,) = [item for item in measure_at_once(scan, voi) if item.voi.pk == voi.pk]
    assert now.measurement._state.adding and UptakeMeasurement.objects.count() == stored
    work_off()
    (later,) = [item for item in selectors.measurements(scan) if item.voi.pk == voi.pk]
    assert said(now) == said(later)
    return said(now)


@pytest.mark.parametrize("where", PLACES)
@pytest.mark.parametrize(
    "method, parameter", [("sphere", None), ("percent_of_max", 45), ("fixed_suv", 1), ("liver_based", None)]
)
def test_spheres_and_contours(scan, lesion, doctor, method, parameter, where):
    place_voi(by=doctor, scan=scan, role="liver", method="sphere", centre_lps=(32.0, 0.0, -392.0), radius_mm=8)
    work_off()
    shape = {"method": method, "parameter": parameter, "centre_lps": PLACES[where], "radius_mm": 8}
    voi, _ = place_voi(by=doctor, scan=scan, role="lesion", lesion=lesion, **shape)
    check(scan, voi)


@pytest.mark.parametrize("slices", [(0, 1), (5, 8), (11, 12), (0, 12)])
def test_outlines(scan, lesion, doctor, slices):
    bounds = Bounds((slices[0], 10, 6), (slices[1], 20, 20))
    first = drawn(scan, lesion, doctor, bounds)
    voi, _ = outlines.widen(by=doctor, voi=first, by_mm=4.0, reason="x")
    assert check(scan, Voi.objects.get(pk=voi.pk))["state"] == "current"


def test_what_refuses_refuses_alike(scan, lesion, doctor):
    place = {"centre_lps": FIRST, "radius_mm": 8, "method": "fixed_suv", "parameter": 999}
    voi, _ = place_voi(by=doctor, scan=scan, role="lesion", lesion=lesion, **place)
    assert check(scan, voi)["refusal_code"] == "nothing_above_threshold"
    liver_based = {"centre_lps": BODY, "radius_mm": 8, "method": "liver_based"}
    voi, _ = place_voi(
        by=doctor, scan=scan, role="lesion", lesion=new_lesion(doctor, scan.patient, "L02"), **liver_based
    )
    assert check(scan, voi)["refusal_code"] == "liver_reference_missing"


def test_what_is_stored_is_not_measured_again(scan, both, monkeypatch):
    monkeypatch.setattr("imaging.services.at_once.open_around", lambda voi: pytest.fail("read the images again"))
    (item,) = measure_at_once(scan, both)
    assert item.state == selectors.CURRENT and not item.measurement._state.adding


def test_a_contour_that_follows_a_liver_far_away(tmp_path, phantom_case, import_files, doctor):
    scan = bring_scan(import_files, tmp_path, phantom_case, paint=two_bodies, slices=40)
    far = {"method": "sphere", "centre_lps": (0.0, 0.0, -264.0), "radius_mm": 8}
    place_voi(by=doctor, scan=scan, role="liver", **far)
    work_off()
    shape = {"method": "liver_based", "centre_lps": FIRST, "radius_mm": 8}
    lesion = new_lesion(doctor, phantom_case)
    voi, _ = place_voi(by=doctor, scan=scan, role="lesion", lesion=lesion, **shape)
    assert check(scan, voi)["state"] == "current"


def test_an_outline_drawn_at_the_threshold_of_a_liver_far_away(tmp_path, phantom_case, import_files, doctor):
    scan = bring_scan(import_files, tmp_path, phantom_case, paint=two_bodies, slices=40)
    far = {"method": "sphere", "centre_lps": (0.0, 0.0, -264.0), "radius_mm": 8}
    liver, _ = place_voi(by=doctor, scan=scan, role="liver", **far)
    work_off()
    seed = {"seed_lps": FIRST, "reach_mm": 30, "rule": "liver", "parameter": None}
    voi, _ = outlines.grow(by=doctor, scan=scan, lesion=new_lesion(doctor, phantom_case), **seed)
    assert "outline_at_earlier_liver" not in warned(check(scan, voi))
    move_voi(by=doctor, voi=liver, reason="x", centre_lps=(0.0, 0.0, -376.0))
    assert "outline_at_earlier_liver" in warned(check(scan, voi))


def test_a_merge_of_two_far_apart_reads_no_slice_between_them(
    tmp_path, phantom_case, import_files, doctor, monkeypatch
):
    scan = bring_scan(import_files, tmp_path, phantom_case, paint=two_bodies, slices=60)
    first = drawn(scan, new_lesion(doctor, phantom_case), doctor)
    other = drawn(scan, new_lesion(doctor, phantom_case, "L02"), doctor, Bounds((50, 15, 9), (53, 18, 12)))
    read, native = set(), volumes._read_native
    monkeypatch.setattr(
        volumes, "_read_native", lambda about, out, planes: (read.update(planes), native(about, out, planes))
    )
    merged, _ = outlines.merge(by=doctor, voi=first, other=other, reason="one lesion")
    measure_at_once(scan, merged)
    assert {6, 51} < read and not read & set(range(16, 42)), sorted(read)
    assert check(scan, Voi.objects.get(pk=merged.pk))["voxel_count"] == 54
