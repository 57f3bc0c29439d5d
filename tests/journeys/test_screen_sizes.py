"""Every view of the screen at four sizes: smallest text, contrast, amount, nothing cut, crossed or over another.

One page shows one frame after the other; the screen measures everything against its box, so the box is each size in turn.
"""

import datetime as dt

import pytest
from django.utils import timezone

from board.domain.quorum import NET_QUORUM
from board.frames import CARDS, card, case_frame
from board.models import AgendaItem, DecisionDraft, Meeting, ScreenState
from board.screen_displays import TEXT_SIZES
from patients.models import Patient, User
from patients.services import update_patient
from tests.journeys.conftest import RESULTS
from tests.journeys.screen_measure import MOST_FACTS, MOST_WORDS, contrast_faults, measure, open_wall

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

SAID = {"outcome": "more_data", "text": "Laboratory values first, then decide on PRRT.", "owner": "Oncology"}
LONG = (
    "Lesions of the liver stand above liver after six cycles of CAPTEM, two in bone do not: is PRRT possible now, "
    "or should bone be treated first and everything be imaged again in twelve weeks?"
)
THEMES = ("projector", "light")


@pytest.fixture
def room(demo_loaded):
    """A running meeting of the whole cohort, each case with a sentence to agree on."""
    user = User.objects.get(username="demo")
    meeting = Meeting.objects.create(
        title="NET tumour board", starts_at=timezone.now(), quorum=NET_QUORUM, created_by=user, state="running"
    )
    for n, patient in enumerate(Patient.objects.order_by("case_number"), start=1):
        lane = "discuss" if n < 7 else "noting"
        item = AgendaItem.objects.create(
            meeting=meeting,
            patient=patient,
            lane=lane,
            position=n,
            why="referral",
            added_by=user,
            question=LONG if n == 2 else "",
        )
        DecisionDraft.objects.create(
            item=item, version=1, content=SAID | {"next_step": "labs", "due_date": "2026-12-10"}
        )
    ScreenState.objects.create(meeting=meeting)
    return meeting


@pytest.fixture
def wall(page):
    open_wall(page)
    return page


def frames_of(meeting, *, with_sentence: bool) -> dict[str, str]:
    """Name and HTML of every view of every case."""
    found = {}
    for item in meeting.items.select_related("patient"):
        ScreenState.objects.filter(meeting=meeting).update(item=item, shows_sentence=with_sentence)
        for view in ScreenState.OF_A_CASE:
            found[f"{view}-{item.patient.case_number}"] = case_frame(meeting, item.pk, view)
    return found


def faults_of(wall, frames: dict[str, str], texts=TEXT_SIZES) -> list[str]:
    found = []
    for name, html in frames.items():
        for seen in measure(wall, html, texts=texts):
            found += [f"{name} at {seen.where}: {fault}" for fault in seen.faults]
            if seen.facts > MOST_FACTS or seen.words > MOST_WORDS:
                found.append(f"{name} at {seen.where}: {seen.facts} facts, {seen.words} words")
    return found


def put_in_question() -> None:
    """Every chart is corrected against the header of its images."""
    user = User.objects.get(username="demo")
    for patient in Patient.objects.all():
        born = patient.birth_date + dt.timedelta(days=900)
        update_patient(patient, by=user, reason="to see it said", birth_date=born)


@pytest.mark.parametrize("with_sentence", [False, True], ids=["case", "with the sentence, in question"])
def test_every_view_of_every_case_can_be_read_from_the_last_row(wall, room, with_sentence):
    if with_sentence:
        put_in_question()
    frames = frames_of(room, with_sentence=with_sentence)
    assert all("not a certified medical device" in html for html in frames.values())
    assert len(frames) == 6 * 8 and ("recommendation-sentence" in frames["overview-0003"]) == with_sentence
    assert all(("images in question" in html) == with_sentence for html in frames.values())
    faults = faults_of(wall, frames)
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("theme", THEMES)
def test_every_text_stands_out_seven_to_one(wall, room, theme):
    RESULTS.mkdir(exist_ok=True)
    frames = frames_of(room, with_sentence=False) | {view: card(room, view, "123 456") for view in CARDS}
    found = []
    for name, html in frames.items():
        picture = RESULTS / f"screen-{name}-{theme}.png"
        found += [f"{name}: {fault}" for fault in contrast_faults(wall, html, theme, picture)]
    assert found == []


def test_cards_name_nobody_and_can_be_read(wall, room):
    cards = {view: card(room, view, "123 456") for view in CARDS}
    assert not any(patient.case_number in html for html in cards.values() for patient in Patient.objects.all())
    assert all("not a certified medical device" in html for view, html in cards.items() if view != "blank")
    found = [fault for fault in faults_of(wall, cards) if "words" not in fault]
    assert found == []
