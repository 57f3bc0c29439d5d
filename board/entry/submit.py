"""An entry becomes part of the chart: all of it or nothing, each row through the services, with one reason."""

import uuid
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from board.entry.build import Built, Page, build
from board.entry.drafts import Entry, EntryConflict, check_may_enter, entry_of, held
from board.entry.duplicates import TAKEN, is_taken_unseen, unanswered
from board.entry.fields import ANSWER, PRRT, UNKNOWN, field_of
from board.entry.returning import NO_ANSWER, answer_return, open_return
from board.entry.ring import Ring, ring
from board.entry.status import NOTE, answers, note_alone
from board.entry.unknowns import has_own_word, state_unknown
from board.follow_up import store_question
from board.models import EntryDraft
from eligibility.prrt_facts import line_around
from patients.models import Patient
from patients.services import audit, create_patient, record, revise, update_patient, withdraw

NEEDS_REASON = "Something that is on record is changed. Say why: it goes into the history with your name."
SAME_CASE = "This may be a case that is here already. Say whether it is, above."
CLASH = "The chart says something else since. Choose which words stand."


class Incomplete(Exception):
    """Core fields are empty and nobody has said that this is meant. ``missing``: their number."""

    def __init__(self, found: Ring):
        super().__init__("Submit incomplete?")
        self.ring = found


@dataclass
class Submitted:
    patient: Patient
    missing: int
    rows: dict[str, uuid.UUID] = field(default_factory=dict)


@transaction.atomic
def submit(
    *, by, draft: EntryDraft, seen_version: str, reason: str, is_incomplete_meant: bool, team=None, answer: str = ""
) -> Submitted:
    """Sent again with nothing new in it, it is the submission that was made.

    Raises ValidationError with a sentence per field, EntryConflict, Incomplete or Conflict: nothing is stored.
    """
    check_may_enter(by, draft.patient)
    entry = entry_of(held(draft))
    if _is_submitted(by, entry):
        return Submitted(entry.draft.patient, entry.draft.missing)
    if entry.version != seen_version:
        raise EntryConflict(entry)
    page = build(entry)
    found = ring(page, entry.values)
    _refuse(by, entry, page, found, reason)
    answer = answer.strip() or entry.typed.get(ANSWER, "")
    if not answer and open_return(draft.patient):
        raise ValidationError({"answer": NO_ANSWER})
    if found.missing and not is_incomplete_meant:
        raise Incomplete(found)
    patient = _case(by, entry, page, reason, team)
    done = Submitted(patient, len(found.missing))
    for one in _in_order(page):
        _store(by, one, patient, reason, done)
    for said in answers(entry, patient)[0]:
        _answer(by, said, patient, reason, done)
    _question(by, entry, patient)
    _unknowns(by, entry, patient, done)
    answer_return(by=by, patient=patient, text=answer)
    _settle(by, entry, done)
    return done


def _is_submitted(by, entry: Entry) -> bool:
    """This person submitted it, and neither entry nor chart has changed since."""
    draft = entry.draft
    return not entry.typed and draft.submitted_by_id == by.pk and draft.data.get("submitted_at_mark") == entry.mark


def needs_reason(page: Page, entry: Entry) -> bool:
    """Whether something on record is changed or taken back; new rows need no reason."""
    rows = any(one.stored is not None and (one.changed or one.is_gone) for one in page.rows)
    case = page.case.stored is not None and any(name != "question" for name in page.case.changed)
    status = any(one.act in ("revise", "withdraw") for one in answers(entry, page.patient)[0])
    return rows or case or status


def _refuse(by, entry: Entry, page: Page, found: Ring, reason: str) -> None:
    wrong = {f"{one.prefix}.{name}": text for one in page.all for name, text in one.problems.items()}
    said, day = answers(entry, page.patient)
    wrong |= {one.name: one.problem for one in said if one.problem}
    wrong |= {"status.clinical_date": day} if day else {}
    wrong |= {NOTE: alone} if (alone := note_alone(entry, said)) else {}
    wrong |= {one.name: "Needed before the case can be submitted." for one in found.red if one.name not in wrong}
    wrong |= dict.fromkeys(entry.clashes, CLASH)
    if entry.draft.patient_id is None:
        number = entry.values.get("patient.case_number", "")
        if is_taken_unseen(by, number):
            wrong["patient.case_number"] = TAKEN
        elif unanswered(by, entry.draft, entry.values):
            wrong["patient.case_number"] = SAME_CASE
    if not reason.strip() and not wrong and needs_reason(page, entry):
        wrong["reason"] = NEEDS_REASON
    if wrong:
        raise ValidationError(wrong)


def _case(by, entry: Entry, page: Page, reason: str, team) -> Patient:
    if entry.chart.patient is None:
        values = {name: value for name, value in page.case.columns.items() if value not in ("", None)}
        if UNKNOWN in (page.case.texts["birth_date"],):
            values["birth_date_precision"] = "unknown"
        return create_patient(by=by, team=team, **values)
    changes = {name: value for name, value in page.case.changes.items() if name != "question"}
    if not changes:
        return entry.chart.patient
    return update_patient(
        entry.chart.patient, by=by, reason=reason, expected_recorded_at=entry.chart.patient.recorded_at, **changes
    )


def _in_order(page: Page) -> list[Built]:
    """A cycle is taken away before the line it rests on, and stored after it."""
    gone = [one for one in page.rows if one.is_gone]
    return [*reversed(gone), *(one for one in page.rows if not one.is_gone)]


def _store(by, one: Built, patient: Patient, reason: str, done: Submitted) -> None:
    if one.is_gone:
        withdraw(one.stored, by=by, reason=reason, expected_recorded_at=one.stored.recorded_at)
    elif one.stored is None:
        done.rows[one.prefix] = _recorded(by, one, patient).lineage
    else:
        done.rows[one.prefix] = one.stored.lineage
        if one.changed:
            extra = {"drugs": one.columns["drugs"]} if "regimen" in one.changed and "drugs" in one.columns else {}
            revise(
                one.stored, by=by, reason=reason, expected_recorded_at=one.stored.recorded_at, **(one.changes | extra)
            )


def _recorded(by, one: Built, patient: Patient):
    line = {"line": line_around(one.row, patient)} if one.card is PRRT else {}
    return record(one.card.model, by=by, patient=patient, **one.columns, **line)


def _answer(by, said, patient: Patient, reason: str, done: Submitted) -> None:
    if said.act == "record":
        record(said.model, by=by, patient=patient, **said.columns)
    elif said.act == "revise":
        revise(said.stored, by=by, reason=reason, expected_recorded_at=said.stored.recorded_at, **said.columns)
    elif said.act == "withdraw":
        withdraw(said.stored, by=by, reason=reason, expected_recorded_at=said.stored.recorded_at)


def _question(by, entry: Entry, patient: Patient) -> None:
    text = entry.values.get("patient.question", "")
    if text and text != entry.chart.values.get("patient.question", ""):
        before = entry.chart.stored.get("patient.question")
        store_question(by=by, patient=patient, text=text, instead_of=str(before.pk) if before else "")


def _unknowns(by, entry: Entry, patient: Patient, done: Submitted) -> None:
    """What was called unknown, and what was but is not any more, where the chart itself has no word for it."""
    before = entry.chart.values
    for name, text in entry.values.items():
        was, now = before.get(name, "") == UNKNOWN, text == UNKNOWN
        if was == now or has_own_word(name) or field_of(name) is None:
            continue
        prefix, _, last = name.rpartition(".")
        lineage = done.rows.get(prefix)
        is_row = prefix in done.rows
        if not is_row and not prefix.startswith(("patient", "status")):
            continue  # the row is gone, or was never one
        state_unknown(by=by, patient=patient, lineage=lineage, name=last if is_row else name, is_unknown=now)


def _settle(by, entry: Entry, done: Submitted) -> None:
    """The draft is empty again; open pages go on under the names they gave to their rows."""
    draft = entry.draft
    names: dict[str, Any] = {prefix: str(row) for prefix, row in done.rows.items() if "." in prefix}
    draft.patient = done.patient
    said = audit(by=by, action="submit_entry", obj=draft, patient=done.patient, after={"missing": done.missing})
    rows = {**draft.data.get("rows", {}), **names}
    draft.data = {"values": {}, "base": {}, "rows": rows, "submitted_at_mark": said.pk}
    draft.version, draft.updated_by, draft.updated_at = draft.version + 1, by, timezone.now()
    draft.submitted_by, draft.submitted_at, draft.missing, draft.noted_at = by, timezone.now(), done.missing, None
    draft.save()
