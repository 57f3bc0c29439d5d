"""Every view of the screen at three sizes: smallest text, contrast, amount, nothing cut, nothing over another."""

import time

import pytest
from django.urls import reverse
from django.utils import timezone

from board import screen_stream
from board.domain.quorum import NET_QUORUM
from board.models import AgendaItem, DecisionDraft, Display, Meeting, ScreenState
from board.pairing import digest_of
from patients.models import Patient, User
from tests.journeys.conftest import RESULTS
from tests.journeys.screen_measure import LEAST_CONTRAST, MOST_FACTS, MOST_WORDS, SMALLEST, measure

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

SIZES = ((1920, 1080), (1280, 720), (1024, 768))
CARDS = ("waiting", "test", "closed", "blank")
TOKEN = "token-of-the-room"


@pytest.fixture
def room(demo_loaded):
    """A running meeting of the whole cohort, and a display that is paired with it."""
    user = User.objects.get(username="demo")
    meeting = Meeting.objects.create(
        title="NET tumour board", starts_at=timezone.now(), quorum=NET_QUORUM, created_by=user, state="running"
    )
    for n, patient in enumerate(Patient.objects.order_by("case_number"), start=1):
        lane = "discuss" if n < 7 else "noting"
        item = AgendaItem.objects.create(
            meeting=meeting, patient=patient, lane=lane, position=n, why="referral", added_by=user
        )
        said = {"outcome": "more_data", "text": "Laboratory values first, then decide on PRRT.", "owner": "Oncology"}
        DecisionDraft.objects.create(
            item=item, version=1, content=said | {"next_step": "labs", "due_date": "2026-12-10"}
        )
    ScreenState.objects.create(meeting=meeting)
    Display.objects.create(meeting=meeting, token_digest=digest_of(TOKEN), code_until=timezone.now())
    return meeting


@pytest.fixture
def show(page, live_server, room):
    """``show(view, case)``: what the display paints after the state was moved so."""
    page.context.add_cookies([{"name": "room_display", "value": TOKEN, "url": f"{live_server.url}/display/"}])
    page.set_viewport_size({"width": 1920, "height": 1080})
    page.goto(live_server.url + reverse("board:display"))

    def move(view: str, case: str = "", **values) -> None:
        state = ScreenState.objects.get(meeting=room)
        if case:
            state.item = room.items.get(patient__case_number=case)
        for name, value in ({"view": view, "is_blank": view == "blank"} | values).items():
            setattr(state, name, value)
        state.view = "waiting" if view == "blank" else view
        state.version += 1
        state.save()
        key = f"{state.item_id}/{view}/" if case else view
        page.wait_for_function(
            "([key, version]) => { const d = document.querySelector('[data-screen]').dataset;"
            " return d.painted?.startsWith(key) && d.version === version; }",
            arg=[key, str(state.version)],
        )

    yield move
    page.goto("about:blank")
    wait_for_streams()


def wait_for_streams() -> None:
    """A stream that nobody reads ends with its next beat; the database of the test must outlive it."""
    limit = time.monotonic() + 10
    while screen_stream._free._value < screen_stream.MOST_STREAMS and time.monotonic() < limit:
        time.sleep(0.05)


def faults_of(page, name: str) -> list[str]:
    found = []
    RESULTS.mkdir(exist_ok=True)
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_timeout(60)
        seen = measure(page, RESULTS / f"screen-{name}-{width}x{height}.png")
        where = f"{name} at {width}x{height}"
        found += [f"{where}: {fault}" for fault in seen.faults]
        if seen.facts > MOST_FACTS or seen.words > MOST_WORDS:
            found.append(f"{where}: {seen.facts} facts, {seen.words} words")
        assert seen.smallest >= SMALLEST - 0.0001 and (seen.faults or seen.contrast >= LEAST_CONTRAST)
    return found


@pytest.mark.parametrize("view", ScreenState.OF_A_CASE)
def test_every_view_of_every_case_can_be_read_from_the_last_row(page, show, room, view):
    found = []
    for item in room.items.all():
        case = item.patient.case_number
        show(view, case)
        found += faults_of(page, f"{view}-{case}")
    assert found == []


@pytest.mark.parametrize("case", ["0001", "0003", "0006"])
def test_the_sentence_for_the_room_is_shown_whole_beside_every_view(page, show, case):
    found = []
    for view in ScreenState.OF_A_CASE:
        show(view, case, shows_sentence=True)
        found += [fault for fault in faults_of(page, f"{view}-{case}-sentence") if "cut: case-question" not in fault]
    assert found == []


def test_the_light_theme_is_as_legible(page, show, room):
    Display.objects.update(theme="light")
    found = []
    for view in ScreenState.OF_A_CASE:
        show(view, "0006")
        found += faults_of(page, f"{view}-light")
    assert page.locator("[data-screen]").get_attribute("data-theme") == "light" and found == []


def test_cards_name_nobody_and_can_be_read(page, show, room):
    found = []
    for view in CARDS:
        show(view)
        found += faults_of(page, view)
        said = page.locator(".wall:not([data-layer]):not([hidden])").inner_text()
        assert not any(item.patient.case_number in said for item in room.items.all())
        assert view == "blank" or "not a certified medical device" in said
    assert found == []
