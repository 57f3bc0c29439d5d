"""Many hands at once, on both engines: no lost update, the signed text is the text that was seen, one effect each."""

import itertools
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from board.chain import verify
from board.drafts import DraftConflict, draft_of, save_draft
from board.models import AgendaItem, BoardDecision, CaseQuestion, Meeting, Submission
from board.once import once
from board.signing import sign
from tests.board.meeting_factories import make_item, make_meeting
from tests.parts import sliced
from tests.patients.factories import make_patient, make_user

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_engines]
EDITORS = 20
COMPLETE = {"outcome": "not_yet", "text": "first", "next_step": "visit", "interval_days": 14, "owner": "Ward"}
COMPLETE |= {"agreement": "consensus"}


def at_once(jobs, hands: int) -> list:
    """Each in a thread of a pool, with a connection of its own that is closed at the end."""

    def run(job):
        try:
            return job()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(hands) as pool:
        return [found.result() for found in [pool.submit(run, job) for job in jobs]]


@pytest.fixture
def chair():
    return make_user("chair")


@pytest.fixture
def item(chair):
    meeting = make_meeting(chair, state=Meeting.State.RUNNING)
    return make_item(meeting, make_patient(by=chair), chair)


@dataclass
class Editor:
    """Adds its words to the text it sees; where it is told of a conflict it takes the other text and tries again."""

    name: str
    by: object
    item: AgendaItem
    saves: int
    chance: random.Random
    saved: list[int] = field(default_factory=list)
    conflicts: list[tuple[str, str]] = field(default_factory=list)

    def write_all(self):
        seen = draft_of(self.item)
        for number in range(self.saves):
            seen = self.write(seen, f"{self.name}{number:02d}")
        return self

    def write(self, seen, word):
        """Who was refused waits, each time longer: twenty who try again at once would only refuse each other."""
        for refusals in itertools.count():
            mine = seen.content["text"] + word
            try:
                stored = save_draft(by=self.by, item=self.item, seen_version=seen.version, content={"text": mine})
            except DraftConflict as refused:
                self.conflicts.append((refused.current.content["text"], mine))
                seen = refused.current
                time.sleep(self.chance.random() * 0.05 * 2 ** min(refusals, 5))
            else:
                self.saved.append(stored.version)
                return stored


@pytest.mark.parametrize("saves", sliced(10, 50))
def test_twenty_editors_lose_nothing_and_are_told_of_every_conflict(item, chair, saves):
    save_draft(by=chair, item=item, seen_version=draft_of(item).version, content={"text": ""})
    start = draft_of(item).version
    editors = [Editor(chr(97 + n), chair, item, saves, random.Random(n)) for n in range(EDITORS)]
    at_once([editor.write_all for editor in editors], EDITORS)
    draft = draft_of(item)
    text = draft.content["text"]
    words = [text[at : at + 3] for at in range(0, len(text), 3)]
    assert len(words) == EDITORS * saves == len(set(words))
    for editor in editors:
        own = [word for word in words if word[0] == editor.name]
        assert own == [f"{editor.name}{number:02d}" for number in range(saves)]
    versions = sorted(version for editor in editors for version in editor.saved)
    assert versions == list(range(start + 1, start + 1 + EDITORS * saves))
    told = [pair for editor in editors for pair in editor.conflicts]
    assert len(told) >= EDITORS, "they never met: this proves nothing"
    assert all(theirs != mine and text.startswith(theirs) for theirs, mine in told)


@pytest.mark.parametrize("races", sliced(50, 200))
def test_what_is_signed_is_what_the_signer_saw(chair, races):
    """An editor and a signer at the same instant, the version being the only thing that keeps them apart."""
    chance = random.Random(7)
    outcomes = [race(chair, chance, number) for number in range(races)]
    assert {"signed", "conflict"} == set(outcomes), "one side always won: this proves nothing"
    assert BoardDecision.objects.count() == outcomes.count("signed")
    assert verify() == []


def race(chair, chance, number) -> str:
    item = make_item(
        Meeting.objects.create(
            title=f"{number}", starts_at=timezone.now(), state="running", quorum=[], created_by=chair
        ),
        make_patient(by=chair),
        chair,
    )
    seen = save_draft(by=chair, item=item, seen_version=draft_of(item).version, content=COMPLETE)
    # From a thousandth to half a second: before its first lock a signature asks more than a save, on a busy machine much.
    begin, late = threading.Barrier(2), [0.001 * 500 ** chance.random(), chance.random() * 0.004]

    def edit():
        begin.wait()
        threading.Event().wait(late[0])
        try:
            save_draft(by=chair, item=item, seen_version=seen.version, content={"text": "second"})
        except ValidationError:
            return "refused"
        return "edited"

    def put_name():
        begin.wait()
        threading.Event().wait(late[1])
        try:
            return sign(
                by=chair, item=item, seen_version=seen.version, password="not-a-real-password", key=f"k{number}"
            )
        except DraftConflict as refused:
            assert refused.current.content["text"] == "second"
            return None

    edited, decision = at_once([edit, put_name], 2)
    if decision is None:
        assert edited == "edited" and not item.decisions.exists()
        return "conflict"
    assert edited == "refused"
    assert (decision.text, draft_of(item).content["text"]) == ("first", "first")
    return "signed"


@pytest.mark.parametrize("doubled", sliced(200, 1000))
def test_doubled_submissions_have_one_effect_each(chair, doubled):
    patient = make_patient(by=chair)

    def send(number):
        def act():
            row = CaseQuestion.objects.create(patient=patient, text=f"question {number}", recorded_by=chair)
            return {"id": str(row.pk)}

        return once(by=chair, key=f"key-{number}", kind="ask", act=act)["id"]

    numbers = [number for number in range(doubled) for _ in range(2)]
    answers = at_once([lambda number=number: send(number) for number in numbers], 8)
    assert CaseQuestion.objects.count() == Submission.objects.count() == len(set(answers)) == doubled
    assert answers[::2] == answers[1::2]


def test_signed_twice_at_the_same_instant_it_is_signed_once(item, chair):
    seen = save_draft(by=chair, item=item, seen_version=draft_of(item).version, content=COMPLETE)
    begin = threading.Barrier(8)

    def put_name():
        begin.wait()
        form = {"seen_version": seen.version, "content": {"text": "as typed"}, "password": "not-a-real-password"}
        return sign(by=chair, item=item, key="one", **form).pk

    assert len(set(at_once([put_name] * 8, 8))) == 1
    assert [decision.text for decision in BoardDecision.objects.all()] == ["as typed"]


def test_an_act_that_fails_may_be_tried_again_with_the_same_key(chair):
    with pytest.raises(ZeroDivisionError):
        once(by=chair, key="one", kind="ask", act=lambda: {"id": 1 / 0})
    assert once(by=chair, key="one", kind="ask", act=lambda: {"id": 1}) == {"id": 1}
    with pytest.raises(ValidationError):
        once(by=chair, key="one", kind="sign", act=lambda: {"id": 2})


def test_a_save_takes_its_rows_in_the_order_of_signing(item, chair):
    """The other way round a save and a signature would wait for each other."""
    if not connection.features.has_select_for_update:
        pytest.skip("this engine has one writer at a time")
    seen = draft_of(item)
    with CaptureQueriesContext(connection) as queries:
        save_draft(by=chair, item=item, seen_version=seen.version, content={"text": "x"})
    held = [query["sql"].split(' FROM "')[1].split('"')[0] for query in queries if "FOR UPDATE" in query["sql"]]
    order = ["board_meeting", "patients_patient", "board_agendaitem", "board_decisiondraft"]
    assert list(dict.fromkeys(held)) == order
