"""Why a case is proposed, in one line each: for the few that are shown, by one query a group."""

import datetime as dt
from collections.abc import Callable

from django.db.models import OuterRef, Q, Subquery
from django.utils import timezone

from board.models import AgendaItem, CaseQuestion, DayNotice, DecisionFollowUp, WatchState

_W = AgendaItem.Why
CONFIRMED = "A change of SSTR uptake was confirmed after the last decision."


def times_put_off(states: list[WatchState]) -> dict:
    """How often each was put off in a row, as ``agenda.times_postponed`` counts it."""
    last = AgendaItem.objects.filter(patient=OuterRef("patient"), state=AgendaItem.State.DISCUSSED)
    last = last.order_by("-meeting__starts_at").values("meeting__starts_at")[:1]
    put_off = AgendaItem.objects.filter(state=AgendaItem.State.POSTPONED, patient__in=[s.pk for s in states])
    since = put_off.alias(last=Subquery(last)).filter(Q(last=None) | Q(meeting__starts_at__gt=Subquery(last)))
    found: dict = {}
    for pk in since.values_list("patient", flat=True):
        found[pk] = found.get(pk, 0) + 1
    return found


def _stale(states: list[WatchState], today: dt.date) -> dict:
    """The worst line of the newest event of each."""
    events = DayNotice.objects.filter(patient__in=[s.pk for s in states]).order_by("day")
    return {event.patient_id: event.lines[0]["text"] for event in events if event.lines}


def _said_again(states: list[WatchState], today: dt.date) -> dict:
    rows = DecisionFollowUp.objects.filter(
        decision__patient__in=[s.pk for s in states], kind=DecisionFollowUp.Kind.RELISTED
    ).select_related("decision")
    return {row.decision.patient_id: row.reason or f"Decision of {row.decision.decided_on.isoformat()}" for row in rows}


def _changed(states: list[WatchState], today: dt.date) -> dict:
    return {
        state.pk: _unsettled(state) or "A change of SSTR uptake was confirmed after the last decision."
        for state in states
    }


def _asked_for(states: list[WatchState], today: dt.date) -> dict:
    rows = CaseQuestion.objects.filter(patient__in=[s.pk for s in states]).order_by("recorded_at")
    return {row.patient_id: row.text for row in rows}


def _late(states: list[WatchState], today: dt.date) -> dict:
    return {state.pk: _most_late(state, today) for state in states}


def _most_late(state: WatchState, today: dt.date) -> str:
    worst = min((reason for reason in state.reasons if reason["due"]), key=lambda reason: reason["due"])
    late = (today - dt.date.fromisoformat(worst["due"])).days
    return f"{late} days late. {worst['sentence']}"


def _no_date(states: list[WatchState], today: dt.date) -> dict:
    return {state.pk: "Nobody has given this patient a next date." for state in states}


def _put_off_because(states: list[WatchState], today: dt.date) -> dict:
    items = AgendaItem.objects.filter(patient__in=[s.pk for s in states], state=AgendaItem.State.POSTPONED)
    items = items.select_related("meeting").order_by("meeting__starts_at")
    return {
        item.patient_id: f"{timezone.localdate(item.meeting.starts_at).isoformat()}: {item.state_reason}"
        for item in items
    }


def _unsettled(state: WatchState) -> str:
    return next((reason["sentence"] for reason in state.reasons if reason["kind"] == "change_unsettled"), "")


TEXTS: dict[str, Callable[[list[WatchState], dt.date], dict]] = {
    _W.STALE: _stale,
    _W.RELISTED: _said_again,
    _W.CONVERSION: _changed,
    _W.REFERRAL: _asked_for,
    _W.OVERDUE: _late,
    _W.NO_DATE: _no_date,
    _W.POSTPONED: _put_off_because,
}
