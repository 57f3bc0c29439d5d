"""Who must have a next date, and by when: from facts only, so that no flag can be forgotten.

Levels and due rules: ``board/domain/due.py``; all of them local conventions (D), proposed for clinicians to set. What
is not known never takes anybody off: a line counts as given since the scan unless it surely ended by then, and a class
that may be anything is looked at like a poor one.
"""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from board.domain.due import DueRules, Level, level_of
from board.domain.sstr_class import SstrClass, class_words
from board.domain.watch_facts import (
    SETTLED_OUTCOMES,
    WAITING_OUTCOMES,
    GivenLine,
    OpenNotice,
    SstrScan,
    StandingDecision,
    WatchFacts,
)
from eligibility.domain.facts import Source


class Kind(StrEnum):
    NO_DATE = "no_date"
    SSTR_LINE = "sstr_line"
    REPEAT_SCAN = "repeat_scan"
    UNREAD = "unread"
    SCAN_PLANNED = "scan_planned"
    NEXT_DATE = "next_date"
    WAITING_DECISION = "waiting_decision"
    DECISION_STEP = "decision_step"
    UNSURE_CONVERSION = "unsure_conversion"
    STALE_DECISION = "stale_decision"


@dataclass(frozen=True)
class WatchReason:
    """``opens`` to ``due``: when it should be done; a due day of None means now. ``since``: None where undated."""

    kind: Kind
    sentence: str
    action: str
    since: dt.date | None
    opens: dt.date | None
    due: dt.date | None
    level: Level
    sources: tuple[Source, ...] = ()

    @property
    def rank(self) -> tuple[int, dt.date]:
        """Worst first when sorted."""
        return -self.level, self.due or dt.date.min


def watch(facts: WatchFacts, rules: DueRules, today: dt.date) -> tuple[WatchReason, ...]:
    """Every reason of an open case, worst first; none of a closed one or of the dead."""
    if not facts.is_open:
        return ()
    found = [
        *_no_date(facts),
        *_scan(facts, rules, today),
        *_next_date(facts),
        *(_decision(d) for d in facts.decisions if d.has_date or (d.outcome in WAITING_OUTCOMES and not d.is_done)),
        *_unsure(facts, rules),
        *(_stale(notice, rules) for notice in facts.notices),
    ]
    return tuple(sorted((_levelled(reason, today) for reason in found), key=lambda reason: reason.rank))


def is_lost(facts: WatchFacts) -> bool:
    """The invariant is broken: an open case without decision due, next date agreed, or closing reason."""
    return facts.is_open and not facts.has_date


@dataclass(frozen=True)
class _Found:
    kind: Kind
    sentence: str
    action: str
    since: dt.date | None = None
    due: dt.date | None = None
    opens: dt.date | None = None
    sources: tuple[Source, ...] = ()


def _levelled(found: _Found, today: dt.date) -> WatchReason:
    opens = found.opens or found.due
    level = Level.NO_DATE if found.kind is Kind.NO_DATE else level_of(opens, found.due, today)
    return WatchReason(found.kind, found.sentence, found.action, found.since, opens, found.due, level, found.sources)


def _no_date(facts: WatchFacts) -> list[_Found]:
    if not is_lost(facts):
        return []
    sentence = "Nobody has given this patient a next date, and the case is not closed."
    return [_Found(Kind.NO_DATE, sentence, "Give a next date or close the case")]


def _scan(facts: WatchFacts, rules: DueRules, today: dt.date) -> list[_Found]:
    scan = facts.scan
    found = [] if scan is None or scan.is_read else [_unread(scan, rules)]
    if scan is not None and scan.classes == {SstrClass.RICH}:
        return found
    since = [line for line in facts.lines if _may_be_since(line, scan, rules)]
    reason = _after_lines(scan, since, rules) if since else _repeat(facts, rules)
    return found + ([_booked(reason, facts, rules, today)] if reason else [])


def _unread(scan: SstrScan, rules: DueRules) -> _Found:
    due = scan.day + dt.timedelta(days=rules.read_days) if scan.day else None
    sentence = f"The SSTR scan of {scan.words} has no signed reading."
    return _Found(Kind.UNREAD, sentence, "Read the scan", scan.day, due, scan.day, (scan.source,))


def _may_be_since(line: GivenLine, scan: SstrScan | None, rules: DueRules) -> bool:
    if line.treatment_class not in rules.systemic_classes:
        return False
    if scan is None or scan.day is None or line.stop is None:
        return True
    return line.stop[1] > scan.day


def _after_lines(scan: SstrScan | None, lines: list[GivenLine], rules: DueRules) -> _Found:
    after = scan.day if scan else None
    anchored = [(day, line) for line in lines if (day := _anchor(line, after, rules))]
    anchor, line = min(anchored, key=lambda pair: pair[0], default=(None, lines[-1]))
    opens, due = rules.window(anchor) if anchor else (None, _repeat_day(after, line, rules))
    read = f"{class_words(scan.classes)} on {scan.words}" if scan else "No SSTR scan on record"
    sources = (*([scan.source] if scan else []), line.source)
    sentence = f"{read}; {line.words}; no SSTR scan {'since' if scan else 'was made'}."
    return _Found(Kind.SSTR_LINE, sentence, "Book an SSTR scan", anchor or after, due, opens, sources)


def _anchor(line: GivenLine, after: dt.date | None, rules: DueRules) -> dt.date | None:
    """The fourth cycle of the counted regimen or the end of the line, whichever first is known and not imaged yet."""
    days = []
    if line.stop:
        days.append(line.stop[0] if after is None or line.stop[0] > after else line.stop[1])
    reached = line.cycles is not None and line.cycles >= rules.after_cycle
    if line.is_counted and line.start and (reached or line.is_ongoing):
        days.append(rules.fourth_cycle_ends(line.start[0]))
    return min((day for day in days if after is None or day > after), default=None)


def _repeat_day(after: dt.date | None, line: GivenLine, rules: DueRules) -> dt.date | None:
    base = after or (line.start[0] if line.start else None)
    return base + rules.repeat if base else None


def _repeat(facts: WatchFacts, rules: DueRules) -> _Found | None:
    """Every six months while PRRT is still a question: neither treat nor not suitable was decided since the scan."""
    scan = facts.scan
    if scan is None or not scan.is_read:
        return None
    is_settled = any(
        d.outcome in SETTLED_OUTCOMES and (not scan.day or d.decided_on >= scan.day) for d in facts.decisions
    )
    if is_settled:
        return None
    due = scan.day + rules.repeat if scan.day else None
    sentence = f"{class_words(scan.classes)} on {scan.words}; the scan is repeated every {rules.repeat_weeks} weeks."
    return _Found(Kind.REPEAT_SCAN, sentence, "Book an SSTR scan", scan.day, due, None, (scan.source,))


def _booked(reason: _Found, facts: WatchFacts, rules: DueRules, today: dt.date) -> _Found:
    """With a scan planned the planned day counts; once it has not come within the grace the first date counts again."""
    planned = facts.next_date
    if planned is None or planned.what != "scan":
        return reason
    until = planned.on + dt.timedelta(days=rules.booking_grace_days)
    if today > until:
        return reason
    sentence = f"{reason.sentence.rstrip('.')}; a scan is planned on {_day(planned.on)}."
    sources = (*reason.sources, planned.source)
    return _Found(reason.kind, sentence, "Wait for the planned scan", reason.since, planned.on, None, sources)


def _next_date(facts: WatchFacts) -> list[_Found]:
    planned = facts.next_date
    if planned is None:
        return []
    is_scan = planned.what == "scan"
    kind, what = (
        (Kind.SCAN_PLANNED, "A scan") if is_scan else (Kind.NEXT_DATE, planned.words[:1].upper() + planned.words[1:])
    )
    sentence = f"{what} was agreed for {_day(planned.on)} at the last contact" + (
        " and has not arrived." if is_scan else "."
    )
    action = "Ask where the scan is" if is_scan else f"See to it: {planned.words}"
    return [_Found(kind, sentence, action, planned.said_on, planned.on, None, (planned.source,))]


def _decision(decision: StandingDecision) -> _Found:
    is_waiting = decision.outcome in WAITING_OUTCOMES
    sentence = f"Decision “{decision.outcome_words}” of {_day(decision.decided_on)}, owner {decision.owner}"
    sentence += "." if decision.due else "; it has no due date."
    kind = Kind.WAITING_DECISION if is_waiting else Kind.DECISION_STEP
    action = "Say what happened, or decide again"
    return _Found(kind, sentence, action, decision.decided_on, decision.due, None, (decision.source,))


def _unsure(facts: WatchFacts, rules: DueRules) -> list[_Found]:
    if not facts.has_unsure_conversion:
        return []
    since = facts.unsure_since
    due = since + dt.timedelta(days=rules.unsure_days) if since else None
    sentence = "A reader was unsure about a possible treatment-associated increase in SSTR uptake."
    return [_Found(Kind.UNSURE_CONVERSION, sentence, "Settle the reader's verdict", since, due, since)]


def _stale(notice: OpenNotice, rules: DueRules) -> _Found:
    whose = f", assigned to {notice.assigned_to}" if notice.assigned_to else ""
    sentence = f"The decision of {_day(notice.decided_on)} rests on inputs that have changed{whose}."
    due = notice.since + dt.timedelta(days=rules.answer_days)
    action = "Acknowledge, assign or discuss again"
    return _Found(Kind.STALE_DECISION, sentence, action, notice.since, due, notice.since, (notice.source,))


def _day(day: dt.date) -> str:
    return f"{day.day} {day:%b %Y}"
