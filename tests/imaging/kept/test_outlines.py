"""Outlines changed by people: every step is a new version with its origin, measured again from exactly its voxels."""

import numpy as np
import pytest

from imaging import masks, selectors
from imaging.domain import regions, uptake
from imaging.domain.errors import ImagingRefusal
from imaging.models import UptakeMeasurement, Voi
from imaging.services import outlines, place_voi
from tests.imaging.scan_rows import (
    BODY,
    FIRST,
    NAMES,
    OTHER_BODY,
    SECOND,
    drawn,
    new_lesion,
    refusal_of,
    volume_of,
    work_off,
)

pytestmark = [pytest.mark.django_db, pytest.mark.one_engine]


def check_measured_on_its_voxels(scan, voi) -> None:
    """The numbers shown are those of exactly the stored voxels, to the last bit."""
    (item,) = [item for item in selectors.measurements(scan) if item.voi.pk == voi.pk]
    assert item.state == selectors.CURRENT
    found = uptake.measure(volume_of(scan), masks.load(voi.mask_sha256).mask)
    assert {name: getattr(item.measurement, name) for name in NAMES} == {name: getattr(found, name) for name in NAMES}
    assert item.measurement.mask_sha256 == voi.mask_sha256


def check_changed(scan, voi, before, how: str) -> Voi:
    """A new version; what it was stays with its voxels, and its numbers no longer count."""
    after = Voi.objects.get(pk=voi.pk)
    assert after.recorded_at > before.recorded_at and after.mask_sha256 != before.mask_sha256
    old = Voi.versions.get(lineage=voi.pk, superseded_at=after.recorded_at)
    assert old.mask_sha256 == before.mask_sha256 and masks.load(old.mask_sha256).mask.voxels.any()
    assert after.origin["how"] == how and after.origin["version"] == outlines.VERSION
    assert after.origin["from"][0]["mask_sha256"] == before.mask_sha256
    assert UptakeMeasurement.objects.filter(voi=voi, superseded_at=None).count() <= 1
    work_off()
    assert UptakeMeasurement.objects.filter(voi=voi, superseded_at__isnull=False).exists()
    check_measured_on_its_voxels(scan, after)
    return after


def voxels(voi) -> int:
    return int(masks.load(voi.mask_sha256).mask.voxels.sum())


def test_a_region_grown_from_a_seed_keeps_how_it_was_grown(scan, lesion, both):
    assert voxels(both) == 27 + 27 + 3
    assert both.origin["how"] == "region_growing" and both.origin["method"].startswith("segmentation/")
    said = both.origin["parameters"]
    assert (said["seed_lps_mm"], said["rule"], said["parameter"]) == (list(FIRST), "suv", 3.0)
    check_measured_on_its_voxels(scan, both)


@pytest.mark.parametrize("rule, parameter, count", [("percent", 41.0, 27), ("percent", 90.0, 1), ("suv", 15.0, 1)])
def test_rules_of_growing(scan, lesion, doctor, rule, parameter, count):
    values = {"seed_lps": FIRST, "rule": rule, "parameter": parameter, "reach_mm": 10}
    voi, _ = outlines.grow(by=doctor, scan=scan, lesion=lesion, **values)
    work_off()
    assert voxels(Voi.objects.get(pk=voi.pk)) == count


def test_growing_by_the_liver_needs_a_measured_liver(scan, lesion, doctor):
    values = {"by": doctor, "scan": scan, "lesion": lesion, "seed_lps": FIRST, "rule": "liver", "parameter": None}
    assert refusal_of(outlines.grow, reach_mm=30, **values) == "liver_not_measured"
    place_voi(by=doctor, scan=scan, role="liver", method="sphere", centre_lps=BODY, radius_mm=12)
    work_off()
    voi, _ = outlines.grow(reach_mm=60, **values)
    assert voxels(voi) == 57


def test_a_box_takes_what_is_hot_connected_or_not(scan, lesion, doctor):
    values = {"low_lps": (10.0, 12.0, -360.0), "high_lps": (-34.0, -12.0, -390.0), "rule": "suv", "parameter": 10.0}
    voi, _ = outlines.threshold_box(by=doctor, scan=scan, lesion=lesion, **values)
    work_off()
    found = Voi.objects.get(pk=voi.pk)
    assert found.origin["how"] == "box_threshold" and voxels(found) == 54
    check_measured_on_its_voxels(scan, found)


@pytest.mark.parametrize("parameter", [0.0, -1.0, float("nan"), None])
@pytest.mark.parametrize("rule", ["suv", "percent", "colour"])
def test_a_threshold_that_is_none_is_refused_in_words(scan, lesion, doctor, rule, parameter):
    for call, where in (
        (outlines.grow, {"seed_lps": FIRST, "reach_mm": 30}),
        (outlines.threshold_box, {"low_lps": FIRST, "high_lps": SECOND}),
    ):
        with pytest.raises((outlines.Refused, ImagingRefusal)) as refusal:
            call(by=doctor, scan=scan, lesion=lesion, rule=rule, parameter=parameter, **where)
        assert refusal.value.message.endswith(".")
    assert not Voi.objects.exists()


def test_widen_and_shrink(scan, lesion, doctor):
    first = drawn(scan, lesion, doctor)
    outlines.widen(by=doctor, voi=first, by_mm=4.0, reason="too tight")
    wide = check_changed(scan, first, first, "dilate")
    assert voxels(wide) == 27 + 6 * 9
    outlines.widen(by=doctor, voi=wide, by_mm=-4.0, reason="too wide")
    assert voxels(check_changed(scan, first, wide, "erode")) == 27


def test_regrow_draws_from_the_hottest_voxel(scan, lesion, doctor, both):
    outlines.regrow(by=doctor, voi=both, rule="percent", parameter=70.0, reason="only the core")
    assert voxels(check_changed(scan, both, both, "region_growing")) < 57


def test_subtract_and_merge(scan, lesion, doctor, both):
    other = drawn(scan, new_lesion(doctor, scan.patient, "L02"), doctor, OTHER_BODY)
    outlines.subtract(by=doctor, voi=both, other=other, reason="the other lesion is its own")
    less = check_changed(scan, both, both, "subtract")
    assert voxels(less) == 30 and less.origin["parameters"]["subtracted"] == str(other.pk)
    outlines.merge(by=doctor, voi=less, other=other, reason="one lesion after all")
    whole = check_changed(scan, both, less, "merge")
    assert voxels(whole) == 57
    assert not Voi.objects.filter(pk=other.pk).exists() and Voi.versions.filter(pk=other.pk).exists()
    assert [item.voi.pk for item in selectors.measurements(scan)] == [both.pk]


def test_split_shares_every_voxel_once(scan, lesion, doctor, both):
    second = new_lesion(doctor, scan.patient, "L02")
    values = {"first_lps": FIRST, "second_lps": SECOND, "other_lesion": second}
    kept, other, _ = outlines.split(by=doctor, voi=both, reason="two lesions", **values)
    after = check_changed(scan, kept, both, "split")
    other = Voi.objects.get(pk=other.pk)
    check_measured_on_its_voxels(scan, other)
    assert (after.lesion, other.lesion) == (lesion, second)
    one, two = (masks.load(v.mask_sha256).mask for v in (after, other))
    assert voxels(after) + voxels(other) == voxels(both)
    assert np.array_equal(regions.merge(one, two).voxels, masks.load(both.mask_sha256).mask.voxels)
