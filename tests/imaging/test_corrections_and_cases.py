"""An input of SUV that was entered for one patient never counts in the chart of another."""

import datetime as dt

import pytest

from imaging import selectors
from imaging.models import Series, SuvInput
from imaging.services import confirm_identity, correct_suv_input, detach_series
from imaging.services.running import run_until_done
from patients.models import AccessGrant, AuditEvent
from patients.services import create_patient, grant_access
from tests.imaging.dicom_files import write_series
from tests.imaging.scan_rows import work_off
from tests.imaging.test_questions import case  # noqa: F401 - the case whose number pet_slice carries

pytestmark = [pytest.mark.django_db, pytest.mark.both_engines]


@pytest.fixture
def other(doctor, colleague):
    patient = create_patient(by=doctor, case_number="NET-9", sex_for_formulas="F", birth_date=dt.date(1960, 1, 2))
    grant_access(by=doctor, patient=patient, user=colleague, kind=AccessGrant.Kind.CARE_TEAM)
    return patient


@pytest.fixture
def corrected(tmp_path, case, doctor, import_files):  # noqa: F811
    """In the chart of a case by a person's word, with that patient's weight; and what its header alone gives."""
    import_files(write_series(tmp_path / "pet", 8, PatientID=""), patient=case)
    series = Series.objects.get()
    confirm_identity(by=doctor, series=series, patient=case, reason="seen on the request form")
    work_off()
    by_header = suv()
    run_until_done(
        correct_suv_input(by=doctor, series=series, name="body_weight_kg", value="95", reason="of the chart").pk
    )
    assert suv() == pytest.approx(by_header * 95 / 70)
    return series, by_header


def suv() -> float:
    found = selectors.current_suv(Series.objects.get())
    assert found.state == selectors.CURRENT
    return found.result.factors["bw"]


def test_in_another_chart_the_header_counts_again(corrected, other, doctor, colleague):
    series, by_header = corrected
    detach_series(by=doctor, series=series, reason="wrong patient")
    confirm_identity(by=colleague, series=series, patient=other, reason="seen on the request form")
    work_off()
    assert suv() == by_header
    assert not SuvInput.objects.filter(series=series).exists()
    event = AuditEvent.objects.filter(reason="entered while the series stood for another case").get()
    assert event.by == colleague


def test_also_where_it_was_held_for_the_other_case_in_between(
    corrected, other, doctor, colleague, import_files, tmp_path
):
    series, by_header = corrected
    detach_series(by=doctor, series=series, reason="wrong patient")
    import_files(sorted((tmp_path / "pet").iterdir()), patient=other, by=colleague)
    confirm_identity(by=doctor, series=series, patient=other, reason="seen on the request form")
    work_off()
    assert Series.objects.get().candidate_patient == other and suv() == by_header


def test_back_in_the_same_chart_it_stays(corrected, case, doctor, colleague):  # noqa: F811
    series, by_header = corrected
    detach_series(by=doctor, series=series, reason="to look again")
    confirm_identity(by=colleague, series=series, patient=case, reason="it was right")
    work_off()
    assert suv() == pytest.approx(by_header * 95 / 70)
