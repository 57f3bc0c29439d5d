"""Pictures of the room's screen: one fragment of HTML for a case and a view, or a card that names nobody."""

import uuid

from django.http import Http404
from django.template.loader import render_to_string

from board.models import AgendaItem, Meeting, ScreenState

View = ScreenState.View
CARDS = (View.WAITING, View.TEST, View.CLOSED, "blank")


def case_frame(meeting: Meeting, item: uuid.UUID, view: str, lesion: str = "0") -> str:
    """While the meeting runs; otherwise there are only cards. ``lesion`` counts from the coldest."""
    found = meeting.items.exclude(state=AgendaItem.State.REMOVED).filter(pk=item).select_related("patient").first()
    is_shown = view in ScreenState.OF_A_CASE and meeting.state == Meeting.State.RUNNING
    if found is None or not is_shown or not (lesion.isascii() and lesion.isdigit()):
        raise Http404("No such view.")
    return ""


def card(meeting: Meeting, view: str) -> str:
    if view not in CARDS:
        raise Http404("No such card.")
    return render_to_string(f"board/screen/{view}.html", {"meeting": meeting})
