"""Figures of closed meetings: each with what it is a figure of, and the rows it was made from.

Counts are of all meetings, as on the list of meetings; a case is named only to who may see it.
"""

import datetime as dt
from dataclasses import dataclass

from board.domain.adherence import Adherence, Share, adherence
from board.domain.spread import Spread, spread
from board.follow_through import recommendations
from board.models import AgendaItem, BoardDecision, Meeting
from imaging.domain.vocabulary import is_sstr
from patients import reads
from patients.selectors import visible_patients

_I, _L = AgendaItem.State, AgendaItem.Lane
MONTHS = (3, 12, 60)
MONTH_DAYS = 30.44


@dataclass(frozen=True)
class MeetingLine:
    meeting: Meeting
    decided: int
    noted: int
    postponed: int
    prepared: Share
    minutes_per_case: Spread
    light: str

    @property
    def cases(self) -> int:
        return self.decided + self.noted + self.postponed


@dataclass(frozen=True)
class CaseLine:
    """``case_number`` "" where it is not shared. ``days``: from the newest SSTR scan to the decision."""

    case_number: str
    meeting: Meeting
    seconds: int
    missing: list[str]
    days: int | None
    result: str

    @property
    def time(self) -> str:
        return f"{self.seconds // 60}:{self.seconds % 60:02d} min" if self.seconds else ""


@dataclass(frozen=True)
class Statistics:
    since: dt.date
    lines: list[MeetingLine]
    cases: list[CaseLine]
    cases_per_meeting: Spread
    minutes_per_case: Spread
    quorum: Share
    prepared: Share
    scan_to_decision: Spread
    postponed: Share
    adherence: Adherence


def statistics(user, *, today: dt.date, months: int) -> Statistics:
    since = today - dt.timedelta(days=round(months * MONTH_DAYS))
    meetings = _closed(since)
    items = {meeting.pk: [item for item in meeting.items.all() if item.state != _I.REMOVED] for meeting in meetings}
    every = [item for meeting in meetings for item in items[meeting.pk]]
    lines = [_line(meeting, items[meeting.pk]) for meeting in meetings]
    return Statistics(
        since=since,
        lines=lines,
        cases=_cases(user, meetings, items),
        cases_per_meeting=spread(line.cases for line in lines),
        minutes_per_case=_time(every),
        quorum=Share(sum(line.light == "green" for line in lines), len(lines)),
        prepared=_prepared(every),
        scan_to_decision=spread(_days(item) for item in every if item.signed),
        postponed=Share(sum(item.state == _I.POSTPONED for item in every), len(every)),
        adherence=adherence(recommendations(BoardDecision.objects.filter(item__meeting__in=meetings)), today),
    )


def _closed(since: dt.date) -> list[Meeting]:
    held = Meeting.objects.filter(state=Meeting.State.CLOSED).exclude(started_at=None, minutes=None)  # not cancelled
    closed = held.filter(starts_at__date__gte=since).order_by("-starts_at")
    found = list(closed.prefetch_related("items__patient", "items__decisions", "minutes"))
    for meeting in found:
        for item in meeting.items.all():
            item.signed = sorted(item.decisions.all(), key=lambda decision: decision.recorded_at)
    return found


def _line(meeting: Meeting, items: list[AgendaItem]) -> MeetingLine:
    noted = [item for item in items if item.lane == _L.NOTING and item.state == _I.LISTED]
    newest = max(meeting.minutes.all(), key=lambda minutes: minutes.version, default=None)
    return MeetingLine(
        meeting=meeting,
        decided=sum(bool(item.signed) for item in items),
        noted=len(noted),
        postponed=sum(item.state == _I.POSTPONED for item in items),
        prepared=_prepared(items),
        minutes_per_case=_time(items),
        light=newest.content["quorum"]["light"] if newest else "unknown",
    )


def _prepared(items: list[AgendaItem]) -> Share:
    """Listed without a blocking item missing; what is only amber does not count."""
    return Share(sum(not item.gate_missing for item in items), len(items))


def _time(items: list[AgendaItem]) -> Spread:
    """Minutes on the screen, of cases that were decided; one that was never on it has no time."""
    return spread(round(item.seconds / 60, 1) if item.seconds else None for item in items if item.signed)


def _days(item: AgendaItem) -> int | None:
    """To the first decision from the newest SSTR scan it rests on; None where it rests on none with a day."""
    decision = item.signed[0]
    days = [scan["day"] for scan in (decision.ground or {}).get("scans", []) if _is_before(scan, decision)]
    return (decision.decided_on - dt.date.fromisoformat(max(days))).days if days else None


def _is_before(scan: dict, decision: BoardDecision) -> bool:
    return bool(scan["day"]) and is_sstr(scan["tracer"]) and scan["day"] <= decision.decided_on.isoformat()


def _cases(user, meetings: list[Meeting], items: dict) -> list[CaseLine]:
    patients = {item.patient_id for found in items.values() for item in found}
    mine = set(visible_patients(user).filter(pk__in=patients).values_list("pk", flat=True))
    reads.note_all(mine)
    return [
        CaseLine(
            item.patient.case_number if item.patient_id in mine else "",
            meeting,
            item.seconds if item.signed else 0,
            list(item.gate_missing) if item.patient_id in mine else [],
            _days(item) if item.signed else None,
            _result(item),
        )
        for meeting in meetings
        for item in items[meeting.pk]
    ]


def _result(item: AgendaItem) -> str:
    if item.signed:
        return "decided"
    return "postponed" if item.state == _I.POSTPONED else "noted"
