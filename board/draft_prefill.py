"""The first values of a draft. Outcome and recommendation are never preset: they are the board's.

Step, owner and interval come from one source, so that what is signed was once meant together. The interval of an old
decision is over: how long this time is for the board to say.
"""

import datetime as dt
from typing import Any

from django.utils import timezone

from board.decision_content import DAYS, EMPTY
from board.domain.watch_reason import Kind
from board.due_rules import due_rules
from board.models import AgendaItem, BoardDecision, NextStep, WatchState

SCAN_DUE = frozenset({Kind.SSTR_LINE, Kind.REPEAT_SCAN, Kind.SCAN_PLANNED})


def prefill(item: AgendaItem) -> dict[str, Any]:
    """A scan that falls due within its interval; without one what the standing decision says comes next."""
    return EMPTY | (_from_watch(item, timezone.localdate()) or _from_decision(item))


def standing(patient) -> BoardDecision | None:
    """The newest decision that nothing has replaced."""
    return BoardDecision.objects.current().filter(patient=patient).order_by("decided_on", "recorded_at").last()


def _from_decision(item: AgendaItem) -> dict[str, Any]:
    last = standing(item.patient)
    if last is None or last.next_step == NextStep.NOTHING:
        return {}
    return {"next_step": last.next_step, "owner": last.owner}


def _from_watch(item: AgendaItem, today: dt.date) -> dict[str, Any]:
    """Without an owner: the rule that says a scan is due names nobody."""
    state = WatchState.objects.filter(patient=item.patient).first()
    found = (_step_of(reason, today) for reason in (state.reasons if state else []) if reason["kind"] in SCAN_DUE)
    return next((step for step in found if step), {})


def _step_of(reason: dict[str, Any], today: dt.date) -> dict[str, Any]:
    rules = due_rules()
    days = 7 * (rules.last_weeks if reason["kind"] == Kind.SSTR_LINE else rules.repeat_weeks)
    due = dt.date.fromisoformat(reason["due"]) if reason["due"] else today
    if due > today + dt.timedelta(days=days):
        return {}
    return {"next_step": NextStep.SSTR_PET.value, "interval_days": _offered(days)}


def _offered(days: int | None) -> int | None:
    """Only what the form offers: a site may have written "90 days" into its rules, and nobody says that."""
    return days if days in DAYS else None
