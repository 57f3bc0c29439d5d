"""Minutes as a document. Whoever may not see every case of the meeting is given an extract that says so."""

from typing import Any

from board.case_blocks import (
    criteria_blocks,
    day_of,
    decision_grid,
    moment_of,
    next_step_of,
    outcome_line,
    quorum_words,
    seen_blocks,
    verdict_grid,
)
from board.chain import link_of, verification_code
from board.document import Block, Document, Grid, Part, Words
from board.models import AgendaItem, Minutes
from patients import reads
from patients.selectors import visible_patients

EXTRACT = "EXTRACT: {shown} of {count} cases"
_LANE, _STATE = AgendaItem.Lane, AgendaItem.State


def minutes_for(user, minutes: Minutes) -> Document:
    """The whole where this user may see every case, else an extract."""
    ids = [case["patient"] for case in minutes.content["cases"]]
    mine = {str(pk) for pk in visible_patients(user).filter(pk__in=ids).values_list("pk", flat=True)}
    reads.note_all(mine)
    return minutes_document(minutes, mine)


def minutes_document(minutes: Minutes, visible: set[str]) -> Document:
    content = minutes.content
    cases = [case for case in content["cases"] if case["patient"] in visible]
    is_whole = len(cases) == len(content["cases"])
    mark = "" if is_whole else EXTRACT.format(shown=len(cases), count=len(content["cases"]))
    title = content["meeting"]["title"]
    return Document(
        title=f"Minutes of the {title}, {_held_on(content['meeting'])}",
        where=f"{title}, {_held_on(content['meeting'])}",
        head=tuple(_head(minutes, mark)),
        parts=(
            _attendance(content),
            *_corrections(content),
            _overview(cases, mark),
            *(_case(case) for case in cases),
            *(_taken_off(content) if is_whole else ()),
        ),
        mark=mark,
    )


def _head(minutes: Minutes, mark: str) -> list[str]:
    meeting, link = minutes.content["meeting"], link_of(minutes)
    place = f", {meeting['place']}" if meeting["place"] else ""
    version = f"Version {minutes.version}"
    if minutes.amendment_reason:
        version += f", a correction: {minutes.amendment_reason}"
    return [
        f"Began {moment_of(meeting['started_at'])}, closed {moment_of(meeting['closed_at'])}{place}",
        f"Planned for {moment_of(meeting['starts_at'])}, {meeting['planned_minutes']} min",
        f"{version}. Written when {minutes.content['written_by']} closed the meeting",
        *([f"{mark}. The others are not shared with the reader this was printed for."] if mark else []),
        *(_seal(link)),
    ]


def _held_on(meeting: dict[str, Any]) -> str:
    """The day it began, whatever day it was planned for."""
    return day_of((meeting["started_at"] or meeting["starts_at"])[:10])


def _seal(link) -> list[str]:
    if link is None:
        return ["NOT IN THE CHAIN: do not rely on these minutes."]
    return [
        f"Content sha256 {link.content_hash}",
        f"Verification code {verification_code(link)} (link {link.sequence} of the chain; check it at /verify/)",
    ]


def _attendance(content: dict[str, Any]) -> Part:
    rows = tuple(
        (group["label"], *(_names(group, state) for state in ("present", "left", "apology", "expected")))
        for group in content["attendance"]
    )
    heads = ("Discipline", "Present", "Left early", "Apology", "Not recorded")
    grid = Grid(heads, rows, (1.3, 2, 1.2, 1.2, 1.2), "No seat was recorded.")
    return Part("Attendance", (grid, Words(f"Quorum {quorum_words(content['quorum'])}", "strong")))


def _names(group: dict[str, Any], state: str) -> str:
    found = [
        seat["name"] + (" (chair)" if seat["is_chair"] else "") for seat in group["seats"] if seat["state"] == state
    ]
    return ", ".join(found)


def _corrections(content: dict[str, Any]) -> list[Part]:
    found = content.get("corrections", [])
    lines = [Words(f"Version {c['version']}, {moment_of(c['at'])}, {c['by']}: {c['reason']}", "item") for c in found]
    return [Part("Corrections", tuple(lines))] if lines else []


def _overview(cases: list[dict[str, Any]], mark: str) -> Part:
    rows = tuple(_line(case) for case in cases)
    heads = ("Case", "Question", "Result", "Next step", "Owner", "Due")
    empty = "None of the cases is shared with the reader." if mark else "No case was on the agenda."
    return Part("Cases", (Grid(heads, rows, (0.8, 2, 1.5, 1.8, 1.2, 1.1), empty),))


def _line(case: dict[str, Any]) -> tuple[str, ...]:
    if not case["decisions"]:
        return case["case"], case["question"], _result(case), "", "", ""
    core = case["decisions"][-1]
    label = core["outcome"]["label"]
    return case["case"], case["question"], label, next_step_of(core), core["owner"], day_of(core["due_date"])


def _result(case: dict[str, Any]) -> str:
    if case["state"] == _STATE.POSTPONED:
        return f"postponed, {_nth(case['times_postponed'])} time"
    return f"noted, reviewed by {case['reviewer']}"


def _nth(number: int) -> str:
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th") if number % 100 not in (11, 12, 13) else "th"
    return f"{number}{ending}"


def _case(case: dict[str, Any]) -> Part:
    blocks: list[Block] = [Words(case["question"] or "No question was asked.", "strong"), Words(_who(case), "small")]
    for core in case["decisions"]:
        blocks += [Words(outcome_line(core), "strong"), decision_grid(core, _of_item(case)), verdict_grid(core)]
    if not case["decisions"]:
        blocks += [Words(f"{_result(case).capitalize()}. {case['reason']}".strip(), "strong"), *_plain(case)]
    blocks += seen_blocks(case["pictures"], case["timeline"], case["events"])
    for core in case["decisions"]:
        blocks += criteria_blocks(core)
    return Part(f"Case {case['case']}", tuple(blocks), is_new_page=True)


def _who(case: dict[str, Any]) -> str:
    lane = "For noting" if case["lane"] == _LANE.NOTING else "Discussed" if case["decisions"] else "For discussion"
    late = ", added after the agenda was frozen" if case["is_late"] else ""
    return f"{'; '.join(case['who'])}. {lane}, listed as: {case['why']}{late}."


def _of_item(case: dict[str, Any]) -> list[tuple[str, str]]:
    rows = [("Note", case["note"])] if case["note"] else []
    if case["gate_missing"]:
        rows.append(("Missing when listed", f"{', '.join(map(str, case['gate_missing']))}: {case['gate_reason']}"))
    if case["seconds"]:
        rows.append(("Time on the screen", f"{case['seconds'] // 60}:{case['seconds'] % 60:02d} min"))
    return rows


def _plain(case: dict[str, Any]) -> list[Block]:
    rows = tuple(_of_item(case))
    return [Grid(("", ""), rows, (1, 3.2))] if rows else []


def _taken_off(content: dict[str, Any]) -> list[Part]:
    lines = [
        Words(f"- Case {one['case']}: {one['reason'] or 'no reason recorded'}", "item") for one in content["taken_off"]
    ]
    return [Part("Taken off the agenda", tuple(lines))] if lines else []
