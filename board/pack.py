"""The pack of an agenda, to read before the meeting: of each case question, course, what is known and what is not."""

import datetime as dt

from django.utils import timezone

from board import words
from board.case_blocks import seen_blocks
from board.case_data import case_points
from board.chart import Chart
from board.criteria_view import own_keys
from board.decision_view import decision_lines
from board.document import Block, Document, Grid, Part, Words
from board.domain.sketch import sketch
from board.domain.timeline import draw
from board.history import history
from board.identity import identity_of
from board.minutes_content import ONE_SCAN, events_in_words, key_pictures
from board.minutes_document import EXTRACT
from board.models import AgendaItem, Meeting
from board.watch_strip import watch_strip
from patients import reads
from patients.selectors import visible_patients

CLOSED = "This meeting was closed {day}: what it decided is in its minutes, and facts may have changed since"
LANES = {AgendaItem.Lane.DISCUSS: "Discuss", AgendaItem.Lane.NOTING: "For noting"}


def pack_for(user, meeting: Meeting, *, today: dt.date | None = None) -> Document:
    """Cases this user may see; where some are left out the pack says so."""
    day = today or timezone.localdate()
    items = list(meeting.items.exclude(state=AgendaItem.State.REMOVED).select_related("patient", "meeting"))
    items.sort(key=lambda item: (item.lane, item.position, item.added_at))
    mine = set(visible_patients(user).filter(pk__in=[i.patient_id for i in items]).values_list("pk", flat=True))
    shown = [item for item in items if item.patient_id in mine]
    reads.note_all(shown)
    mark = "" if len(shown) == len(items) else EXTRACT.format(shown=len(shown), count=len(items))
    begins = timezone.localtime(meeting.starts_at)
    when = f"{words.day_words((begins.date(), begins.date()))} {begins:%H:%M}"
    return Document(
        title=f"Agenda of the {meeting.title}",
        where=f"{meeting.title}, {when}",
        head=tuple(_head(meeting, when, shown, mark, day)),
        parts=(_overview(shown), *(_case(item, day) for item in shown)),
        mark=mark,
    )


def _head(meeting: Meeting, when: str, shown: list[AgendaItem], mark: str, day: dt.date) -> list[str]:
    place = f", {meeting.place}" if meeting.place else ""
    planned = sum(item.minutes for item in shown if item.lane == AgendaItem.Lane.DISCUSS)
    return [
        f"Begins {when}{place}, {meeting.planned_minutes} min planned; these cases take {planned} min",
        f"Agenda {_frozen(meeting)}. Facts as known on {words.day_words((day, day))}",
        *([CLOSED.format(day=_moment(meeting.closed_at))] if meeting.state == Meeting.State.CLOSED else []),
        *([f"{mark}. The others are not shared with the reader this was printed for."] if mark else []),
    ]


def _frozen(meeting: Meeting) -> str:
    if meeting.frozen_at:
        return f"frozen {_moment(meeting.frozen_at)}"
    return "was never frozen" if meeting.started_at else "not frozen yet"


def _moment(at: dt.datetime | None) -> str:
    return f"{timezone.localtime(at):%-d %b %Y %H:%M}" if at else "on a day that is not recorded"


def _overview(items: list[AgendaItem]) -> Part:
    rows = tuple(
        (str(n), item.patient.case_number, LANES[item.lane], f"{item.minutes} min", item.question or "none", _why(item))
        for n, item in enumerate(items, 1)
    )
    heads = ("", "Case", "Lane", "Time", "Question", "Why listed")
    return Part("Cases", (Grid(heads, rows, (0.3, 0.9, 0.9, 0.7, 2.6, 2.4), "No case is listed."),))


def _why(item: AgendaItem) -> str:
    late = "; added after the freeze" if item.is_late else ""
    again = f"; postponed {item.times_postponed} times before" if item.times_postponed else ""
    return f"{item.why_text or item.get_why_display()}{late}{again}"


def _case(item: AgendaItem, day: dt.date) -> Part:
    chart = Chart(item.patient, day)
    drawn = history(chart)
    blocks: list[Block] = [
        Words(item.question or "No question is asked yet.", "strong"),
        Words("; ".join(fact.text for fact in identity_of(chart).facts), "small"),
        Grid(("", ""), tuple(_listed(item, chart)), (1, 3.2)),
        _freshness(item, chart),
        *seen_blocks(key_pictures(chart), sketch(draw(drawn)), events_in_words(drawn)),
        *_eligibility(chart, day),
    ]
    return Part(f"Case {item.patient.case_number}", tuple(blocks), is_new_page=True)


def _listed(item: AgendaItem, chart: Chart) -> list[tuple[str, str]]:
    previous = [line for line in decision_lines(chart) if _is_before(line, item.meeting)][:1]
    strip = watch_strip(chart)
    rows = [("Why it is listed", _why(item))]
    if item.gate_missing:
        rows.append(
            ("Missing data", f"{', '.join(map(str, item.gate_missing))}. Listed all the same: {item.gate_reason}")
        )
    if item.lane == AgendaItem.Lane.NOTING:
        rows.append(("Reviewer", item.reviewer or "none named yet"))
    rows.append(("Last decision", _previous(previous[0]) if previous else "none on record"))
    rows.append(("Change of uptake", chart.change.sentence if chart.change else ONE_SCAN))
    rows += [("Watch list", f"{line.sentence} {line.action}.") for line in strip.lines]
    return rows


def _is_before(line, meeting: Meeting) -> bool:
    """What the meeting itself or a later one decided is no last decision to it."""
    return meeting.started_at is None or line.decision.recorded_at < meeting.started_at


def _freshness(item: AgendaItem, chart: Chart) -> Grid:
    """Of each item of the minimum data whether it is there and young enough, and what its limit is."""
    found = case_points(chart, question=item.question)
    rows = tuple((point.state.value, point.words, point.why if point.is_open else "") for point in found)
    return Grid(("Data", "Item", "What is open"), rows, (0.6, 1.4, 2.6))


def _previous(line) -> str:
    changed = f" {line.change_count} criteria read otherwise now." if line.change_count else ""
    return f"{line.decision.get_outcome_display()}, {line.day}: {line.decision.text}{changed}"


def _eligibility(chart: Chart, day: dt.date) -> list[Block]:
    """What each rule set says today, and what the site's own could not answer: missing, or too old."""
    results = chart.assessed_on(day)
    rows = tuple((f"{key} v{found.guideline_version}", found.verdict_text) for key, found in results.items())
    blocks: list[Block] = [Grid(("Rule set", "What it says today"), rows, (1, 2.2), "No rule set.")]
    open_rows = [row for key in own_keys() for row in results[key].unknown_rows if row.is_active]
    said = list(dict.fromkeys(f"- {row.title}: {words.typeset(row.reason_text)}" for row in open_rows))
    return [
        *blocks,
        Words("Not known, or too old to be used", "strong"),
        *(Words(one, "item") for one in said or ["- nothing"]),
    ]
