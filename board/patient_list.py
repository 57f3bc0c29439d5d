"""Pages of patients by case number: keyset paging, so page one of a hundred thousand costs what it costs of ten."""

from collections import defaultdict
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, QuerySet

from board import words
from board.models import BoardDecision, Contact
from board.sstr_state import SstrLine, sstr_line
from imaging.models import Scan
from patients import reads
from patients.models import Diagnosis, HistologySpecimen, Patient, TreatmentLine
from patients.selectors import grade_of

PAGE_SIZE = 50


@dataclass(frozen=True)
class PatientLine:
    case_number: str
    tumour: str
    ki67: str
    treatment: str
    sstr: SstrLine
    decision: str
    due: str
    is_overdue: bool


@dataclass(frozen=True)
class PatientPage:
    lines: list[PatientLine]
    before: str
    after: str


def patient_page(found: QuerySet[Patient], *, today, after: str = "", before: str = "") -> PatientPage:
    """Fifty of these cases after (or before) a case number."""
    found = found.select_related("watch_state")
    if before:
        chosen = list(found.filter(case_number__lt=before).order_by("-case_number")[: PAGE_SIZE + 1])
        has_more, chosen = len(chosen) > PAGE_SIZE, chosen[:PAGE_SIZE][::-1]
        return _page(chosen, today, has_before=has_more, has_after=True)
    if after:
        found = found.filter(case_number__gt=after)
    chosen = list(found.order_by("case_number")[: PAGE_SIZE + 1])
    return _page(chosen[:PAGE_SIZE], today, has_before=bool(after), has_after=len(chosen) > PAGE_SIZE)


def _page(patients: list[Patient], today, *, has_before: bool, has_after: bool) -> PatientPage:
    lines = patient_lines(patients, today)
    if not lines:
        return PatientPage([], "", "")
    return PatientPage(lines, lines[0].case_number if has_before else "", lines[-1].case_number if has_after else "")


def patient_lines(patients: list[Patient], today) -> list[PatientLine]:
    """Each case in one line; six queries however many cases."""
    reads.note_all(patients)
    diagnoses = _by_patient(Diagnosis.objects, patients)
    specimens = _by_patient(HistologySpecimen.objects, patients)
    treatments = _by_patient(TreatmentLine.objects, patients)
    scans = _by_patient(Scan.objects, patients)
    waiting = Exists(BoardDecision.objects.waiting().filter(pk=OuterRef("pk")))
    decisions = _by_patient(BoardDecision.objects.current().annotate(is_waiting=waiting), patients)
    agreed = _by_patient(Contact.objects.waiting(), patients)
    return [
        _line(p, diagnoses[p.pk], specimens[p.pk], treatments[p.pk], scans[p.pk], decisions[p.pk], agreed[p.pk], today)
        for p in patients
    ]


def _by_patient(rows, patients: list[Patient]) -> dict:
    found = defaultdict(list)
    for row in rows.filter(patient__in=[p.pk for p in patients]):
        found[row.patient_id].append(row)
    return found


def _counted(lines, patient) -> list:
    for line in lines:
        line.patient = patient
    return [line.as_counted() for line in lines]


def _line(patient, diagnoses, specimens, treatments, scans, decisions, agreed, today) -> PatientLine:  # noqa: PLR0917
    diagnosis = diagnoses[-1] if diagnoses else None
    site = diagnosis.primary_site if diagnosis else "unknown"
    grade = words.grade(specimens[-1], grade_of(specimens[-1], site=site)) if specimens else ""
    decision = (decisions or [None])[-1]
    dates = [d.due_date for d in decisions if d.is_waiting] + [contact.next_on for contact in agreed]
    waiting = min(dates, default=None)
    due = waiting or (decision.due_date if decision else None)
    return PatientLine(
        case_number=patient.case_number,
        tumour=words.tumour(diagnosis, grade),
        ki67=words.ki67(specimens),
        treatment=words.current_line(_counted(treatments, patient)),
        sstr=sstr_line(patient, scans, today),
        decision=decision.get_outcome_display() if decision else "",
        due=words.day_words((due, due)) if due else "",
        is_overdue=bool(waiting and waiting < today),
    )
