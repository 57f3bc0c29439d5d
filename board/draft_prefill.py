"""The first words of a draft. The outcome is never preset: it is the board's."""

from typing import Any

from board.decision_content import EMPTY, LENGTHS
from board.domain.watch_reason import Kind
from board.due_rules import due_rules
from board.models import AgendaItem, BoardDecision, NextStep, WatchState

SCAN_DUE = frozenset({Kind.SSTR_LINE, Kind.REPEAT_SCAN, Kind.SCAN_PLANNED})


def prefill(item: AgendaItem) -> dict[str, Any]:
    """From the standing decision who sees to it and what comes next; what is due only from the due rules."""
    last = standing(item.patient)
    found = {"owner": last.owner, "next_step": _step_of(last)} if last else {}
    return EMPTY | found | _from_watch(item)


def standing(patient) -> BoardDecision | None:
    """The newest decision that nothing has replaced."""
    return BoardDecision.objects.current().filter(patient=patient).order_by("decided_on", "recorded_at").last()


def _step_of(last: BoardDecision) -> str:
    return "" if last.next_step == NextStep.NOTHING else last.next_step


def _from_watch(item: AgendaItem) -> dict[str, Any]:
    state = WatchState.objects.filter(patient=item.patient).first()
    due = next((r for r in state.reasons if r["kind"] in SCAN_DUE), None) if state else None
    if due is None:
        return {}
    rules = due_rules()
    weeks = rules.last_weeks if due["kind"] == Kind.SSTR_LINE else rules.repeat_weeks
    return {"text": due["action"][: LENGTHS["text"]], "next_step": NextStep.SSTR_PET.value, "interval_days": weeks * 7}
