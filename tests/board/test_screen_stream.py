"""The stream of the screen: what it says when, that it gives its place back, and that it never fails in silence."""

import json

import pytest
from django.db import OperationalError
from django.test import Client
from django.urls import reverse

from board import screen_stream
from board.screen import command
from patients.domain.roles import Role
from tests.board.meeting_factories import make_item, make_meeting
from tests.contracts.routes import SEERS
from tests.patients.factories import make_patient, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(screen_stream, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr(screen_stream, "BEAT_SECONDS", 0.05)


@pytest.fixture
def chair():
    return make_user("chair")


@pytest.fixture
def meeting(chair):
    found = make_meeting(chair, state="running")
    make_item(found, make_patient(by=chair), chair)
    return found


@pytest.fixture
def stream(chair, meeting):
    browser = Client()
    browser.force_login(chair)
    response = browser.get(reverse("board:screen_events", args=[meeting.pk]))
    yield browser, iter(response.streaming_content)
    response.close()


def told(lines) -> tuple[str, dict]:
    event, data = next(lines).decode().strip().split("\n")
    return event.removeprefix("event: "), json.loads(data.removeprefix("data: "))


def free() -> int:
    return screen_stream._free._value


def test_the_state_comes_at_once_and_again_when_the_screen_moves(stream, chair, meeting):
    _, lines = stream
    kind, state = told(lines)
    assert (kind, state["view"], state["position"]) == ("state", "waiting", 0)
    command(by=chair, meeting=meeting, action="next")
    found = [told(lines) for _ in range(3)]
    assert next(s for kind, s in found if kind == "state")["view"] == "overview"


def test_a_beat_comes_while_nothing_happens(stream):
    _, lines = stream
    told(lines)
    assert [told(lines)[0] for _ in range(3)] == ["beat"] * 3


def test_an_error_of_the_database_is_said_before_the_stream_ends(stream, monkeypatch):
    _, lines = stream
    told(lines)

    def gone(*_args, **_named):
        raise OperationalError("server closed the connection")

    monkeypatch.setattr("django.db.models.query.QuerySet.first", gone)
    assert told(lines) == ("stale", {})
    assert list(lines) == []


def test_a_person_who_signs_out_is_told_nothing_more(stream):
    browser, lines = stream
    told(lines)
    browser.logout()
    assert [told([line].__iter__())[0] for line in lines][-1] == "end"


def test_places_are_given_back_even_where_nobody_read(chair, meeting):
    browser = Client()
    browser.force_login(chair)
    before = free()
    unread = browser.get(reverse("board:screen_events", args=[meeting.pk]))
    assert free() == before - 1
    unread.close()
    unread.close()
    assert free() == before


def test_beyond_the_places_of_a_process_the_answer_is_503_and_when_to_ask_again(chair, meeting):
    browser = Client()
    browser.force_login(chair)
    address = reverse("board:screen_events", args=[meeting.pk])
    taken = [browser.get(address) for _ in range(free())]
    refused = browser.get(address)
    assert refused.status_code == 503 and refused["Retry-After"] == "10"
    for response in taken:
        response.close()


@pytest.mark.parametrize("role", list(Role))
def test_only_those_who_see_meetings_follow_one(meeting, role):
    browser = Client()
    browser.force_login(make_user(role.value))
    response = browser.get(reverse("board:screen_events", args=[meeting.pk]))
    response.close()
    assert response.status_code == (200 if role in SEERS else 403)
    assert Client().get(reverse("board:screen_events", args=[meeting.pk])).status_code == 302
