"""SSTR scans that are due: after a systemic line, again and again while PRRT is a question, and read once made."""

import datetime as dt
from dataclasses import replace

from board.domain.due import DueRules
from board.domain.sstr_class import SstrClass, class_words
from board.domain.watch_facts import SETTLED_OUTCOMES, GivenLine, NextDate, SstrScan, UntypedScan, WatchFacts
from board.domain.watch_reason import Found, Kind, day_words


def scan_reasons(facts: WatchFacts, rules: DueRules, today: dt.date) -> list[Found]:
    scan = facts.scan
    found = [_untyped(untyped, rules) for untyped in facts.untyped]
    found += [] if scan is None or scan.is_read else [_unread(scan, rules)]
    if scan is not None and scan.classes == {SstrClass.RICH}:
        return found
    since = [line for line in facts.lines if _may_be_since(line, scan, rules)]
    reason = _after_lines(scan, since, rules) if since else _repeat(facts, rules)
    return found + ([_booked(reason, facts, rules, today)] if reason else [])


def _unread(scan: SstrScan, rules: DueRules) -> Found:
    due = scan.day + dt.timedelta(days=rules.read_days) if scan.day else None
    sentence = f"The SSTR scan of {scan.words} has no signed reading."
    return Found(Kind.UNREAD, sentence, "Read the scan", scan.day, due, scan.day, (scan.source,))


def _untyped(scan: UntypedScan, rules: DueRules) -> Found:
    """It answers for nothing until somebody says what it shows."""
    sentence = f"The tracer of the scan of {scan.words} is {scan.tracer}; it may be an SSTR scan."
    due = scan.day + dt.timedelta(days=rules.read_days)
    return Found(Kind.UNTYPED_SCAN, sentence, "Say which tracer was given", scan.day, due, scan.day, (scan.source,))


def _may_be_since(line: GivenLine, scan: SstrScan | None, rules: DueRules) -> bool:
    if line.treatment_class not in rules.systemic_classes:
        return False
    if scan is None or scan.day is None or line.stop is None:
        return True
    return line.stop[1] > scan.day


def _after_lines(scan: SstrScan | None, lines: list[GivenLine], rules: DueRules) -> Found:
    after = scan.day if scan else None
    anchored = [(day, line) for line in lines if (day := _anchor(line, after, rules))]
    anchor, line = min(anchored, key=lambda pair: pair[0], default=(None, lines[-1]))
    opens, due = rules.window(anchor) if anchor else (None, _repeat_day(after, line, rules))
    read = f"{class_words(scan.classes)} on {scan.words}" if scan else "No SSTR scan on record"
    sources = (*([scan.source] if scan else []), line.source)
    sentence = f"{read}; {line.words}{'; no SSTR scan since' if scan else ''}."
    return Found(Kind.SSTR_LINE, sentence, "Book an SSTR scan", anchor or after, due, opens, sources)


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


def _repeat(facts: WatchFacts, rules: DueRules) -> Found | None:
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
    return Found(Kind.REPEAT_SCAN, sentence, "Book an SSTR scan", scan.day, due, None, (scan.source,))


def _booked(reason: Found, facts: WatchFacts, rules: DueRules, today: dt.date) -> Found:
    """A scan planned in time: its day counts, until the grace is over. One planned too late moves nothing."""
    planned = facts.next_date
    if planned is None or planned.what != "scan":
        return reason
    until = planned.on + dt.timedelta(days=rules.booking_grace_days)
    if today > until:
        return reason
    said, sources = reason.sentence.rstrip("."), (*reason.sources, planned.source)
    last = reason.due or _last_without_due(planned, rules)
    if last is None or planned.on > last:
        later = f"{said}; a scan is planned for {day_words(planned.on)}, later than due."
        return replace(reason, sentence=later, action="Book an earlier SSTR scan", sources=sources)
    sentence = f"{said}; a scan is planned on {day_words(planned.on)}."
    return Found(reason.kind, sentence, "Wait for the planned scan", reason.since, planned.on, None, sources)


def _last_without_due(planned: NextDate, rules: DueRules) -> dt.date | None:
    """Where no window can be told, the last week of one counted from the contact that planned the scan."""
    return planned.said_on + dt.timedelta(weeks=rules.last_weeks) if planned.said_on else None
