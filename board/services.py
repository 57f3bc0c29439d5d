"""Recording decisions, and noticing when their ground moves."""

import datetime as dt
import hashlib
import logging

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from board import chain
from board.chain_content import DECISION
from board.chart import Chart
from board.decisions import DecisionState, decisions, digest_of, digest_of_stored
from board.ground import ground_of
from board.models import BoardDecision, DecisionNotice, of_open_cases
from board.notices import tell
from board.watching import MOST_AHEAD, TOO_FAR, has_date, keep_last_date, keep_watch, refuse_date_on_closed
from eligibility.services import freeze
from patients.domain.roles import Capability
from patients.models import AuditEvent, Patient
from patients.services import Conflict, audit, snapshot

log = logging.getLogger("prrt.board")


@transaction.atomic
def record_decision(
    *,
    by,
    patient: Patient,
    decided_on: dt.date,
    outcome: str,
    text: str,
    owner: str,
    due_date: dt.date | None = None,
    supersedes: BoardDecision | None = None,
    had_date: bool | None = None,
    **more,
) -> BoardDecision:
    """Store what people decided together with what every rule set said on that day, both for good, and seal it.

    ``more``: further columns of ``BoardDecision`` (next step, agreement, quorum, ...). A decision that replaces the
    last one with a date needs a date itself; ``had_date``: as it was before the caller took the meeting's day away.
    Raises PermissionDenied, ValidationError, or Conflict when ``supersedes`` has been replaced meanwhile. Whether it is
    really ``by`` who signs was asked before.
    """
    check_may_decide(by, patient)
    Patient.objects.select_for_update().get(pk=patient.pk)
    _check_superseded(patient, supersedes)
    decision = BoardDecision(
        patient=patient,
        decided_on=decided_on,
        outcome=outcome,
        text=text.strip(),
        owner=owner.strip(),
        due_date=due_date,
        supersedes=supersedes,
        recorded_by=by,
        **more,
    )
    _check_dates(decision)
    decision.full_clean(exclude=["patient", "recorded_by", "supersedes", "item"])
    if due_date is not None:
        refuse_date_on_closed(patient, "due_date")
    had_date = has_date(patient) if had_date is None else had_date
    chart = Chart(patient, timezone.localdate())
    decision.ground = ground_of(chart)
    decision.change_class = chart.change.name.value if chart.change else ""
    decision.save(force_insert=True)
    frozen = freeze(by=by, patient=patient, as_of=decided_on, rows=chart.case)
    decision.assessments.set(frozen)
    chain.append_now(by=by, kind=DECISION, obj=decision)
    after = snapshot(decision) | {"assessments": {a.guideline_id: a.verdict for a in frozen}}
    audit(by=by, action="record_decision", obj=decision, after=after)
    keep_last_date(patient, "due_date") if had_date else keep_watch(patient)
    return decision


def check_may_decide(by, patient: Patient) -> None:
    """Raises PermissionDenied."""
    if not by.may(Capability.RECORD_DECISION):
        raise PermissionDenied("Your role may not record a decision.")
    if not Patient.objects.visible_to(by).filter(pk=patient.pk).exists():
        raise PermissionDenied("You have no access to this case.")


def _check_superseded(patient: Patient, supersedes: BoardDecision | None) -> None:
    if supersedes is None:
        return
    if supersedes.patient_id != patient.pk:
        raise ValidationError({"supersedes": "This decision belongs to another case."})
    if BoardDecision.objects.filter(supersedes=supersedes).exists():
        raise Conflict("Another decision has replaced that one meanwhile. Reload and look before deciding.")


def _check_dates(decision: BoardDecision) -> None:
    if decision.decided_on > timezone.localdate():
        raise ValidationError({"decided_on": "This date is in the future; record a decision once it was taken."})
    if decision.due_date is not None and decision.due_date < decision.decided_on:
        raise ValidationError({"due_date": "The due date lies before the decision."})
    if decision.due_date is not None and decision.due_date > timezone.localdate() + MOST_AHEAD:
        raise ValidationError({"due_date": TOO_FAR})


@transaction.atomic
def look_again(patient: Patient) -> int:
    """Write a notice for each standing decision that today's rows no longer carry; returns how many are new.

    The decision itself stays as it is. Nothing is noticed while the case is closed or the patient dead: once opened, it
    is named by the news, and everything that changed meanwhile is told then. The patient's row is held, so that two
    readers of the same news tell it once.
    """
    if not of_open_cases(BoardDecision.objects.current().filter(patient=patient)).exists():
        return 0
    Patient.objects.select_for_update().get(pk=patient.pk)
    states = decisions(patient)
    for state in states:
        if not state.is_stale and not state.is_superseded:
            _note_return(state.decision)
    found = [state for state in states if state.is_stale]
    told = [(notice, state) for state in found if (notice := _notice(state))]
    if told:
        tell(patient, told)
    return len(told)


def _note_return(decision: BoardDecision) -> None:
    """That everything reads as before again is written once, so that the same change later is told a second time."""
    last = decision.notices.order_by("noticed_at", "pk").last()
    if last is not None and not _went_back(last):
        audit(by=None, action="notice_changed_back", obj=last, patient=decision.patient)


def _went_back(notice: DecisionNotice) -> bool:
    of_notice = {"object_type": notice._meta.label, "object_id": str(notice.pk)}
    return AuditEvent.objects.filter(patient=notice.patient, action="notice_changed_back", **of_notice).exists()


def _notice(state: DecisionState) -> DecisionNotice | None:
    """None where these very changes were noticed last. The same ones after others, or after none, are news again."""
    decision, changes = state.decision, [change.as_json for change in state.changes]
    earlier = list(decision.notices.order_by("noticed_at", "pk"))
    digest = digest_of(state.changes)
    if earlier and digest_of_stored(earlier[-1].changes) == digest and not _went_back(earlier[-1]):
        return None
    if any(notice.assessment_digest == digest for notice in earlier):
        digest = hashlib.sha256(f"{digest} {len(earlier)}".encode()).hexdigest()
    notice = DecisionNotice.objects.create(decision=decision, assessment_digest=digest, changes=changes)
    audit(by=None, action="notice_change", obj=notice, patient=decision.patient, after={"changes": len(changes)})
    log.info("decision %s: %s rows changed", decision.pk, len(changes))
    return notice
