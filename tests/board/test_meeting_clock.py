"""When a meeting is held: asked about on another day, one end on both pages, and its own day once it is over."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from board.builder import agenda_of
from board.console import Console
from board.models import AgendaItem, Meeting
from board.screen import command, screen_of
from patients.services import grant_access
from tests.board.meeting_factories import make_item, make_meeting
from tests.board.test_patient_page import text_of
from tests.patients.factories import make_patient, make_user

pytestmark = pytest.mark.django_db
JSON = {"headers": {"accept": "application/json"}}


@pytest.fixture
def chair(client):
    found = make_user("chair")
    client.force_login(found)
    return found


def meeting_with_cases(chair, number: int, **values) -> Meeting:
    meeting = make_meeting(chair, **values)
    for _ in range(number):
        patient = make_patient(by=make_user("coordinator"))
        grant_access(by=chair, patient=patient, user=chair, kind="board", reason="sits on the board")
        make_item(meeting, patient, chair)
    return meeting


def ask(client, name, meeting) -> str:
    return text_of(client.get(reverse(f"board:{name}", args=[meeting.pk])))


def test_a_meeting_planned_for_another_day_is_not_started_by_one_press(client, chair):
    meeting = make_meeting(chair, starts_at=timezone.now() + dt.timedelta(days=14))
    start = reverse("board:meeting_start", args=[meeting.pk])
    refused = client.post(start, **JSON)
    day = timezone.localtime(meeting.starts_at)
    assert refused.status_code == 422 and f"planned for {day:%-d %B %Y, %H:%M}. Start it today?" in str(refused.json())
    assert Meeting.objects.get(pk=meeting.pk).state == "planned"
    for name in ("console", "meeting"):
        page = client.get(reverse(f"board:{name}", args=[meeting.pk])).content.decode()
        assert 'name="today" value="1" required' in page and "autofocus" not in page, name
    assert client.post(start, {"today": "1"}, **JSON).json()["state"] == "running"


def test_a_meeting_of_today_is_started_by_one_press(client, chair):
    meeting = make_meeting(chair)
    assert 'name="today"' not in client.get(reverse("board:console", args=[meeting.pk])).content.decode()
    assert client.post(reverse("board:meeting_start", args=[meeting.pk]), **JSON).json()["state"] == "running"


def test_console_and_meeting_page_give_the_same_end(chair):
    began = timezone.now() - dt.timedelta(minutes=20)
    meeting = meeting_with_cases(chair, 3, state="running", started_at=began, starts_at=began)
    item = meeting.items.first()
    command(by=chair, meeting=meeting, action="show", value=str(item.pk))
    screen = screen_of(meeting)
    screen.shown_since = timezone.now() - dt.timedelta(minutes=6)
    screen.save()
    meeting = Meeting.objects.get(pk=meeting.pk)
    on_page, on_console = agenda_of(meeting, chair).ends_at, Console(meeting, chair).ending.at
    assert abs(on_page - on_console) < dt.timedelta(seconds=5)
    assert abs(on_page - (timezone.now() + dt.timedelta(minutes=4 + 20))) < dt.timedelta(seconds=10)


def test_before_the_start_the_console_gives_the_builders_end_and_who_is_expected(client, chair):
    meeting = meeting_with_cases(chair, 2, present=False)
    text = ask(client, "console", meeting)
    assert f"Planned to end {timezone.localtime(agenda_of(meeting, chair).ends_at):%H:%M}" in text
    assert "If everybody comes: quorum complete" in text and "provisional" not in text


def test_a_closed_meeting_gives_the_day_and_the_minutes_it_took(client, chair):
    began = timezone.now() - dt.timedelta(minutes=34)
    held = {"state": "closed", "started_at": began, "closed_at": timezone.now()}
    meeting = meeting_with_cases(chair, 1, starts_at=began + dt.timedelta(days=7), **held)
    AgendaItem.objects.filter(meeting=meeting).update(state="postponed")
    page, day = ask(client, "meeting", meeting), timezone.localtime(began)
    assert f"{day:%a} {day.day} {day:%b %Y, %H:%M} to" in page and "planned for" in page
    assert "34 min , planned 90 min" in page.replace("34 min, ", "34 min , ") and "Time plan" not in page
    console = client.get(reverse("board:console", args=[meeting.pk])).content.decode()
    assert reverse("board:minutes", args=[meeting.pk]) in console and "Next case" not in console
    assert "once the meeting has begun" not in console and "console/console.js" not in console
