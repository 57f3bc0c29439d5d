"""The banner that never scrolls away: whose page this is. Case number, never a name."""

from dataclasses import dataclass

from board import words
from board.chart import Chart
from patients.models import Patient


@dataclass(frozen=True)
class Identity:
    case_number: str
    facts: list[str]
    is_deceased: bool
    deceased_on: str


def identity_of(chart: Chart) -> Identity:
    patient = chart.patient
    facts = [
        words.sex_and_age(patient, chart.ages),
        words.tumour(chart.diagnosis, chart.grade),
        words.ki67(chart.specimens),
        words.stage(chart.diagnosis),
        words.current_line(chart.lines),
    ]
    died = words.row_day(patient, "deceased_on") if patient.deceased_on else "date unknown"
    return Identity(patient.case_number, facts, patient.vital_status == Patient.VitalStatus.DECEASED, died)
