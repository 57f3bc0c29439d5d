"""A change of uptake is said between scans of one tracer only: SUVs of two tracers are never compared as numbers."""

import datetime as dt

import pytest

from imaging import selectors
from imaging.models import Lesion, LesionFinding
from patients.services import record
from tests.eligibility.cases import DAY, add_pet_series, add_scan, add_uptake

pytestmark = pytest.mark.django_db


def add_measured(doctor, patient, lesion, days: int, tracer: str, suv: float, mm: int):
    from imaging.models import Series, Study

    series = add_pet_series(doctor) if not Series.objects.exists() else None
    if series is None:
        first = Series.objects.first()
        study = Study.objects.create(study_uid=f"1.2.{days}", identity_digest="d")
        series = Series.objects.create(
            study=study, series_uid=f"1.2.3.{days}", modality="PT", sop_class_uid=first.sop_class_uid,
            uploaded_by=doctor, header=first.header,
        )  # fmt: skip
    scan = add_scan(doctor, patient, on=DAY + dt.timedelta(days=days), tracer=tracer, series=series)
    add_uptake(doctor, scan, series, lesion=lesion, suv=suv)
    record(LesionFinding, by=doctor, lesion=lesion, scan=scan, long_axis_mm=mm)


@pytest.mark.parametrize("between", ["18F-FDG", "64Cu-DOTATATE"])
def test_the_change_is_from_the_last_scan_of_the_same_tracer(doctor, phantom_case, between):
    lesion = record(Lesion, by=doctor, patient=phantom_case, label="L01", organ="liver")
    add_measured(doctor, phantom_case, lesion, 0, "68Ga-DOTATATE", 10.0, 20)
    add_measured(doctor, phantom_case, lesion, 30, between, 40.0, 22)
    add_measured(doctor, phantom_case, lesion, 60, "68Ga-DOTATATE", 5.0, 11)
    (row,) = selectors.lesion_table(phantom_case)
    assert [cell.uptake_change_percent for cell in row.on_scans] == [None, None, pytest.approx(-50)]
    assert [cell.size_change_percent for cell in row.on_scans] == [None, pytest.approx(10), pytest.approx(-50)]
