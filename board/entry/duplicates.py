"""Whether a case that is being opened is here already: looked for among visible cases; of others only yes or no."""

import difflib
import re
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q

from board import words
from board.entry.codec import Unreadable, day_of
from board.entry.drafts import check_may_enter, held
from board.models import EntryDraft
from patients import reads
from patients.domain.dates import in_words
from patients.models import Patient
from patients.selectors import OLDEST_FIRST, grade_of, visible_patients
from patients.services import audit

ALIKE, MOST, SHOWN = 0.75, 400, 4
ANSWERS = ("same", "different", "unsure")
TAKEN = "This case number is in use for a case that is not shared with you. Ask a coordinator before you go on."


@dataclass(frozen=True)
class Candidate:
    case_number: str
    facts: tuple[str, ...]
    why: str
    is_same_number: bool


def candidates(user, values: dict[str, str]) -> list[Candidate]:
    """Visible cases that may be this one, the most alike first."""
    number = values.get("patient.case_number", "").strip()
    year, sex = _year(values.get("patient.birth_date", "")), values.get("patient.sex_for_formulas", "")
    if not number:
        return []
    person = Q(birth_date__year=year) & _may_be(sex) if year else Q(pk=None)
    visible = visible_patients(user).order_by("case_number")
    same = list(visible.filter(case_number__iexact=number))  # by itself: no limit leaves it out
    near = [*same, *visible.filter(person).exclude(pk__in=[one.pk for one in same])[:MOST]]
    found = [(likeness(number, one.case_number), one) for one in near]
    alike = sorted((pair for pair in found if pair[0] >= ALIKE), key=lambda pair: -pair[0])
    reads.note_all(one for _, one in alike[:SHOWN])
    return [_candidate(one, score, number) for score, one in alike[:SHOWN]]


def is_taken_unseen(user, number: str) -> bool:
    """Whether a case this user may not see has exactly this number. Nothing else of it is told."""
    if not number:
        return False
    return Patient.objects.filter(case_number__iexact=number).exclude(pk__in=visible_patients(user)).exists()


def likeness(one: str, other: str) -> float:
    """1 for the same letters and digits; leading zeros and signs do not count."""
    first, second = _bare(one), _bare(other)
    return 1.0 if first == second else difflib.SequenceMatcher(None, first, second).ratio()


@transaction.atomic
def answer(*, by, draft: EntryDraft, case_number: str, word: str) -> EntryDraft:
    """Keep what a person said about another case: the same, a different one, or unsure. Audited at that case."""
    check_may_enter(by)
    if word not in ANSWERS:
        raise ValidationError("Say whether it is the same case, a different one, or unsure.")
    other = visible_patients(by).filter(case_number=case_number).first()
    if other is None:
        raise PermissionDenied("You have no access to this case.")
    draft = held(draft)
    draft.data = {**draft.data, "answers": {**draft.data.get("answers", {}), case_number: word}}
    draft.save(update_fields=["data"])
    audit(by=by, action="duplicate_check", obj=draft, patient=other, after={"answer": word})
    return draft


def unanswered(user, draft: EntryDraft, values: dict[str, str]) -> list[Candidate]:
    """Those nobody has called different or unsure. The very same number cannot be another case."""
    said: dict[str, Any] = draft.data.get("answers", {})
    found = candidates(user, values) if draft.patient_id is None else []
    return [one for one in found if one.is_same_number or said.get(one.case_number) not in ("different", "unsure")]


def _candidate(patient: Patient, score: float, number: str) -> Candidate:
    diagnosis = patient.diagnosis_rows.order_by(*OLDEST_FIRST).last()
    specimen = patient.histologyspecimen_rows.order_by(*OLDEST_FIRST).last()
    site = diagnosis.primary_site if diagnosis else "unknown"
    grade = words.grade(specimen, grade_of(specimen, site=site)) if specimen else ""
    born = f"born {in_words(patient.birth_date, patient.birth_date_precision)}"
    facts = (patient.get_sex_for_formulas_display(), born, words.tumour(diagnosis, grade), patient.centre)
    is_same = patient.case_number.lower() == number.lower()
    why = (
        "the same case number"
        if is_same
        else "the same number but for its signs"
        if score == 1
        else "a similar number and the same year of birth"
    )
    return Candidate(patient.case_number, tuple(fact for fact in facts if fact), why, is_same)


def _may_be(sex: str) -> Q:
    """An unknown sex, of either case, agrees with none and excludes none."""
    return Q(sex_for_formulas__in=[sex, Patient.Sex.UNKNOWN]) if sex not in ("", Patient.Sex.UNKNOWN) else Q()


def _bare(number: str) -> str:
    return "".join(part.lstrip("0") or "0" for part in re.findall(r"[a-z]+|\d+", number.lower()))


def _year(text: str) -> int | None:
    try:
        day, _ = day_of(text)
    except Unreadable:
        return None
    return day.year if day else None
