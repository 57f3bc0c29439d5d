"""The line at the foot of the wall, and the word of a verdict with what decided it."""

from types import SimpleNamespace

import pytest
from django.template.loader import render_to_string

from board.frame_head import line_of
from board.frame_verdicts import WallVerdict
from board.models import DecisionDraft, ScreenState
from tests.board.meeting_factories import make_item, make_meeting
from tests.patients.factories import make_patient, make_user

TEXT = {"outcome": "more_data", "text": "Scan first.", "next_step": "sstr_pet", "owner": "Oncology"}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("when", "said"),
    [
        ({"due_date": "2026-12-10", "interval_days": 14}, "by 10 Dec 2026"),
        ({"interval_days": 56}, "within 8 weeks"),
        ({"interval_days": 10, "due_date": ""}, "within 10 days"),
        ({"interval_days": None}, ""),
    ],
)
def test_the_room_sees_when_before_it_agrees(when, said):
    by = make_user("chair", username="chair")
    item = make_item(make_meeting(by, state="running"), make_patient(by=by), by)
    DecisionDraft.objects.create(item=item, version=1, content=TEXT | when)
    state = ScreenState(item_id=item.pk, shows_sentence=True)
    line = line_of(item, state, SimpleNamespace(decisions=[]))
    assert line.label == "Proposed"
    assert line.detail.partition("Oncology")[2].removeprefix(" · ") == said


def test_an_adverse_verdict_never_stands_without_its_reason():
    one = WallVerdict("not_eligible", "NOT ELIGIBLE", "site-set v1", "", "Progressive disease and 1 more")
    shown = " ".join(render_to_string("board/screen/_verdict.html", {"one": one}).split())
    assert "Progressive disease and 1 more" in shown.partition("site-set")[2]
