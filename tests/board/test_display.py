"""Devices of a room: how they are paired, what their cookie opens, and that no frame names anybody."""

import datetime as dt

import pytest
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from board.models import AgendaItem, Display, Meeting, ScreenState
from board.pairing import MOST_OF_AN_ADDRESS, MOST_WRONG_CODES, TooMany, display_of, pair
from board.screen import command
from patients.models import AuditEvent
from patients.services import confirm_identifier, update_patient
from tests.board.factories import published_case
from tests.board.meeting_factories import make_item, make_meeting
from tests.contracts.routes import DISPLAY_ROUTES, ROUTES
from tests.contracts.world import make_world
from tests.patients.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_addresses_counted():
    cache.clear()


@pytest.fixture
def chair():
    return make_user("chair", username="chair", first_name="Ada", last_name="Zqchair")


@pytest.fixture
def meeting(chair):
    return make_meeting(chair, state="running")


@pytest.fixture
def device():
    """A browser in a room; it has opened the page and shows a code."""
    browser = Client()
    assert browser.get(reverse("board:display")).status_code == 200
    return browser


@pytest.fixture
def paired(device, chair, meeting):
    pair(by=chair, meeting=meeting, code=Display.objects.get().code)
    return device


def state_of(browser):
    return browser.get(reverse("board:display_state"))


def test_the_code_on_the_device_binds_it_to_one_meeting(device, chair, meeting):
    shown = state_of(device).json()["code"]
    assert len(shown) == 7 and shown in device.get(reverse("board:display")).content.decode()
    found = pair(by=chair, meeting=meeting, code=shown, label="Room 2")
    assert (found.meeting, found.code, found.label) == (meeting, "", "Room 2")
    assert state_of(device).json()["view"] == "waiting"
    assert AuditEvent.objects.get(action="pair_display").by == chair


def test_the_cookie_is_only_for_the_display_and_the_database_cannot_name_it(device):
    cookie = device.cookies["room_display"]
    assert cookie["path"] == "/display/" and cookie["httponly"] and cookie["samesite"] == "Strict"
    assert cookie.value not in str(list(Display.objects.values()))
    assert "sessionid" not in device.cookies


def test_a_code_ends_after_ten_minutes_and_another_is_shown(device, chair, meeting):
    old = Display.objects.get().code
    Display.objects.update(code_until=timezone.now() - dt.timedelta(seconds=1))
    refused = Client()
    refused.force_login(chair)
    address = reverse("board:display_pair", args=[meeting.pk])
    assert refused.post(address, {"code": old}, headers={"accept": "application/json"}).status_code == 422
    assert state_of(device).json()["code"].replace(" ", "") != old


def test_guessing_codes_is_stopped(device, chair, meeting):
    browser = Client()
    browser.force_login(chair)
    right = Display.objects.get().code
    wrong = f"{(int(right) + 1) % 10**6:06d}"
    address = reverse("board:display_pair", args=[meeting.pk])
    answers = [
        browser.post(address, {"code": wrong}, headers={"accept": "application/json"}).status_code
        for _ in range(MOST_WRONG_CODES + 1)
    ]
    assert answers == [422] * MOST_WRONG_CODES + [429]
    with pytest.raises(TooMany):
        pair(by=chair, meeting=meeting, code=right)


def test_one_address_cannot_use_up_all_codes():
    statuses = [Client().get(reverse("board:display")).status_code for _ in range(MOST_OF_AN_ADDRESS + 1)]
    assert statuses == [200] * MOST_OF_AN_ADDRESS + [503]


BEHIND_A_PROXY = {"SECURE_PROXY_SSL_HEADER": ("HTTP_X_FORWARDED_PROTO", "https"), "SECURE_SSL_REDIRECT": False}


def opened(said: str) -> int:
    return Client().get(reverse("board:display"), headers={"x-forwarded-for": said}).status_code


def test_behind_a_proxy_the_address_it_adds_is_counted_and_what_a_client_says_is_not(settings):
    for name, value in BEHIND_A_PROXY.items():
        setattr(settings, name, value)
    assert [opened("10.0.0.1") for _ in range(MOST_OF_AN_ADDRESS + 1)][-1] == 503
    assert opened("10.0.0.2") == 200
    assert opened("10.0.0.3, 10.0.0.1") == 503
    assert opened("not an address") == 200


def test_a_network_of_the_newer_kind_counts_as_one_address(settings):
    for name, value in BEHIND_A_PROXY.items():
        setattr(settings, name, value)
    found = [opened(f"2001:db8:1:2::{n:x}") for n in range(MOST_OF_AN_ADDRESS + 1)]
    assert found[-1] == 503 and opened("2001:db8:1:3::1") == 200


def test_without_a_proxy_nobody_chooses_the_address_that_is_counted():
    assert [opened(f"10.0.1.{n}") for n in range(MOST_OF_AN_ADDRESS + 1)][-1] == 503


@pytest.mark.parametrize("role", ["clinician", "nuclear_medicine", "observer", "data_entry", "system_admin", "display"])
def test_other_roles_pair_nothing(device, meeting, role):
    browser = Client()
    browser.force_login(make_user(role))
    code = Display.objects.get().code
    assert browser.post(reverse("board:display_pair", args=[meeting.pk]), {"code": code}).status_code == 403
    assert Display.objects.get().meeting is None


def test_the_session_ends_when_it_is_unpaired_or_the_meeting_is_long_closed(paired, chair, meeting):
    token = paired.cookies["room_display"].value
    Meeting.objects.update(state="closed", closed_at=timezone.now() - dt.timedelta(hours=11))
    assert state_of(paired).json()["view"] == "closed"
    Meeting.objects.update(closed_at=timezone.now() - dt.timedelta(hours=13))
    assert display_of(token) is None and state_of(paired).status_code == 410
    Meeting.objects.update(state="running", closed_at=None)
    browser = Client()
    browser.force_login(chair)
    browser.post(reverse("board:display_unpair", args=[meeting.pk, Display.objects.get().pk]))
    assert state_of(paired).status_code == 410
    assert "sitting" not in paired.get(reverse("board:display")).content.decode() and Display.objects.count() == 2


@pytest.mark.parametrize("state", ["planned", "frozen", "running"])
def test_the_session_ends_a_day_after_the_planned_end_of_a_meeting_that_nobody_closed(paired, chair, meeting, state):
    begins = timezone.now() - dt.timedelta(hours=24, minutes=meeting.planned_minutes)
    Meeting.objects.update(state=state, starts_at=begins + dt.timedelta(minutes=1))
    assert state_of(paired).status_code == 200
    Meeting.objects.update(starts_at=begins - dt.timedelta(minutes=1))
    assert state_of(paired).status_code == 410
    Meeting.objects.update(started_at=timezone.now())
    assert state_of(paired).status_code == 200


def test_a_meeting_that_should_be_over_takes_no_display(device, chair, meeting):
    Meeting.objects.update(starts_at=timezone.now() - dt.timedelta(days=2))
    meeting.refresh_from_db()
    with pytest.raises(ValidationError, match="Close it"):
        pair(by=chair, meeting=meeting, code=Display.objects.get().code)


def test_the_closed_card_shows_a_code_that_takes_the_device_to_the_next_meeting(paired, chair, meeting):
    Meeting.objects.update(state="closed", closed_at=timezone.now())
    told = state_of(paired).json()
    code = told["code"]
    assert len(code) == 7 and code in paired.get(told["frame"]["url"]).content.decode()
    assert code in paired.get(reverse("board:display")).content.decode()
    Display.objects.update(code_until=timezone.now() - dt.timedelta(seconds=1))
    later = state_of(paired).json()
    assert later["code"] != code and later["stamp"] != told["stamp"]
    following = make_meeting(chair, state="running")
    found = pair(by=chair, meeting=following, code=later["code"])
    assert (found.pk, found.meeting, found.code) == (Display.objects.get().pk, following, "")
    assert state_of(paired).json()["view"] == "waiting"


def test_a_device_of_a_running_meeting_has_no_code(paired, meeting):
    assert "code" not in state_of(paired).json() and Display.objects.get().code == ""


def test_a_case_taken_off_while_it_is_shown_leaves_the_waiting_card(paired, chair, meeting):
    item = make_item(meeting, published_case()[1], chair)
    ScreenState.objects.update_or_create(meeting=meeting, defaults={"item": item, "view": "overview"})
    assert "0001" in paired.get(reverse("board:display")).content.decode()
    AgendaItem.objects.update(state="removed")
    page = paired.get(reverse("board:display"))
    assert page.status_code == 200 and "0001" not in page.content.decode()
    assert state_of(paired).json()["frame"]["key"] == "waiting"


def test_a_device_reaches_the_display_and_nothing_else(paired):
    """Every page of the product, asked with the device's cookie sent by force, sends it away to sign in."""
    world = make_world("OWN", make_user("chair"))
    everywhere = Client()
    everywhere.cookies["room_display"] = paired.cookies["room_display"].value
    for name, rules in ROUTES.items():
        for rule in rules:
            for ask in (everywhere.get, everywhere.post):
                answer = ask(reverse(name, kwargs=world.kwargs(rule.about)))
                assert answer.status_code == 302 and "/accounts/login/" in answer["Location"], name


def test_the_display_answers_to_reading_only(paired, chair, meeting):
    for name in DISPLAY_ROUTES - {"board:display_frame", "board:display_card"}:
        assert paired.post(reverse(name)).status_code == 405, name
        assert paired.delete(reverse(name)).status_code == 405, name


def test_nothing_is_shown_to_a_device_that_is_not_paired(device, chair, meeting):
    item = make_item(meeting, published_case()[1], chair)
    for browser in (device, Client()):
        assert browser.get(reverse("board:display_frame", args=[item.pk, "overview"])).status_code == 404
        assert browser.get(reverse("board:display_card", args=["waiting"])).status_code == 404


def test_cases_of_other_meetings_and_taken_off_ones_are_not_there(paired, chair, meeting):
    _, patient = published_case()
    elsewhere = make_item(make_meeting(chair, state="running"), patient, chair)
    here = make_item(meeting, patient, chair)
    ask = lambda item, view="overview": paired.get(reverse("board:display_frame", args=[item.pk, view])).status_code  # noqa: E731
    assert (ask(here), ask(elsewhere), ask(here, "closed"), ask(here, "admin")) == (200, 404, 404, 404)
    AgendaItem.objects.filter(pk=here.pk).update(state="removed")
    assert ask(here) == 404


@pytest.mark.parametrize("state", ["planned", "frozen", "closed"])
def test_cases_are_shown_only_while_the_meeting_runs(paired, chair, meeting, state):
    item = make_item(meeting, published_case()[1], chair)
    Meeting.objects.update(state=state)
    assert paired.get(reverse("board:display_frame", args=[item.pk, "overview"])).status_code == 404


CANARIES = ("ZQDICOMID", "ZQCENTRE", "ZQDEMO", "ZQPRIVATE", "ZQMINUTED", "ZQREASON", "Zqchair", "1967-06-01")


def test_no_frame_and_no_state_says_more_than_number_and_year(paired, chair, meeting):
    reader, patient = published_case()
    confirm_identifier(by=reader, patient=patient, value="ZQDICOMID", reason="ZQREASON")
    update_patient(patient, by=reader, centre="ZQCENTRE", demo_note="ZQDEMO", reason="test")
    item = make_item(meeting, patient, reader, why_text="ZQPRIVATE", minuted="ZQMINUTED", gate_reason="ZQREASON")
    command(by=reader_as_chair(reader), meeting=meeting, action="show", value=str(item.pk))
    said = state_of(paired).content.decode()
    for view in ScreenState.OF_A_CASE:
        said += paired.get(reverse("board:display_frame", args=[item.pk, view])).content.decode()
    said += paired.get(reverse("board:display")).content.decode()
    assert "0001" in said and "1967" in said and "CAPTEM" in said
    assert [word for word in CANARIES if word in said] == []
    assert "<form" not in said and "<a " not in said and "<input" not in said and "redifferentiated" not in said


def reader_as_chair(reader):
    reader.role = "chair"
    reader.save()
    return reader


def test_every_verdict_names_its_rule_set_and_version(paired, chair, meeting):
    item = make_item(meeting, published_case()[1], chair)
    for view in ("overview", "timeline"):
        page = paired.get(reverse("board:display_frame", args=[item.pk, view])).content.decode()
        assert page.count('class="verdict-word"') == page.count('class="verdict-set"') == 2
        assert "krenning-gt2 <i>v2</i>" in page
