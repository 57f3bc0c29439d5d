"""The weight of a scan against the chart's; and what else withholds SUV until a named person confirms an input."""

import datetime as dt
import html
import re
from decimal import Decimal

import pytest
from django.urls import reverse
from pydicom import dcmread

from board.looking import read_news
from imaging import selectors
from imaging.models import Job, Scan, Series, SuvResult
from imaging.selectors import CURRENT, RECOMPUTING, REFUSED
from imaging.services import (
    compare_weights,
    confirm_identity,
    correct_suv_input,
    detach_series,
    place_voi,
)
from patients.models import BodyMeasure
from patients.services import create_patient, record, revise, withdraw
from tests.imaging.phantom import two_bodies, write_pet
from tests.imaging.scan_rows import BODY, FIRST, fresh, new_lesion, work_off

pytestmark = [pytest.mark.django_db, pytest.mark.one_engine]
DAY = dt.date(2026, 5, 3)  # of the phantom's scan; its header says 60 kg
DIFFERS = "patient_weight_differs"


def weighed(by, patient, kilograms, days: int = 0, **more) -> BodyMeasure:
    """``days`` after the scan."""
    values = {"kind": "weight_kg", "value": Decimal(kilograms), "clinical_date": DAY + dt.timedelta(days=days)} | more
    return record(BodyMeasure, by=by, patient=patient, **values)


def hear() -> None:
    """What beat and a worker do."""
    while read_news():
        pass
    work_off()


def suv_of(scan: Scan):
    return selectors.current_suv(fresh(scan).pet_series)


def compared(scan: Scan) -> tuple[float, str] | None:
    """What the SUV in force was compared with."""
    found = suv_of(scan).result.inputs.get("chart_weight_kg")
    return found and (found["value"], found["source"])


def page(client, series: Series) -> str:
    return re.sub(r"\s+", " ", html.unescape(client.get(reverse("imaging:series", args=[series.pk])).content.decode()))


def test_a_weight_far_from_the_chart_blocks_suv_until_a_person_confirms_it(scan, doctor, client):
    weighed(doctor, scan.patient, 75, days=-10)
    hear()
    found = suv_of(scan)
    assert (found.state, found.code, found.result.factors) == (REFUSED, DIFFERS, {})
    client.force_login(doctor)
    shown = page(client, scan.pet_series)
    assert "The body weight 60 kg differs by 20 % from 75 kg (chart, 2026-04-23); please confirm it." in shown
    assert "Body weight in the chart, for comparison" in shown and "Confirm the weight" in shown
    correct_suv_input(by=doctor, series=scan.pet_series, name="body_weight_kg", value="60", reason="weighed on the day")
    work_off()
    found = suv_of(scan)
    assert found.is_fact and found.result.inputs["body_weight_kg"]["value"] == 60
    assert compared(scan) == (75, "chart, 2026-04-23") and "75" in page(client, scan.pet_series)


def test_a_weight_that_agrees_is_shown_and_nothing_else_changes(scan, doctor):
    before = suv_of(scan).result
    weighed(doctor, scan.patient, 69)
    assert suv_of(scan).state == CURRENT
    hear()
    after = suv_of(scan).result
    assert suv_of(scan).is_fact and compared(scan) == (69, "chart, 2026-05-03")
    assert (after.factors, after.warnings) == (before.factors, before.warnings)


def test_news_of_a_weight_asks_for_the_suv_of_this_case_alone(scan, doctor):
    other = create_patient(by=doctor, case_number="SYN-other")
    hear()
    weighed(doctor, other, 90)
    read_news()
    assert not Job.objects.filter(kind=Job.Kind.SERIES, state=Job.State.QUEUED).exists()
    weighed(doctor, scan.patient, 90)
    read_news()
    (job,) = Job.objects.filter(kind=Job.Kind.SERIES, state=Job.State.QUEUED)
    assert job.subject_id == scan.pet_series_id and suv_of(scan).state == RECOMPUTING
    weighed(doctor, scan.patient, 150, kind="height_cm")
    read_news()
    assert Job.objects.filter(kind=Job.Kind.SERIES, state=Job.State.QUEUED).count() == 1


def test_going_back_to_an_earlier_weight_is_a_new_computation(scan, doctor):
    row = weighed(doctor, scan.patient, 62)
    hear()
    for kilograms in (90, 62):
        revise(row, by=doctor, value=Decimal(kilograms), reason="typing error")
        hear()
        assert compared(scan) == (kilograms, "chart, 2026-05-03")
    assert suv_of(scan).is_fact
    withdraw(row, by=doctor, reason="of another patient")
    hear()
    assert suv_of(scan).is_fact and compared(scan) is None
    assert SuvResult.objects.filter(series=scan.pet_series).count() == 5


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([(61, {"days": -180})], (61, "chart, 2025-11-04")),
        ([(61, {"days": -181})], None),
        ([(61, {"days": 181})], None),
        ([(61, {"days": -30}), (62, {"days": 20}), (63, {"days": -90})], (62, "chart, 2026-05-23")),
        ([(61, {"days": -20}), (62, {"days": 20})], (62, "chart, 2026-05-23")),
        ([(61, {"clinical_date": None})], None),
        (
            [(61, {"clinical_date": dt.date(2026, 4, 1), "clinical_date_precision": "month"}), (62, {"days": -40})],
            (61, "chart, 2026-04"),
        ),
        ([(61, {"clinical_date": dt.date(2026, 1, 1), "clinical_date_precision": "year"})], None),
        ([(161, {"kind": "height_cm"})], None),
        ([(61, {"clinical_date": dt.date(1960, 1, 1), "note": "as written"})], None),
    ],
)
def test_the_nearest_weight_within_180_days_is_compared(scan, doctor, rows, expected):
    for kilograms, more in rows:
        weighed(doctor, scan.patient, kilograms, **more)
    hear()
    assert suv_of(scan).is_fact and compared(scan) == expected


def test_a_scan_is_compared_when_it_is_imported(tmp_path, phantom_case, import_files, doctor):
    weighed(doctor, phantom_case, 80)
    import_files(write_pet(tmp_path / "a"), patient=phantom_case)
    (result,) = SuvResult.objects.all()
    assert (result.refusal_code, result.series.revision) == (DIFFERS, 1)


def test_late_slices_are_compared_as_well(tmp_path, phantom_case, import_files, doctor):
    weighed(doctor, phantom_case, 80)
    paths = write_pet(tmp_path / "a")
    import_files(paths[:-2], patient=phantom_case)
    import_files(paths[-2:], patient=phantom_case)
    scan = phantom_case.scan_rows.get()
    assert suv_of(scan).code == DIFFERS
    assert scan.pet_series.revision == 3, "once for the slices, once for the weight of the chart they then entered"


def test_a_held_series_meets_the_chart_when_it_is_confirmed_and_leaves_it_behind(
    tmp_path, phantom_case, import_files, doctor, colleague
):
    weighed(doctor, phantom_case, 80)
    import_files(write_pet(tmp_path / "a", birth_date=dt.date(1968, 3, 2)), patient=phantom_case)
    series = Series.objects.get()
    assert series.identity == Series.Identity.HELD and selectors.current_suv(series).state == CURRENT
    scan = confirm_identity(by=colleague, series=series, patient=phantom_case, reason="request form")
    assert suv_of(scan).state == RECOMPUTING
    work_off()
    assert suv_of(scan).code == DIFFERS
    detach_series(by=colleague, series=fresh(series), reason="another patient's")
    work_off()
    found = selectors.current_suv(fresh(series))
    assert found.state == CURRENT and "chart_weight_kg" not in found.result.inputs


def test_another_day_of_the_scan_is_compared_with_the_weight_of_that_day(scan, doctor):
    weighed(doctor, scan.patient, 61)
    weighed(doctor, scan.patient, 62, days=-100)
    hear()
    assert compared(scan)[0] == 61
    revise(scan, by=doctor, clinical_date=DAY - dt.timedelta(days=90), reason="clock of the scanner")
    hear()
    assert compared(scan)[0] == 62


def test_what_is_compared_costs_no_query_where_a_number_is_read(scan, doctor, django_assert_num_queries):
    weighed(doctor, scan.patient, 61)
    hear()
    (read,) = selectors.scans(scan.patient)
    with django_assert_num_queries(0):
        assert selectors.current_suv(read.pet_series).is_fact


def test_a_second_look_asks_for_nothing(scan, doctor):
    weighed(doctor, scan.patient, 90)
    assert len(compare_weights(patient=scan.patient)) == 1
    assert compare_weights(patient=scan.patient) == []


@pytest.fixture
def bring(tmp_path, phantom_case, import_files):
    """A scan whose files were changed."""

    def run(change) -> Scan:
        paths = write_pet(tmp_path / "a", paint=two_bodies)
        for path in paths:
            ds = dcmread(path)
            change(ds)
            ds.save_as(path)
        import_files(paths, patient=phantom_case)
        return phantom_case.scan_rows.get()

    return run


def too_hot(ds) -> None:
    ds.RescaleSlope = "2500"


def without_corrections(ds) -> None:
    del ds.CorrectedImage


def test_an_suv_above_1000_is_blocked_until_a_person_confirms_the_dose(bring, doctor, client):
    scan = bring(too_hot)
    place_voi(by=doctor, scan=scan, role="liver", method="sphere", centre_lps=BODY, radius_mm=12)
    work_off()
    found = suv_of(scan)
    assert (found.state, found.code, found.result.statistics) == (REFUSED, "suv_implausible", {})
    assert {item.state for item in selectors.measurements(fresh(scan))} == {REFUSED}
    client.force_login(doctor)
    assert "Confirm the injected activity in MBq" in page(client, scan.pet_series)
    correct_suv_input(
        by=doctor, series=scan.pet_series, name="injected_activity_bq", value="150000000", reason="extravasated"
    )
    work_off()
    found = suv_of(scan)
    assert found.is_fact and found.result.statistics["bw"]["max"] > 1000
    assert "suv_very_high" in {warning["code"] for warning in found.result.warnings}


def test_a_header_without_corrections_has_no_suv_until_a_person_names_them(bring, doctor, client):
    scan = bring(without_corrections)
    assert (suv_of(scan).state, suv_of(scan).code) == (REFUSED, "corrections_unknown")
    client.force_login(doctor)
    assert "Say which corrections were applied" in page(client, scan.pet_series)
    correct_suv_input(
        by=doctor, series=scan.pet_series, name="corrected_image", value="NORM ATTN DECY", reason="reconstruction log"
    )
    work_off()
    assert suv_of(scan).is_fact


def test_ratios_stay_where_only_the_weight_is_in_doubt(scan, doctor):
    place_voi(by=doctor, scan=scan, role="liver", method="sphere", centre_lps=BODY, radius_mm=12)
    lesion = new_lesion(doctor, scan.patient)
    place_voi(by=doctor, scan=scan, role="lesion", lesion=lesion, method="sphere", centre_lps=FIRST, radius_mm=7)
    weighed(doctor, scan.patient, 90)
    hear()
    found = selectors.measurements(fresh(scan))
    assert {(item.state, item.measurement.refusal_code) for item in found} == {(REFUSED, DIFFERS)}
    assert all(item.measurement.relative["mean"] > 0 for item in found)


def test_notes_stand_below_the_warnings(bring, doctor, client):
    def late(ds) -> None:
        ds.SeriesTime = "235900"
        ds.RadiopharmaceuticalInformationSequence[0].RadionuclideHalfLife = None

    scan = bring(late)
    client.force_login(doctor)
    before, heading, after = page(client, scan.pet_series).partition(">Notes</h3>")
    assert heading and "reference_time_from_acquisition" in after and "reference_time_from_acquisition" not in before
    assert "half_life_from_table" in before and "half_life_from_table" not in after


def test_a_page_without_notes_has_no_heading_for_them(scan, doctor, client):
    client.force_login(doctor)
    assert ">Notes</h3>" not in page(client, scan.pet_series)


def test_a_tracer_that_a_person_records_takes_the_warning_of_the_header_away(bring, doctor, client):
    def psma(ds) -> None:
        item = ds.RadiopharmaceuticalInformationSequence[0]
        item.Radiopharmaceutical = "PSMA-11"
        item.RadiopharmaceuticalCodeSequence[0].CodeValue = "99PSMA"
        item.RadiopharmaceuticalCodeSequence[0].CodeMeaning = "PSMA-11 Ga^68^"

    scan = bring(psma)
    client.force_login(doctor)
    said = "The tracer is PSMA-11, not known as a somatostatin-receptor tracer: no rule on SSTR uptake reads this scan."
    assert said in page(client, scan.pet_series)
    revise(scan, by=doctor, tracer="68Ga-DOTATATE", reason="entered wrongly at the scanner")
    assert "tracer_not_sstr" not in page(client, scan.pet_series)
