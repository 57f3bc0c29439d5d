"""The banner that never scrolls away: whose page this is. Case number, never a name."""

import datetime as dt
from dataclasses import dataclass

from board import words
from board.chart import Chart
from patients.models import Patient
from patients.selectors import age_range_on, grade_of


@dataclass(frozen=True)
class Identity:
    case_number: str
    facts: list[str]
    is_deceased: bool
    deceased_on: str


def identity_of(chart: Chart) -> Identity:
    patient = chart.patient
    facts = _facts(patient, chart.ages, chart.diagnosis, chart.grade, chart.specimens, chart.lines)
    died = words.row_day(patient, "deceased_on") if patient.deceased_on else "date unknown"
    return Identity(patient.case_number, facts, patient.vital_status == Patient.VitalStatus.DECEASED, died)


def facts_of(patient: Patient, today: dt.date) -> list[str]:
    """The banner's facts for a page that has the patient but no chart: three queries."""
    diagnosis = patient.diagnosis_rows.last()
    specimens = list(patient.histologyspecimen_rows.all())
    site = diagnosis.primary_site if diagnosis else "unknown"
    grade = words.grade(specimens[-1], grade_of(specimens[-1], site=site)) if specimens else ""
    ages = age_range_on(patient, patient.deceased_on or today)
    return _facts(patient, ages, diagnosis, grade, specimens, list(patient.treatmentline_rows.all()))


def _facts(patient, ages, diagnosis, grade: str, specimens, lines) -> list[str]:  # noqa: PLR0917
    return [
        words.sex_and_age(patient, ages),
        words.tumour(diagnosis, grade),
        words.ki67(specimens),
        words.stage(diagnosis),
        words.current_line(lines),
    ]
