"""An outline keeps its voxels whatever becomes of the SUV; what follows from that is said on the page."""

import pydicom
import pytest
from django.urls import reverse

from imaging import masks, selectors
from imaging.domain.segmentation import liver_threshold
from imaging.domain.volume import Bounds
from imaging.models import ProposalRun, Scan, SuvResult, Voi
from imaging.scan_numbers import scan_numbers
from imaging.services import correct_suv_input, move_voi, outlines, place_voi, remove_voi
from imaging.services.running import run_until_done
from imaging.views import proposal_rows
from tests.imaging.phantom import two_bodies, write_pet
from tests.imaging.scan_rows import (
    BODY,
    FIRST,
    HOT_BODY,
    OTHER_BODY,
    SECOND,
    drawn,
    focus,
    fresh,
    new_lesion,
    refusal_of,
    volume_of,
    work_off,
)

pytestmark = [pytest.mark.django_db, pytest.mark.one_engine]


def weigh(scan, doctor, value="90"):
    job = correct_suv_input(by=doctor, series=scan.pet_series, name="body_weight_kg", value=value, reason="weighed")
    run_until_done(job.pk)


def current(scan, voi):
    return next(item for item in selectors.measurements(fresh(scan)) if item.voi.pk == voi.pk)


def codes(item) -> list[str]:
    return [warning["code"] for warning in item.measurement.warnings]


def earlier(item) -> list[str]:
    return [code for code in codes(item) if code.startswith("outline_at_earlier")]


def grown(scan, lesion, doctor, rule, parameter, seed=FIRST):
    values = {"seed_lps": seed, "rule": rule, "parameter": parameter, "reach_mm": 60}
    voi, _ = outlines.grow(by=doctor, scan=scan, lesion=lesion, **values)
    work_off()
    return Voi.objects.get(pk=voi.pk)


def test_after_a_corrected_weight_voxels_stay_and_the_page_says_at_which_suv_they_were_drawn(
    scan, lesion, doctor, client
):
    voi = grown(scan, lesion, doctor, "suv", 10.0)
    before = current(scan, voi).measurement
    assert "outline_at_earlier_suv" not in codes(current(scan, voi))
    weigh(scan, doctor)
    after = current(scan, voi)
    assert after.voi.mask_sha256 == voi.mask_sha256 and after.measurement.voxel_count == before.voxel_count
    assert after.measurement.suv_max == pytest.approx(1.5 * before.suv_max, rel=1e-6)
    assert "outline_at_earlier_suv" in codes(after)
    client.force_login(doctor)
    page = client.get(reverse("imaging:scan", args=[scan.pk])).content.decode()
    assert "drawn at SUV 10 under an earlier SUV factor" in page
    weigh(scan, doctor, "60")
    assert "outline_at_earlier_suv" not in codes(current(scan, voi)), "the factor is again the one it was drawn under"


@pytest.mark.parametrize("rule, parameter", [("percent", 41.0)])
def test_an_outline_that_follows_no_suv_needs_no_such_word(scan, lesion, doctor, rule, parameter):
    voi = grown(scan, lesion, doctor, rule, parameter)
    weigh(scan, doctor)
    assert "outline_at_earlier_suv" not in codes(current(scan, voi))


def test_the_word_stays_with_what_is_made_from_the_outline_until_it_is_drawn_anew(scan, lesion, doctor):
    voi = grown(scan, lesion, doctor, "suv", 10.0)
    weigh(scan, doctor)
    outlines.widen(by=doctor, voi=voi, by_mm=4.0, reason="too tight")
    work_off()
    assert "outline_at_earlier_suv" in codes(current(scan, voi))
    outlines.regrow(by=doctor, voi=Voi.objects.get(pk=voi.pk), rule="suv", parameter=10.0, reason="with today's SUV")
    work_off()
    assert "outline_at_earlier_suv" not in codes(current(scan, voi))


def test_two_outlines_of_two_factors_joined_keep_both_thresholds(scan, lesion, doctor):
    """Whichever of them takes in the other, the voxels of the older one are no longer those above its SUV."""
    old = grown(scan, lesion, doctor, "suv", 10.0)
    weigh(scan, doctor)
    new = grown(fresh(scan), lesion, doctor, "suv", 15.0, seed=SECOND)
    assert earlier(current(scan, new)) == []
    merged, _ = outlines.merge(by=doctor, voi=new, other=old, reason="one lesion")
    work_off()
    assert [held["suv"] for held in Voi.objects.get(pk=merged.pk).origin["thresholds"]] == [15.0, 10.0]
    item = current(scan, merged)
    assert earlier(item) == ["outline_at_earlier_suv"]
    assert any("drawn at SUV 10 under" in warning["message"] for warning in item.measurement.warnings)


def liver(scan, doctor, centre=BODY, radius_mm=12) -> Voi:
    place = {"role": "liver", "method": "sphere", "centre_lps": centre, "radius_mm": radius_mm}
    found, _ = place_voi(by=doctor, scan=scan, **place)
    work_off()
    return Voi.objects.get(pk=found.pk)


def test_an_outline_follows_the_liver_that_the_ratios_refer_to_and_keeps_which_and_how_much(scan, lesion, doctor):
    liver(scan, doctor, centre=SECOND, radius_mm=9)
    newest = liver(scan, doctor)
    measured = current(scan, newest).measurement
    voi = grown(fresh(scan), lesion, doctor, "liver", None)
    (held,) = voi.origin["thresholds"]
    assert held["suv"] == pytest.approx(liver_threshold(measured.suv_mean, measured.suv_sd))
    assert held["liver"] == {"voi": str(newest.pk), "recorded_at": newest.recorded_at.isoformat()}
    assert earlier(current(scan, voi)) == []


def test_a_liver_placed_last_and_not_measured_yet_gives_no_threshold(scan, lesion, doctor):
    liver(scan, doctor)
    place_voi(by=doctor, scan=scan, role="liver", method="sphere", centre_lps=SECOND, radius_mm=9)
    values = {"by": doctor, "scan": fresh(scan), "lesion": lesion, "rule": "liver", "parameter": None}
    assert refusal_of(outlines.grow, seed_lps=FIRST, reach_mm=60, **values) == "liver_not_measured"


def test_once_the_liver_has_moved_the_page_says_at_which_threshold_the_outline_was_drawn(scan, lesion, doctor, client):
    place = liver(scan, doctor)
    voi = grown(fresh(scan), lesion, doctor, "liver", None)
    count = current(scan, voi).measurement.voxel_count
    moved, _ = move_voi(by=doctor, voi=place, reason="not liver", centre_lps=SECOND)
    assert current(scan, voi).state == selectors.RECOMPUTING, "the number without that word no longer counts"
    work_off()
    assert earlier(current(scan, voi)) == ["outline_at_earlier_liver"]
    assert current(scan, voi).measurement.voxel_count == count
    client.force_login(doctor)
    page = client.get(reverse("imaging:scan", args=[scan.pk])).content.decode()
    assert f"drawn at a liver threshold of SUV {voi.origin['thresholds'][0]['suv']:.2f}" in page
    move_voi(by=doctor, voi=moved, reason="it was liver", centre_lps=BODY)
    work_off()
    assert earlier(current(scan, voi)) == [], "the liver says again what it said"
    remove_voi(by=doctor, voi=Voi.objects.get(pk=place.pk), reason="no liver")
    work_off()
    assert earlier(current(scan, voi)) == ["outline_at_earlier_liver"]


def test_a_corrected_weight_changes_liver_and_lesion_alike_and_needs_no_word(scan, lesion, doctor):
    liver(scan, doctor)
    voi = grown(fresh(scan), lesion, doctor, "liver", None)
    weigh(scan, doctor)
    assert earlier(current(scan, voi)) == []


def test_a_threshold_in_suv_is_not_shown_while_another_suv_holds(scan, lesion, doctor, client):
    """Between a corrected weight and the new look, neither the threshold of the old look nor its SUVs are today's."""
    hottest = f"{focus(scan).numbers['suv_max']:.2f}"
    ProposalRun.objects.update(parameters={"threshold_suv": 7.31, "liver_mean": 5.0, "liver_sd": 1.155})
    client.force_login(doctor)
    address = reverse("imaging:scan", args=[scan.pk])
    shown = client.get(address).content.decode()
    assert "Uptake above SUV 7.31" in shown and f"SUVmax {hottest}" in shown
    correct_suv_input(by=doctor, series=scan.pet_series, name="body_weight_kg", value="90", reason="weighed")
    shown = client.get(address).content.decode()
    assert "7.31" not in shown and hottest not in shown
    assert "F01" in shown and "SUVmax –" in shown, "the focus is still asked about"


def test_under_another_suv_result_the_old_look_shows_only_what_does_not_depend_on_it(scan, lesion, doctor):
    """The run is still the present one for as long as nobody has looked again."""
    focus(scan)
    ProposalRun.objects.update(parameters={"threshold_suv": 7.31})
    old = selectors.current_suv(scan.pet_series).result
    new = SuvResult(series=scan.pet_series, input_digest="0" * 64)
    shown = {suv.pk: proposal_rows.panels(fresh(scan), suv) for suv in (old, new)}
    assert [panel.has_current_suv for panel in shown.values()] == [True, False]
    before, after = (panel.to_decide[0] for panel in shown.values())
    assert before["suv_max"] != "–" and before["volume"] != "–"
    assert [after[name] for name in ("suv_max", "suv_mean", "suv_peak")] == ["–"] * 3
    assert after["volume"] == before["volume"]


def test_late_slices_move_the_grid_and_the_numbers_name_the_voxels_they_came_from(
    tmp_path, phantom_case, doctor, import_files
):
    """Outlines drawn before and after the slices came lie on one grid for whoever compares them."""
    paths = sorted(write_pet(tmp_path / "a", "a", paint=two_bodies), key=_height_of_unnumbered)
    import_files(paths[2:], patient=phantom_case)
    scan = Scan.objects.get()
    lesions = [new_lesion(doctor, phantom_case, label) for label in ("L01", "L02")]
    early = drawn(scan, lesions[0], doctor, Bounds((3, 15, 9), (6, 18, 12)))
    import_files(paths[:2], patient=phantom_case)
    work_off()
    drawn(fresh(scan), lesions[1], doctor, OTHER_BODY)
    item = current(scan, early)
    assert item.measurement.suv_max == pytest.approx(float(volume_of(scan).crop(HOT_BODY).max()))
    assert masks.load(item.measurement.mask_sha256).mask.bounds == HOT_BODY
    assert item.voi.mask_sha256 == early.mask_sha256, "what was drawn stays as it was drawn"
    found = scan_numbers(fresh(scan))
    assert found.burden.numbers["sstr_tumour_volume"].cautions == ()


def _height_of_unnumbered(path) -> float:
    """Its height; the file no longer says how many slices there are, so that ten of twelve are a series too."""
    ds = pydicom.dcmread(path)
    del ds.NumberOfSlices
    ds.save_as(path)
    return float(ds.ImagePositionPatient[2])
