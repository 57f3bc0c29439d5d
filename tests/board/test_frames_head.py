"""The line at the foot of the wall, and the word of a verdict with what decided it."""

import datetime as dt
from types import SimpleNamespace

import pytest
from django.template.loader import render_to_string
from django.utils.html import strip_tags

from board.frame_head import line_of
from board.frame_verdicts import WallVerdict
from board.frames import case_frame
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


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("known", "said"),
    [
        ({"initials": "AB", "birth_date": dt.date(1968, 5, 6)}, "Case 1 of 1 · AB · W-1 · b. 1968"),
        ({"birth_date": dt.date(1968, 5, 6)}, "Case 1 of 1 · W-1 · b. 1968"),
        ({"initials": "AB", "birth_date_precision": "unknown"}, "Case 1 of 1 · AB · W-1"),
    ],
)
def test_the_room_sees_initials_and_year_of_birth(known, said):
    by = make_user("chair", username="chair")
    meeting = make_meeting(by, state="running")
    item = make_item(meeting, make_patient(by=by, case_number="W-1", **known), by)
    ScreenState.objects.create(meeting=meeting, item=item)
    html = " ".join(strip_tags(case_frame(meeting, item.pk, "overview")).split())
    assert f"{said} No diagnosis" in html and "1968-05" not in html and "May 1968" not in html


def test_an_adverse_verdict_never_stands_without_its_reason():
    one = WallVerdict("not_eligible", "NOT ELIGIBLE", "site-set v1", "", "Progressive disease and 1 more")
    shown = " ".join(render_to_string("board/screen/_verdict.html", {"one": one}).split())
    assert "Progressive disease and 1 more" in shown.partition("site-set")[2]
