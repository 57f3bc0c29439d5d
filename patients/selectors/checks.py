"""Soft checks of a whole case: improbable, but for a person to judge."""

from collections.abc import Callable

from django.utils import timezone

from patients.domain.contradictions import how_to_keep
from patients.domain.dates import in_words, is_surely_before
from patients.domain.grading import discordance
from patients.models import ClinicalRow, Diagnosis, HistologySpecimen, Patient, PrrtCycle, TreatmentLine
from patients.selectors.derived import grade_of, primary_site
from patients.selectors.rows import before_birth, rows

_CLINICAL = [model for model in ClinicalRow.__subclasses__() if model._meta.app_label == "patients"]

ASKED_ELSEWHERE: list[Callable[[Patient], list[str]]] = []  # by apps that know more of a case than this one


def chronology_warnings(patient: Patient) -> list[str]:
    """Sentences about dates that contradict each other and grades that contradict their indices."""
    found = _clinical(patient)
    asked = [*in_question(patient, found), *_in_future(found)]
    return [*asked, *_before_diagnosis(patient), *_cycles(patient), *_grades(patient)]


def born_after_rows(patient: Patient) -> str:
    """A sentence where the birth date makes other entries impossible and nothing says why it is right, else ""."""
    if patient.note:
        return ""
    found = sum(rows(model, patient).filter(before_birth(patient)).count() for model in ClinicalRow.__subclasses__())
    words = "1 other entry of this case lies" if found == 1 else f"{found} other entries of this case lie"
    return how_to_keep(f"{words} before this birth date.", "note") if found else ""


def in_question(patient: Patient, found: list[ClinicalRow] | None = None) -> list[str]:
    """What was kept though it contradicts itself, and what a corrected birth has put in doubt."""
    case = [f"Case: {patient.doubt_words}"] if patient.doubts else []
    kept = _clinical(patient) if found is None else found
    elsewhere = [sentence for asked in ASKED_ELSEWHERE for sentence in asked(patient)]
    return [*case, *elsewhere, *(f"{_name(row)}: {row.doubt_words}" for row in kept if row.contradictions())]


def _clinical(patient: Patient) -> list[ClinicalRow]:
    found = [row for model in _CLINICAL for row in rows(model, patient)]
    for row in found:
        row.patient = patient
    return found


def _in_future(found: list[ClinicalRow]) -> list[str]:
    today = timezone.localdate()
    return [
        f"{_name(row)} is dated in the future." for row in found if is_surely_before((today, today), row.clinical_span)
    ]


def _before_diagnosis(patient: Patient) -> list[str]:
    spans = [d.clinical_span for d in rows(Diagnosis, patient) if d.clinical_span]
    if not spans:
        return []
    first = min(spans)
    treatments = [*rows(PrrtCycle, patient), *rows(TreatmentLine, patient)]
    return [
        f"{_name(row)} lies before the diagnosis." for row in treatments if is_surely_before(row.clinical_span, first)
    ]


def _cycles(patient: Patient) -> list[str]:
    lines = rows(TreatmentLine, patient).filter(treatment_class=TreatmentLine.TreatmentClass.CHEMO, cycles=None)
    return [f"{_name(line)}: the number of cycles is missing." for line in lines]


def _grades(patient: Patient) -> list[str]:
    site = primary_site(patient)
    found = []
    for specimen in rows(HistologySpecimen, patient):
        sentence = discordance(grade_of(specimen, site=site), specimen.stated_grade, specimen.classification_edition)
        found += [f"{_name(specimen)}: {sentence}"] if sentence else []
    return found


def _name(row: ClinicalRow) -> str:
    kind = str(row._meta.verbose_name)
    return f"{kind[0].upper()}{kind[1:]} of {in_words(row.clinical_date, row.clinical_date_precision)}"
