"""Faults that users reported of other PET software, one test each. The number is that of the report (OHIF/Viewers)."""

import math

import numpy as np
import pydicom
import pytest
from django.urls import reverse

from imaging import selectors
from imaging.domain.errors import MeasurementRefused, SuvUnavailable
from imaging.domain.suv import suv_factors
from imaging.domain.uptake import measure
from imaging.domain.volume import Volume
from imaging.models import Series, UptakeMeasurement
from imaging.scan_numbers import scan_numbers
from imaging.services import correct_suv_input, outlines, place_voi
from tests.imaging.phantom import two_bodies, write_pet
from tests.imaging.scan_rows import BODY, FIRST, OTHER_BODY, drawn, fresh, new_lesion, work_off
from tests.science.test_suv_rules import inputs
from tests.science.test_uptake import box, grid

pytestmark = [pytest.mark.django_db, pytest.mark.one_engine]


@pytest.fixture
def bring(tmp_path, phantom_case, import_files, doctor):
    """A scan whose files were changed, with a lesion and a liver in spheres."""

    def run(change=None, **subject):
        paths = write_pet(tmp_path / "a", "a", paint=two_bodies, **subject)
        for path in paths if change else []:
            ds = pydicom.dcmread(path)
            change(ds)
            ds.save_as(path)
        import_files(paths, patient=phantom_case)
        scan = phantom_case.scan_rows.get()
        place_voi(by=doctor, scan=scan, role="liver", method="sphere", centre_lps=BODY, radius_mm=12)
        lesion = new_lesion(doctor, phantom_case)
        place_voi(by=doctor, scan=scan, role="lesion", lesion=lesion, method="sphere", centre_lps=FIRST, radius_mm=7)
        work_off()
        return fresh(scan)

    return run


def current(scan) -> dict:
    """By label or role: the measurement that counts, None where there is none."""
    found = selectors.measurements(fresh(scan))
    return {m.voi.lesion.label if m.voi.lesion else m.voi.role: m.measurement for m in found}


def ratio(scan) -> float:
    return scan_numbers(fresh(scan)).burden.ratios["L01", "liver"].low


def no_weight(ds):
    del ds.PatientWeight


def no_dose(ds):
    del ds.RadiopharmaceuticalInformationSequence[0].RadionuclideTotalDose


@pytest.mark.parametrize(
    "change, code, sentence",
    [
        (no_weight, "patient_weight_missing", "The PET header has no body weight."),
        (no_dose, "dose_missing", "The PET header has no injected activity."),
    ],
)
def test_3064_without_a_suv_nothing_is_called_suv(bring, client, doctor, change, code, sentence):
    """A SUV window was laid over plain Bq/ml."""
    scan = bring(change)
    assert selectors.current_suv(scan.pet_series).code == code
    rows = UptakeMeasurement.objects.all()
    assert rows and not rows.exclude(suv_max=None, suv_mean=None, suv_peak_local=None).exists()
    client.force_login(doctor)
    page = client.get(reverse("imaging:scan", args=[scan.pk])).content.decode()
    assert sentence in page and "SUVpeak –" in page


@pytest.mark.parametrize(
    "kilograms, code",
    [(0, "patient_weight_zero"), (351, "patient_weight_implausible"), (70_000, "patient_weight_implausible")],
)
def test_3587_a_weight_that_cannot_be_is_no_weight(bring, kilograms, code):
    """Weight 0 gave a blank image."""
    scan = bring(lambda ds: setattr(ds, "PatientWeight", str(kilograms)))
    assert selectors.current_suv(scan.pet_series).code == code
    assert current(scan)["L01"].suv_max is None


def test_2898_4993_the_corrected_series_is_taken_and_the_other_listed_with_its_reason(
    tmp_path, phantom_case, import_files, client, doctor
):
    """An uncorrected series broke the viewer, or was taken for the corrected one."""
    plain = write_pet(tmp_path / "plain", "plain", patient_id="SYN-a")
    for path in plain:
        ds = pydicom.dcmread(path)
        ds.CorrectedImage = ["DECY"]
        ds.save_as(path)
    import_files(plain + write_pet(tmp_path / "a", "a"), patient=phantom_case)
    scan = phantom_case.scan_rows.get()
    assert "ATTN" in scan.pet_series.header["suv"]["corrected_image"]["value"]
    other = Series.objects.exclude(pk=scan.pet_series_id).get()
    assert selectors.current_suv(other).code == "not_attenuation_corrected"
    client.force_login(doctor)
    page = client.get(reverse("imaging:series", args=[other.pk])).content.decode()
    assert "The images are not attenuation-corrected." in page


def test_3064_an_injection_after_the_scan_names_both_times(bring):
    """ "Decay time cannot be less than zero" was all that was said. Times over midnight: test_suv_rules."""

    def late(ds):
        item = ds.RadiopharmaceuticalInformationSequence[0]
        item.RadiopharmaceuticalStartDateTime = "20260503113000"
        item.RadiopharmaceuticalStartTime = "113000"

    found = selectors.current_suv(bring(late).pet_series)
    assert found.code == "scan_before_injection"
    assert "10:00" in found.message and "11:30" in found.message


def test_3805_twice_the_dose_is_half_of_every_suv_and_leaves_ratios_alone(bring, doctor):
    """An edited dose was ignored."""
    scan = bring()
    before, before_ratio = current(scan), ratio(scan)
    correct_suv_input(
        by=doctor, series=scan.pet_series, name="injected_activity_bq", value="300000000", reason="read from the label"
    )
    work_off()
    after = current(scan)
    for name in ("suv_max", "suv_mean", "suv_peak_local", "suv_peak_global"):
        for where in ("L01", "liver"):
            assert getattr(after[where], name) == pytest.approx(getattr(before[where], name) / 2, rel=1e-6)
    assert ratio(scan) == pytest.approx(before_ratio, rel=1e-9)


def test_3949_5364_the_peak_follows_every_change_of_the_outline(bring, doctor, phantom_case):
    """The peak was that of an earlier outline, or not a number."""
    scan = bring()
    lesion = new_lesion(doctor, phantom_case, "L02")
    voi = drawn(scan, lesion, doctor, OTHER_BODY)
    peaks = {current(scan)["L02"].suv_peak_local}
    for step in (
        lambda v: outlines.widen(by=doctor, voi=v, by_mm=8.0, reason="larger"),
        lambda v: outlines.widen(by=doctor, voi=v, by_mm=-8.0, reason="smaller"),
        lambda v: outlines.regrow(by=doctor, voi=v, rule="percent", parameter=90.0, reason="anew"),
    ):
        old = current(scan)["L02"]
        step(type(voi).objects.get(pk=voi.pk))
        assert current(scan)["L02"] is None, "no number of the earlier outline meanwhile"
        work_off()
        new = current(scan)["L02"]
        assert new.mask_sha256 != old.mask_sha256
        peaks.add(new.suv_peak_local)
    numbers = ("suv_max", "suv_mean", "suv_sd", "suv_peak_global", "suv_peak_local", "volume_ml")
    for row in UptakeMeasurement.objects.all():
        assert all(getattr(row, n) is None or math.isfinite(getattr(row, n)) for n in numbers)
    assert all(peak is not None for peak in peaks)


def test_3949_a_hole_in_the_images_is_refused_and_never_becomes_a_number():
    values = np.ones((9, 9, 9), np.float32)
    values[4, 4, 5] = np.nan
    with pytest.raises(MeasurementRefused) as refusal:
        measure(Volume.of_array(values, grid()), box((4, 4, 4), (5, 5, 5)))
    assert refusal.value.code == "uptake_not_finite"


def test_4539_every_stored_number_names_its_unit_and_its_series(bring):
    """Units flipped to HU."""
    scan = bring()
    rows = UptakeMeasurement.objects.all()
    assert rows.count() == 2
    for row in rows:
        assert row.unit == "g/ml{SUVbw}"
        assert row.suv_result.series.series_uid == scan.pet_series.series_uid
    assert scan_numbers(scan).unit == "g/ml{SUVbw}"


def test_4505_the_lesions_add_up_to_the_total(bring, doctor, phantom_case):
    """Total and segments were in different units."""
    scan = bring()
    drawn(scan, new_lesion(doctor, phantom_case, "L02"), doctor, OTHER_BODY)
    each = [row.volume_ml for label, row in current(scan).items() if label.startswith("L")]
    total = scan_numbers(fresh(scan)).burden.numbers["sstr_tumour_volume"]
    assert len(each) == 2 and total.unit == "ml"
    assert total.low == total.high == pytest.approx(sum(each), abs=0.005)


@pytest.mark.parametrize("units, philips", [("CNTS", 0.0005), ("CNTS", None)])
def test_philips_counts_need_their_own_factor(units, philips):
    given = inputs(units=units, philips_suv_factor=philips)
    if philips is None:
        with pytest.raises(SuvUnavailable) as refusal:
            suv_factors(given)
        assert refusal.value.code == "philips_factors_missing"
    else:
        assert suv_factors(given).by_kind["bw"] == philips


def test_decay_to_the_start_and_to_the_administration_are_told_apart():
    """Corrected to administration, the injected activity counts whole; to the start, it has decayed by then."""
    start, admin = (suv_factors(inputs(decay_correction=word)).by_kind["bw"] for word in ("START", "ADMIN"))
    assert start > admin > 0
