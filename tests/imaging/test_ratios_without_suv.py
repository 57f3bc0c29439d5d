"""Without a weight, a dose or a time there is no SUV, and a ratio inside the scan is still true; never more than that."""

import html
import re

import pydicom
import pytest
from django.urls import reverse

from imaging import selectors
from imaging.domain.vocabulary import Tracer
from imaging.models import Scan, UptakeMeasurement
from imaging.scan_numbers import scan_numbers
from imaging.services import correct_suv_input, place_voi
from imaging.services.running import run_until_done
from tests.imaging.phantom import two_bodies, write_pet
from tests.imaging.scan_rows import BODY, FIRST, OTHER_BODY, SECOND, drawn, fresh, new_lesion, work_off

pytestmark = [pytest.mark.django_db, pytest.mark.one_engine]


@pytest.fixture
def bring(tmp_path, phantom_case, import_files, doctor):
    """A scan whose files were changed, with a measured lesion (sphere), another (outline) and a liver."""

    def run(change=None, **subject):
        paths = write_pet(tmp_path / "a", "a", paint=two_bodies, **subject)
        for path in paths:
            ds = pydicom.dcmread(path)
            if change:
                change(ds)
            ds.save_as(path)
        import_files(paths, patient=phantom_case)
        scan = phantom_case.scan_rows.get()
        place_voi(by=doctor, scan=scan, role="liver", method="sphere", centre_lps=BODY, radius_mm=12)
        first = new_lesion(doctor, phantom_case)
        place_voi(by=doctor, scan=scan, role="lesion", lesion=first, method="sphere", centre_lps=FIRST, radius_mm=7)
        work_off()
        return fresh(scan)

    return run


def no_dose(ds):
    del ds.RadiopharmaceuticalInformationSequence[0].RadionuclideTotalDose


def no_time(ds):
    item = ds.RadiopharmaceuticalInformationSequence[0]
    del item.RadiopharmaceuticalStartTime, item.RadiopharmaceuticalStartDateTime


def not_decay_corrected(ds):
    ds.DecayCorrection = "NONE"


def not_attenuation_corrected(ds):
    ds.CorrectedImage = ["DECY"]


def corrections_not_stated(ds):
    del ds.CorrectedImage


def ratio_of(scan, label="L01"):
    return scan_numbers(fresh(scan)).burden.ratios.get((label, "liver"))


def page(client, doctor, scan) -> str:
    client.force_login(doctor)
    shown = html.unescape(client.get(reverse("imaging:scan", args=[scan.pk])).content.decode())
    return re.sub(r"\s+", " ", shown)


def panel(shown: str, title: str) -> str:
    return shown.split(f">{title}</h2>")[1].split("</section>", maxsplit=1)[0]


@pytest.mark.parametrize("change, subject, code", [
    (None, {"body_weight_kg": None}, "patient_weight_missing"),
    (no_dose, {}, "dose_missing"),
    (no_time, {}, "administration_time_missing"),
])  # fmt: skip
def test_the_ratio_is_on_the_page_and_nothing_of_it_is_called_suv(bring, doctor, client, change, subject, code):
    scan = bring(change, **subject)
    assert {row.refusal_code for row in UptakeMeasurement.objects.all()} == {code}
    for row in UptakeMeasurement.objects.all():
        assert row.suv_max is row.suv_mean is row.suv_peak_local is None
        assert row.relative["unit"] == "Bq/ml" and row.relative["max"] > 1000
    found = scan_numbers(scan)
    assert found.unit == "Bq/ml"
    quantity = found.burden.ratios[("L01", "liver")]
    assert 5 < quantity.value < 15 and "SUV" not in quantity.method
    for number in found.burden.numbers.values():
        assert "SUV" not in number.method and "SUV" not in number.unit
    assert "total_lesion_sstr_expression" in found.burden.absent
    shown = page(client, doctor, scan)
    numbers = panel(shown, "Numbers of this scan")
    assert f"{quantity.value:.2f} × liver" in numbers and "SUV is withheld" in numbers
    numbers = numbers.replace("SUV is withheld", "").replace("needs SUV, not Bq/ml", "")
    assert "SUV" not in numbers
    assert f"{quantity.value:.2f} × liver mean, without SUV" in panel(shown, "Volumes of interest")
    assert selectors.krenning_proposals(scan)[0].proposal is None


@pytest.mark.parametrize("change", [not_decay_corrected, corrections_not_stated])
def test_no_ratio_where_voxels_may_be_off_by_different_factors(bring, doctor, client, change):
    """The refusal names the weight that is missing; the images may have another gap."""
    scan = bring(change, body_weight_kg=None)
    assert all(row.relative is None for row in UptakeMeasurement.objects.all())
    assert ratio_of(scan) is None
    assert "without SUV" not in page(client, doctor, scan)


def test_without_correction_for_attenuation_there_is_nothing_to_read(bring):
    with pytest.raises(Scan.DoesNotExist):
        bring(not_attenuation_corrected, body_weight_kg=None)


def test_a_contour_at_a_fixed_suv_has_no_ratio_and_costs_the_others_none(bring, doctor, client):
    scan = bring(body_weight_kg=None)
    fixed = {"method": "fixed_suv", "parameter": 4, "centre_lps": SECOND, "radius_mm": 9}
    place_voi(by=doctor, scan=scan, role="lesion", lesion=new_lesion(doctor, scan.patient, "L02"), **fixed)
    work_off()
    row = UptakeMeasurement.objects.get(voi__lesion__label="L02")
    assert row.relative is None and row.refusal_code == "patient_weight_missing"
    assert ratio_of(scan, "L02") is None and ratio_of(scan, "L01").value > 5
    assert "more than one unit" not in page(client, doctor, scan)


def test_a_spleen_at_a_fixed_suv_costs_the_liver_ratio_nothing(bring, doctor):
    scan = bring(body_weight_kg=None)
    fixed = {"method": "fixed_suv", "parameter": 0.5, "centre_lps": (32, 16, -376), "radius_mm": 9}
    place_voi(by=doctor, scan=scan, role="spleen", **fixed)
    work_off()
    assert ratio_of(scan).value > 5
    assert ("L01", "spleen") in scan_numbers(fresh(scan)).burden.ratios_absent


def test_the_liver_placed_last_counts_and_an_older_one_never_stands_in_for_it(bring, doctor, client):
    scan = bring(body_weight_kg=None)
    fixed = {"method": "fixed_suv", "parameter": 0.5, "centre_lps": BODY, "radius_mm": 9}
    place_voi(by=doctor, scan=scan, role="liver", **fixed)
    work_off()
    assert ratio_of(scan) is None
    shown = page(client, doctor, scan)
    assert "× liver" not in panel(shown, "Numbers of this scan")
    assert "× liver" not in panel(shown, "Volumes of interest")


def test_with_the_weight_comes_the_suv_and_the_ratio_stays_the_same(bring, doctor, client):
    scan = bring(body_weight_kg=None)
    before = ratio_of(scan).value
    job = correct_suv_input(by=doctor, series=scan.pet_series, name="body_weight_kg", value="60", reason="weighed")
    run_until_done(job.pk)
    drawn(scan, new_lesion(doctor, scan.patient, "L02"), doctor, OTHER_BODY)
    found = scan_numbers(fresh(scan))
    assert found.unit == "g/ml{SUVbw}"
    assert found.burden.ratios[("L01", "liver")].value == pytest.approx(before, rel=1e-6)
    assert "total_lesion_sstr_expression" in found.burden.numbers
    for row in UptakeMeasurement.objects.filter(superseded_at=None):
        assert row.relative is None and row.suv_max > 0 and row.refusal_code == ""
    shown = page(client, doctor, scan)
    assert "SUV is withheld" not in shown and "without SUV" not in shown


def test_an_fdg_scan_has_no_numbers_of_sstr(tmp_path, phantom_case, import_files, doctor, client):
    """Glucose uptake under the name of a receptor would be another number than it says."""
    import_files(write_pet(tmp_path / "f", "a", paint=two_bodies, tracer=Tracer.F18_FDG), patient=phantom_case)
    scan = phantom_case.scan_rows.get()
    place_voi(by=doctor, scan=scan, role="liver", method="sphere", centre_lps=BODY, radius_mm=12)
    drawn(scan, new_lesion(doctor, phantom_case), doctor)
    assert scan_numbers(fresh(scan)).burden is None
    assert selectors.krenning_proposals(fresh(scan)) == []
    shown = page(client, doctor, scan)
    assert "SSTR tumour volume" not in shown and "Total SSTR expression" not in shown
    assert "unsigned proposal</span>" not in shown and "FDG" in panel(shown, "Numbers of this scan")
