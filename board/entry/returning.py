"""A submitted entry goes back to its author with a question, and comes again with an answer. Nothing of it is lost."""

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction

from board.entry.drafts import draft_for, held
from board.models import EntryDraft, EntryReturn, ReturnAnswer
from patients.domain.roles import Capability
from patients.models import Patient
from patients.selectors import in_visible_chart, readers_of, visible_patients
from patients.services import Conflict, audit, snapshot

SHOWN, LONGEST = 8, 300
REFUSED = "Coordinators and the chair return entries."
NO_QUESTION = "Say what is missing or unclear: the question stands on the list of who entered the case."
NOT_SUBMITTED = "This entry was not submitted, so there is nobody to return it to."
IS_RETURNED = "This entry was returned already and waits for an answer."
CHANGED = "This entry was submitted again meanwhile. Look at it first; your question is still below."
NO_ANSWER = "This entry was returned with a question. Answer it: the answer goes to who asked."
UNREAD = "{who} may not open this case any more and would not see the question. Share the case with them first."


def open_return(patient: Patient | None) -> EntryReturn | None:
    if patient is None:
        return None
    return EntryReturn.objects.filter(patient=patient, answer=None).select_related("asked_by", "asked_of").last()


def returns_of(patient: Patient) -> list[EntryReturn]:
    """Every question and its answer, the newest first."""
    found = EntryReturn.objects.filter(patient=patient).order_by("-asked_at")
    return list(found.select_related("asked_by", "asked_of", "answer__answered_by"))


def returned_to(user) -> list[EntryReturn]:
    """What this user has entered and is asked about, the oldest question first."""
    if not user.may(Capability.EDIT_CLINICAL):
        return []
    return list(_open(user).filter(asked_of=user)[:SHOWN])


def waiting_for_others(user) -> list[EntryReturn]:
    """What waits for an answer of somebody else: kept in sight of who prepares meetings."""
    if not user.may(Capability.PREPARE_MEETING):
        return []
    return list(_open(user).exclude(asked_of=user)[:SHOWN])


def _open(user):
    found = EntryReturn.objects.filter(in_visible_chart(user), answer=None).order_by("asked_at")
    return found.select_related("patient", "asked_by", "asked_of")


@transaction.atomic
def return_entry(*, by, patient: Patient, question: str, seen_submission: str) -> EntryReturn:
    """Raises PermissionDenied, ValidationError, or Conflict where the entry was submitted since it was looked at."""
    if not by.may(Capability.PREPARE_MEETING) or not visible_patients(by).filter(pk=patient.pk).exists():
        raise PermissionDenied(REFUSED)
    draft = held(draft_for(patient, by))
    author = draft.submitted_by
    if author is None:
        raise ValidationError(NOT_SUBMITTED)
    if open_return(patient):
        raise ValidationError(IS_RETURNED)
    if submission_of(draft) != seen_submission:
        raise Conflict(CHANGED)
    _check_question(question)
    if author not in readers_of(patient) or not author.may(Capability.EDIT_CLINICAL):
        raise ValidationError(UNREAD.format(who=author.shown_name))
    made = EntryReturn(patient=patient, question=question.strip(), asked_of=author, asked_by=by)
    made.save(force_insert=True)
    audit(by=by, action="return_entry", obj=made, after=snapshot(made, ["question", "asked_of"]))
    return made


def answer_return(*, by, patient: Patient, text: str) -> None:
    """Called while the case is held: with the submission, in its transaction."""
    if asked := open_return(patient):
        made = ReturnAnswer(about=asked, text=text.strip()[:LONGEST], answered_by=by)
        made.save(force_insert=True)
        audit(by=by, action="answer_return", obj=made, patient=patient, after=snapshot(made, ["about", "text"]))


def submission_of(draft: EntryDraft) -> str:
    """Which submission a page shows."""
    return draft.submitted_at.isoformat() if draft.submitted_at else ""


def _check_question(question: str) -> None:
    if not question.strip():
        raise ValidationError(NO_QUESTION)
    if len(question) > LONGEST:
        raise ValidationError(f"At most {LONGEST} characters.")
