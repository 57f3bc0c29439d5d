"""Signing a decision of a meeting, and amending one that was signed."""

import datetime as dt
from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import timezone

from board.confirming import WrongPassword, confirm
from board.decision_content import EMPTY, clean, complete
from board.draft_prefill import standing
from board.drafts import DraftConflict, check_open, draft_of, held_draft, refuse_late, write
from board.meeting_rights import held_item
from board.meetings import mark_discussed, quorum_of
from board.models import AgendaItem, BoardDecision, DecisionDraft, Meeting
from board.once import answer_to, once, refuse_other_words
from board.services import check_may_decide, record_decision
from board.watching import has_date
from patients.domain.sealed import hash_of

__all__ = ["DraftConflict", "WrongPassword", "amend", "sign"]
SIGN, AMEND = "sign", "amend"
DUE = {"interval_days", "due_date"}
NOT_NOW = "A decision is signed in its meeting: freeze the agenda or start the meeting first."
UNSEEN = (
    "Since this was written another decision was signed, by {who} on {day}: {outcome}. {text} "
    "Yours would replace it. Look, then sign again."
)
NO_REASON = "Say why it is amended: both versions stay, and the next reader has only this line."


class UnseenDecision(ValidationError):
    """Another decision stands than when the draft was written. ``decision``: the one that would be replaced unseen."""

    def __init__(self, decision: BoardDecision):
        self.decision = decision
        who = decision.recorded_by.shown_name
        said = {"who": who, "day": decision.decided_on.isoformat(), "outcome": decision.get_outcome_display()}
        super().__init__(UNSEEN.format(text=decision.text, **said))


def sign(
    *,
    by,
    item: AgendaItem,
    seen_version: int,
    password: str,
    code: str = "",
    key: str,
    content: dict[str, Any] | None = None,
    request: HttpRequest | None = None,
) -> BoardDecision:
    """Sign the draft as it stood on the screen. ``content``: a form that is signed as typed; it is saved first.

    Sent again under the same key, the decision that was signed is returned. Raises PermissionDenied, ValidationError
    for each field, WrongPassword, UnseenDecision (once), or DraftConflict when the draft is not the version seen.
    """
    check_may_decide(by, item.patient)
    words = hash_of({"version": seen_version, "content": content})
    try:
        if (told := answer_to(by=by, key=key, kind=SIGN)) is None:
            _look_first(item, seen_version)
            subject = _subject_of(item, key, content)
            confirm(by=by, password=password, code=code, request=request, subject=subject)
            told = once(
                by=by, key=key, kind=SIGN, act=lambda: _signed(by, item, seen_version, content) | {"words": words}
            )
    except UnseenDecision as refused:  # it is told now; what was refused has left no other trace
        DecisionDraft.objects.filter(item=item).update(replaces=refused.decision)
        raise
    refuse_other_words(told, words)
    return BoardDecision.objects.get(pk=told["decision"])


def _subject_of(item: AgendaItem, key: str, content: dict[str, Any] | None) -> str:
    """The words as they would be signed, whether a form brings them or the draft holds them already."""
    held = {**EMPTY, **draft_of(item).content, **(content or {})}
    return hash_of({"kind": SIGN, "key": key, "item": str(item.pk), "words": clean(held)})


def _look_first(item: AgendaItem, seen_version: int) -> None:
    """What would be refused anyway is refused before a one-time code is used up. Asked again under the lock."""
    refuse_late(item, seen_version)
    current = DecisionDraft.objects.filter(item=item).first()
    if current and not item.decisions.exists():
        _refuse_unseen(current, standing(item.patient))


def _refuse_unseen(draft: DecisionDraft, last: BoardDecision | None) -> None:
    if last and last.pk != draft.replaces_id:
        raise UnseenDecision(last)


def _signed(by, item: AgendaItem, seen_version: int, content: dict[str, Any] | None) -> dict[str, Any]:
    """In one transaction, locks in the order meeting, case, draft, patient, chain."""
    item = held_item(item)
    if item.meeting.state not in (Meeting.State.FROZEN, Meeting.State.RUNNING):
        raise ValidationError(NOT_NOW)
    check_open(item)
    draft = held_draft(item)
    if draft.version != seen_version:
        raise DraftConflict(draft)
    if content is not None:
        draft = write(by, draft, seen_version, clean(content))
    last, had_date, today = standing(item.patient), has_date(item.patient), timezone.localdate()
    _refuse_unseen(draft, last)
    mark_discussed(item)
    decision = record_decision(
        by=by,
        patient=item.patient,
        decided_on=today,
        supersedes=last,
        had_date=had_date,
        item=item,
        question=item.question,
        quorum=quorum_of(item.meeting).as_json,
        **complete(draft.content, decided_on=today, in_meeting=True),
    )
    return {"decision": str(decision.pk)}


def amend(
    *,
    by,
    decision: BoardDecision,
    content: dict[str, Any],
    reason: str,
    password: str,
    code: str = "",
    key: str,
    request: HttpRequest | None = None,
) -> BoardDecision:
    """A new version with its reason; the signed one stays as it is. What ``content`` leaves out is as it was.

    The rule sets are asked again for the same day with what is known now. Raises as ``sign`` does, and Conflict when
    the decision was replaced meanwhile.
    """
    check_may_decide(by, decision.patient)
    words = hash_of({"of": str(decision.pk), "content": content, "reason": reason})
    if (told := answer_to(by=by, key=key, kind=AMEND)) is None:
        if not reason.strip():
            raise ValidationError({"reason": NO_REASON})
        values = complete(_amending(decision, content), decided_on=decision.decided_on)
        subject = hash_of({"kind": AMEND, "key": key, "words": words})
        confirm(by=by, password=password, code=code, request=request, subject=subject)
        told = once(
            by=by, key=key, kind=AMEND, act=lambda: _amended(by, decision, values, reason.strip()) | {"words": words}
        )
    refuse_other_words(told, words)
    return BoardDecision.objects.get(pk=told["decision"])


def _amended(by, decision: BoardDecision, values: dict[str, Any], reason: str) -> dict[str, Any]:
    new = record_decision(
        by=by,
        patient=decision.patient,
        decided_on=decision.decided_on,
        supersedes=decision,
        item=decision.item,
        question=decision.question,
        quorum=decision.quorum,
        amendment_reason=reason,
        **values,
    )
    return {"decision": str(new.pk)}


def _amending(decision: BoardDecision, content: dict[str, Any]) -> dict[str, Any]:
    """Where only one of interval and day is given, the other one follows from it."""
    given = content.keys() & DUE
    cleared = {"interval_days": None, "due_date": ""} if len(given) == 1 else {}
    return content_of_decision(decision) | cleared | content


def content_of_decision(decision: BoardDecision) -> dict[str, Any]:
    """The words of a signed decision as a draft holds them: its interval, or its day where no interval says it."""
    names = ("outcome", "text", "next_step", "owner", "considered", "agreement", "dissent")
    days, due = decision.interval_days, decision.due_date
    says_it = bool(days) and due == decision.decided_on + dt.timedelta(days=days)
    when = {"interval_days": days, "due_date": ""} if says_it else {"interval_days": None, "due_date": _text(due)}
    return {name: getattr(decision, name) for name in names} | when


def _text(day: dt.date | None) -> str:
    return day.isoformat() if day else ""
