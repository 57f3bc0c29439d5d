"""Answering a decision between meetings, and asking the board a question. Both are stored once and never edited."""

import datetime as dt

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from board.decisions import decisions
from board.models import BoardDecision, CaseQuestion, DecisionFollowUp, DecisionNotice
from board.notices import seen_digest
from board.watching import keep_watch
from patients.domain.roles import Capability
from patients.models import Patient, User
from patients.services import Conflict, audit, snapshot

SAME_SUBMIT = dt.timedelta(minutes=10)
_K = DecisionFollowUp.Kind
NEEDS_REASON = frozenset({_K.ACKNOWLEDGED, _K.PARTLY, _K.NOT_DONE})
ANSWERS_CHANGES = frozenset({_K.ACKNOWLEDGED, _K.RELISTED, _K.ASSIGNED})
REFUSED = (
    "Your role may not follow up decisions, log contacts or ask the board. "
    "Nuclear medicine, clinicians, coordinators and the chair may. Ask one of them."
)


@transaction.atomic
def follow_up(
    *, by, decision: BoardDecision, kind: str, reason: str = "", seen: str = "", assignee: User | None = None
) -> DecisionFollowUp:
    """``seen``: digest of the changes its author had before them. Sent twice within ten minutes it is stored once.

    To assign changes to a user is no answer: they stay open, first on that user's work list. What was done is stored
    even where no date is left then; the watch list shows that case in red.
    Raises PermissionDenied, ValidationError, or Conflict when the ground of the decision has moved again since.
    """
    check_access(by, decision.patient)
    Patient.objects.select_for_update().get(pk=decision.patient_id)
    row = DecisionFollowUp(decision=decision, kind=kind, reason=reason.strip(), recorded_by=by, assignee=assignee)
    _check_assignee(row, decision.patient)
    if row.kind in NEEDS_REASON and not row.reason:
        raise ValidationError({"reason": "Say why in a few words: the next reader has only this line."})
    row.full_clean(exclude=["decision", "recorded_by", "assignee"])
    row.changes_digest = _current(decision, kind, seen)
    if same := _same(row):
        return same
    row.save(force_insert=True)
    audit(by=by, action="follow_up", obj=row, after=snapshot(row))
    keep_watch(decision.patient)
    return row


def _check_assignee(row: DecisionFollowUp, patient: Patient) -> None:
    if row.kind != _K.ASSIGNED:
        row.assignee = None
        return
    if row.assignee is None:
        raise ValidationError({"assignee": "Choose who is to look at it."})
    if not may_be_assigned(row.assignee, patient):
        raise ValidationError({"assignee": "This user may not follow up decisions of this case."})


def may_be_assigned(user: User, patient: Patient) -> bool:
    return user.may(Capability.FOLLOW_UP) and Patient.objects.visible_to(user).filter(pk=patient.pk).exists()


def _current(decision: BoardDecision, kind: str, seen: str) -> str:
    """The changes as they are now; they must be those that were looked at."""
    state = next(s for s in decisions(decision.patient) if s.decision.pk == decision.pk)
    if state.is_superseded:
        if kind in ANSWERS_CHANGES:
            raise ValidationError("A later decision has replaced this one: answer that one.")
        return ""
    found = seen_digest(state.changes, list(DecisionNotice.objects.unanswered().filter(decision=decision)))
    if kind == _K.ASSIGNED and not found:
        raise ValidationError("Nothing has changed under this decision: there is nothing to assign.")
    if found != seen:
        raise Conflict("What this decision rests on has changed again since you opened the page. Look, then answer.")
    return found


def _same(row: DecisionFollowUp) -> DecisionFollowUp | None:
    since = timezone.now() - SAME_SUBMIT
    fields = {
        name: getattr(row, name) for name in ("decision", "kind", "reason", "changes_digest", "recorded_by", "assignee")
    }
    return DecisionFollowUp.objects.filter(**fields, recorded_at__gte=since).first()


@transaction.atomic
def ask(*, by, patient: Patient, text: str, instead_of: str = "") -> CaseQuestion:
    """``instead_of``: id of the question its author saw, "" for none. Raises Conflict when another stands there now."""
    check_access(by, patient)
    return store_question(by=by, patient=patient, text=text, instead_of=instead_of)


@transaction.atomic
def store_question(*, by, patient: Patient, text: str, instead_of: str = "") -> CaseQuestion:
    """For callers that have asked whether ``by`` may: who enters a referral writes its question down."""
    Patient.objects.select_for_update().get(pk=patient.pk)
    newest = CaseQuestion.objects.filter(patient=patient).last()
    row = CaseQuestion(patient=patient, text=text.strip(), recorded_by=by)
    row.full_clean(exclude=["patient", "recorded_by"])
    if newest and (newest.text, newest.recorded_by_id) == (row.text, by.pk):
        return newest
    if (str(newest.pk) if newest else "") != instead_of:
        theirs = newest.text if newest else "no question"
        raise Conflict(f"Someone else has asked meanwhile: “{theirs}”. Yours is kept below: choose which one stands.")
    row.save(force_insert=True)
    audit(by=by, action="ask", obj=row, after=snapshot(row))
    keep_watch(patient)
    return row


def check_access(by, patient: Patient) -> None:
    if not by.may(Capability.FOLLOW_UP):
        raise PermissionDenied(REFUSED)
    if not Patient.objects.visible_to(by).filter(pk=patient.pk).exists():
        raise PermissionDenied("You have no access to this case.")
