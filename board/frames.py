"""Pictures of the room's screen: one fragment of HTML for a case and a view, or a card that names nobody."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass

from django.http import Http404
from django.template.loader import render_to_string
from django.utils import timezone

from board.chart import Chart
from board.domain.wall import draw_wall
from board.frame_cache import chart_of
from board.frame_head import head_of, line_of
from board.frame_lesions import BESIDE_A_SENTENCE, MOST_ROWS, WallLesion, above_liver, coldest, heatmap, lesion_at
from board.frame_pictures import Pair, axial_pair, mip_pair, why_none
from board.frame_previous import previous
from board.frame_verdicts import WallVerdict, flips, left_out, open_rows, verdicts
from board.guarded import guarded
from board.history import history
from board.ledger import ledger
from board.models import AgendaItem, Meeting, ScreenState
from board.screen import screen_of
from board.screen_agenda import agenda_of, place_of
from board.screen_state import BLANK, view_of

View = ScreenState.View
CARDS = (View.WAITING, View.TEST, View.CLOSED, BLANK)


@dataclass(frozen=True)
class Asked:
    """``has_line``: a sentence stands at the foot, so there is less room for the view."""

    lesion: int
    item: AgendaItem
    has_line: bool


def case_frame(meeting: Meeting, item: uuid.UUID, view: str, lesion: str = "0") -> str:
    """While the meeting runs; otherwise there are only cards. ``lesion`` counts from the coldest."""
    agenda = agenda_of(meeting)
    found = next((one for one in agenda if one.pk == item), None)
    is_shown = view in ScreenState.OF_A_CASE and meeting.state == Meeting.State.RUNNING
    index = int(lesion) if lesion.isascii() and lesion.isdigit() and len(lesion) < 4 else None
    if found is None or not is_shown or index is None:
        raise Http404("No such view.")
    chart = chart_of(found.patient, timezone.localdate())
    context = _frame(meeting, agenda, found, chart) | {"view": view, "view_name": View(view).label}
    asked = Asked(index, found, has_line=context["line"] is not None)
    context["shown"] = guarded(f"screen {view}", _BUILT[view], chart, asked)
    return render_to_string(f"board/screen/{view}.html", context)


def card(meeting: Meeting, view: str, code: str = "") -> str:
    """``code``: of the device that asks, for the last card; from there it goes on to the next meeting."""
    if view not in CARDS:
        raise Http404("No such card.")
    lanes = [item.lane for item in agenda_of(meeting)]
    counts = {
        "to_discuss": lanes.count(AgendaItem.Lane.DISCUSS),
        "for_noting": lanes.count(AgendaItem.Lane.NOTING),
    }
    starts = timezone.localtime(meeting.starts_at)
    return render_to_string(f"board/screen/{view}.html", {"meeting": meeting, "starts": starts, "code": code, **counts})


def current(meeting: Meeting, code: str = "") -> str:
    """The frame that is on the screen now."""
    state = screen_of(meeting)
    view = view_of(state)
    if state.is_blank or view not in ScreenState.OF_A_CASE or state.item_id is None:
        return card(meeting, BLANK if state.is_blank else view, code)
    return case_frame(meeting, state.item_id, view, str(state.lesion))


def _frame(meeting: Meeting, agenda: list[AgendaItem], item: AgendaItem, chart: Chart) -> dict:
    return {
        "head": guarded("screen head", head_of, chart, item, place_of(agenda, item.pk)),
        "line": guarded("screen line", line_of, item, screen_of(meeting), chart),
    }


def _overview(chart: Chart, asked: Asked) -> dict:
    alkylator = next((entry for entry in ledger(chart) if entry.name == "Temozolomide"), None)
    pair, lesion, said = mip_pair(chart), coldest(chart), verdicts(chart)
    return {
        "picture": draw_wall(history(chart)),
        "pair": pair,
        "coldest": lesion,
        "facts": _not_yet_said(lesion, pair),
        "above": above_liver(chart),
        "change": chart.change.label.partition(":")[0] if chart.change else "",
        "verdicts": said,
        "left_out": left_out(chart),
        "alkylator": alkylator.value
        if alkylator and alkylator.row and _has_room(said, asked.item.question or getattr(chart.question, "text", ""))
        else "",
    }


NOTES_OF_A_LINE, QUESTION_OF_TWO = 30, 90  # characters


def _has_room(said: list[WallVerdict], question: str) -> bool:
    """Reasons of more than a line, or a long question, take the place of the alkylator: its bar is in the timeline."""
    notes = sum(len(one.against) + len(one.note) for one in said)
    return notes <= NOTES_OF_A_LINE and len(question) <= QUESTION_OF_TWO


def _not_yet_said(lesion: WallLesion | None, pair: Pair) -> tuple:
    """The first fact of a lesion; why there is no SUV stands in the place of the picture already."""
    is_refused = bool(pair.shown) and pair.shown[-1].is_refused
    return () if lesion is None or is_refused else lesion.facts[:1]


def _timeline(chart: Chart, _asked: Asked) -> dict:
    return {"picture": draw_wall(history(chart)), "verdicts": verdicts(chart)}


def _lesion(chart: Chart, asked: Asked) -> dict:
    found = lesion_at(chart, asked.lesion)
    if found is None:
        return {"lesion": None, "why": "No lesion recorded" if chart.dated_sstr_scans else why_none(chart)}
    return {"lesion": found[1], "pair": axial_pair(chart, found[0])}


def _heatmap(chart: Chart, asked: Asked) -> dict:
    most = BESIDE_A_SENTENCE if asked.has_line else MOST_ROWS
    return {"heatmap": heatmap(chart, most), "why": "" if chart.dated_sstr_scans else why_none(chart)}


def _what_if(chart: Chart, _asked: Asked) -> dict:
    found = flips(chart)
    rows, more = open_rows(chart, found)
    return {"flips": found, "rows": rows, "more": more}


def _previous(chart: Chart, asked: Asked) -> dict:
    return {"previous": previous(chart, asked.item)}


_BUILT: dict[str, Callable[[Chart, Asked], dict]] = {
    View.OVERVIEW: _overview,
    View.TIMELINE: _timeline,
    View.LESION: _lesion,
    View.HEATMAP: _heatmap,
    View.WHAT_IF: _what_if,
    View.PREVIOUS: _previous,
}
