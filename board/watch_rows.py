"""What the watch rules need, from the rows of one chart: nothing is asked of the database here."""

from collections.abc import Iterator
from dataclasses import replace

from django.utils import timezone

from board import words
from board.chart import Chart
from board.domain.due import DueRules
from board.domain.sstr_class import ANY, possible_classes
from board.domain.watch_facts import (
    BookedReview,
    GivenLine,
    NextDate,
    OpenNotice,
    SstrScan,
    StandingDecision,
    UntypedScan,
    WatchFacts,
)
from board.models import AgendaItem, DecisionFollowUp
from board.notices import covers, open_notices
from board.unsettled import unsettled_changes
from board.waiting import waiting_contact
from eligibility.fact_tools import dated, source, usable
from eligibility.lesion_facts import newest_sstr_scan, sstr_facts
from imaging.domain.vocabulary import Tracer, is_sstr
from imaging.models import Scan
from patients.domain.drugs import drugs_of
from patients.models import TreatmentLine

UNTYPED = {"": "not recorded", Tracer.OTHER: "recorded as other"}
UNREAD = frozenset({"no_reading", "unsigned_proposal", "recomputing"})


def watch_facts(chart: Chart, rules: DueRules) -> WatchFacts:
    standing = [decision for decision in chart.decisions if decision.replaced_by is None]
    scan = _scan(chart)
    return WatchFacts(
        is_deceased=chart.is_deceased,
        closed_because=chart.closing.reason if chart.closing else "",
        scan=scan,
        untyped=tuple(_untyped(chart, scan)),
        lines=tuple(_line(line, rules) for line in chart.lines),
        decisions=tuple(_decision(decision) for decision in standing),
        next_date=_next_date(chart),
        notices=tuple(notice for decision in standing if (notice := _notice(decision, chart))),
        unsettled=unsettled_changes(chart),
        reviews=tuple(_review(item) for item in chart.listings),
    )


def _scan(chart: Chart) -> SstrScan | None:
    """The newest one known to be of SSTR: another may be anything, and answers for nothing until that is said."""
    known = [scan for scan in chart.of(Scan) if is_sstr(scan.tracer)]
    case = replace(chart.case, by_model={**chart.case.by_model, Scan: known})
    scan: Scan | None = newest_sstr_scan(case, chart.today)
    if scan is None:
        return None
    fact = sstr_facts(case, chart.today)["sstr_relation_to_liver"]
    classes = possible_classes(fact.value) if fact.value is not None else ANY
    return SstrScan(dated(scan), words.row_day(scan), source(scan), classes, fact.reason not in UNREAD)


def _untyped(chart: Chart, newest: SstrScan | None) -> Iterator[UntypedScan]:
    """Scans after the newest SSTR scan whose tracer is not recorded, or is none of the list: they may be later ones."""
    for scan in usable(chart.of(Scan), chart.today):
        day = dated(scan)
        if scan.tracer in UNTYPED and day and (newest is None or newest.day is None or day > newest.day):
            yield UntypedScan(day, words.row_day(scan), source(scan), UNTYPED[scan.tracer])


def _line(line: TreatmentLine, rules: DueRules) -> GivenLine:
    return GivenLine(
        words=_line_words(line),
        treatment_class=line.treatment_class,
        source=source(line, line.regimen),
        is_counted=_is_counted(line, rules.counted_regimen),
        start=line.clinical_span,
        stop=line.stop_span,
        is_ongoing=line.is_ongoing,
        cycles=line.cycles,
    )


def _line_words(line: TreatmentLine) -> str:
    given = f"{line.regimen} ×{line.cycles}" if line.cycles else line.regimen
    if line.stop_date:
        return f"{given} ended {words.row_day(line, 'stop_date')}"
    return f"{given} is going on" if line.is_ongoing else f"the end of {given} is not recorded"


def _is_counted(line: TreatmentLine, regimen: str) -> bool:
    """By name, or by holding all of its drugs."""
    if line.regimen.casefold().startswith(regimen.casefold()):
        return True
    needed = {drug.casefold() for drug in drugs_of(regimen)}
    return bool(needed) and needed <= {str(drug).casefold() for drug in line.drugs}


def _decision(decision) -> StandingDecision:
    return StandingDecision(
        outcome=decision.outcome,
        outcome_words=decision.get_outcome_display(),
        decided_on=decision.decided_on,
        owner=decision.owner,
        source=source(decision, str(decision)),
        due=decision.due_date,
        is_done=decision.happened is not None and decision.happened.kind == DecisionFollowUp.Kind.DONE,
    )


def _next_date(chart: Chart) -> NextDate | None:
    row = waiting_contact(chart)
    if row is None:
        return None
    return NextDate(row.next_for, row.get_next_for_display(), row.next_on, source(row, str(row)), row.contacted_on)


def _review(item: AgendaItem) -> BookedReview:
    day = timezone.localdate(item.meeting.starts_at)
    return BookedReview(day, item.meeting.title, source(item, str(item.meeting)), timezone.localdate(item.added_at))


def _notice(decision, chart: Chart) -> OpenNotice | None:
    found = open_notices(decision)
    if not found:
        return None
    # What changed after it was assigned is assigned to nobody.
    assigned = [row for row in decision.answers if row.kind == DecisionFollowUp.Kind.ASSIGNED]
    given = [row for row in assigned if covers(row, found[-1])]
    assigned_to = chart.names.get(given[-1].assignee_id, "") if given else ""
    since = timezone.localdate(found[0].noticed_at)
    return OpenNotice(since, decision.decided_on, source(found[0], "inputs changed since"), assigned_to)
