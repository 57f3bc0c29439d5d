"""Dates that a de-identification moved: the interval between injection and scan is what counts."""

from datetime import date

import pytest

from imaging import selectors
from imaging.models import Series
from patients.services import create_patient
from tests.imaging.dicom_files import pet_slice, write
from tests.imaging.zoo.suv import moved_to

pytestmark = pytest.mark.django_db


@pytest.fixture
def moved(tmp_path, doctor, import_files):
    """A study of 1900 into a chart of this birth date; the header has the same."""

    def make(born: date) -> Series:
        patient = create_patient(by=doctor, case_number="SYN-0001", sex_for_formulas="F", birth_date=born)
        paths = []
        for k in range(3):
            ds = pet_slice(k, PatientBirthDate=f"{born:%Y%m%d}")
            moved_to(ds, "19000101")
            paths.append(write(tmp_path / f"{k}.dcm", ds))
        import_files(paths, patient=patient)
        return Series.objects.get()

    return make


def test_a_study_moved_to_1900_with_its_patient_is_used_with_a_warning(moved):
    series = moved(date(1835, 10, 24))
    assert series.identity == Series.Identity.ATTACHED
    assert [one["code"] for one in series.warnings] == []
    suv = selectors.current_suv(series)
    assert (suv.code, suv.result.is_provisional, suv.result.uptake_time_s) == ("", False, 3600)
    assert [one["code"] for one in suv.result.warnings] == ["dates_deidentified"]


def test_a_study_moved_to_before_the_birth_in_the_chart_is_held(moved):
    series = moved(date(1960, 1, 2))
    assert (series.identity, series.identity_reason) == (Series.Identity.HELD, "identity_scan_before_birth")
