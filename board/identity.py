"""The banner that never scrolls away: whose page this is. Case number, never a name."""

import datetime as dt
from dataclasses import dataclass

from django.urls import reverse

from board import words
from board.chart import Chart
from imaging.chart_questions import of_series
from imaging.models import Series
from patients.models import Patient, PerformanceStatus
from patients.selectors import OLDEST_FIRST, age_range_on, grade_of


@dataclass(frozen=True)
class Fact:
    text: str
    href: str = ""
    """Where its number comes from."""
    is_caution: bool = False


@dataclass(frozen=True)
class Identity:
    case_number: str
    facts: list[Fact]
    is_deceased: bool
    deceased_on: str
    in_question: str = ""


def identity_of(chart: Chart) -> Identity:
    patient = chart.patient
    asked = words.images_asked(len(chart.images_asked))
    facts = [
        *([Fact(asked, is_caution=True)] if asked else []),
        *([Fact(patient.initials)] if patient.initials else []),
        Fact(words.sex_and_age(patient, chart.ages)),
        Fact(words.tumour(chart.diagnosis, chart.grade)),
        Fact(words.ki67_change(chart.specimens), _ki67_source(chart)),
        Fact(words.stage(chart.diagnosis)),
        Fact(words.current_line(chart.lines)),
        *(
            Fact(f"{p.get_instrument_display()} {p.value}")
            for p in [row for row in chart.of(PerformanceStatus) if not row.is_frailty][-1:]
        ),
    ]
    died = words.row_day(patient, "deceased_on") if patient.deceased_on else "date unknown"
    return Identity(patient.case_number, facts, chart.is_deceased, died, in_question(patient))


def in_question(patient: Patient) -> str:
    return f"{patient.doubt_words} {patient.note}".strip() if patient.doubts else ""


def _ki67_source(chart: Chart) -> str:
    stated = [s for s in chart.specimens if s.ki67_text]
    path = reverse("board:source", args=[chart.patient.case_number])
    return f"{path}?row={stated[-1].lineage}" if stated else ""


def facts_of(patient: Patient, today: dt.date) -> list[str]:
    """The banner's facts for a page that has the patient but no chart: four queries."""
    asked = words.images_asked(len(of_series(Series.objects.filter(candidate_patient=patient))))
    diagnosis = patient.diagnosis_rows.order_by(*OLDEST_FIRST).last()
    specimens = list(patient.histologyspecimen_rows.order_by(*OLDEST_FIRST))
    site = diagnosis.primary_site if diagnosis else "unknown"
    grade = words.grade(specimens[-1], grade_of(specimens[-1], site=site)) if specimens else ""
    ages = age_range_on(patient, patient.as_counted().deceased_on or today)
    return [
        *([asked] if asked else []),
        *([patient.initials] if patient.initials else []),
        words.sex_and_age(patient, ages),
        words.tumour(diagnosis, grade),
        words.ki67(specimens),
        words.stage(diagnosis),
        words.current_line([line.as_counted() for line in patient.treatmentline_rows.order_by(*OLDEST_FIRST)]),
    ]
