"""Closing a meeting: refused while a case is open, written once, sealed, corrected only as a new version, printed alike."""

import io

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.utils import timezone
from pypdf import PdfReader

from board.append_only import lifted
from board.chain import link_of, verification_code, verify
from board.document_pdf import as_pdf
from board.document_text import as_text
from board.drafts import draft_of, save_draft
from board.meetings import postpone, write_note
from board.minutes import StillOpen, close_meeting
from board.minutes_correct import NOTHING_NEW, correct_minutes
from board.minutes_document import minutes_document, minutes_for
from board.models import AgendaItem, Meeting, Minutes, ScreenState
from board.signing import amend, sign
from patients.services import Conflict, grant_access
from tests.board.meeting_factories import make_item, make_meeting
from tests.board.test_signing import CONTENT, PASSWORD
from tests.patients.factories import make_patient, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.one_engine]
SIGNED = CONTENT | {
    "text": "PRRT not now; repeat the SSTR PET.",
    "outcome": "not_yet",
    "next_step": "sstr_pet",
    "interval_days": 84,
}


@pytest.fixture
def chair():
    return make_user("chair", username="chair-of-the-board")


@pytest.fixture
def board(published, chair):
    """A running meeting: the published case to discuss, another one, and one for noting that nobody has looked at."""
    reader, patient = published
    meeting = make_meeting(chair, state="running", started_at=timezone.now())
    others = [make_patient(by=reader, case_number=number) for number in ("0777", "0888")]
    for one in (patient, *others):
        grant_access(by=make_user("coordinator"), patient=one, kind="board", user=chair)
    discussed = make_item(meeting, patient, chair, question="PRRT after CAPTEM?")
    second = make_item(meeting, others[0], chair, question="Which first line?")
    noted = make_item(meeting, others[1], chair, lane="noting", question="Stable, carry on?")
    return meeting, discussed, second, noted


def decide(item, by, **content):
    draft = save_draft(by=by, item=item, seen_version=draft_of(item).version, content=SIGNED | content)
    return sign(by=by, item=item, seen_version=draft.version, password=PASSWORD, key=f"k-{item.pk}")


@pytest.fixture
def closed(board, chair):
    meeting, discussed, second, noted = board
    decide(discussed, chair)
    write_note(by=chair, item=discussed, text="Liver lesion shown twice.", is_private=False)
    write_note(by=chair, item=discussed, text="PRIVATE-WORDS", is_private=True)
    postpone(by=chair, item=second, reason="histology not back")
    AgendaItem.objects.filter(pk=noted.pk).update(reviewer="Dr Reviewer")
    return close_meeting(by=chair, meeting=meeting)


def text_of_pdf(pdf: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)


def squeezed(text: str) -> str:
    return "".join(text.split())


def everything(minutes: Minutes):
    return minutes_document(minutes, {case["patient"] for case in minutes.content["cases"]})


def test_a_case_without_decision_keeps_the_meeting_open_and_is_named(board, chair):
    meeting, discussed, second, noted = board
    with pytest.raises(StillOpen) as refused:
        close_meeting(by=chair, meeting=meeting)
    assert refused.value.items == [discussed, second, noted]
    assert "0777 has no decision" in refused.value.messages[1]
    assert "0888 is for noting and has no reviewer" in refused.value.messages[2]
    meeting.refresh_from_db()
    assert meeting.state == Meeting.State.RUNNING and not Minutes.objects.exists()


def test_what_was_decided_put_off_and_noted_stands_in_the_minutes(closed, board):
    content = closed.content
    by_case = {case["case"]: case for case in content["cases"]}
    (decision,) = by_case["0001"]["decisions"]
    assert (decision["outcome"]["code"], decision["recommendation"]) == ("not_yet", SIGNED["text"])
    assert (decision["next_step"]["code"], decision["interval_days"], decision["owner"]) == ("sstr_pet", 84, "Oncology")
    assert (decision["considered"], decision["agreement"]) == (["stage", "trial"], "majority")
    assert decision["dissent"] == CONTENT["dissent"] and decision["quorum"]["light"] == "green"
    assert decision["change_sentence"] and decision["change_class"]
    assert {v["rule_set"] for v in decision["verdicts"]} >= {"lutathera-smpc-eu", "krenning-gt2"}
    assert by_case["0001"]["note"] == "Liver lesion shown twice."
    assert (by_case["0777"]["state"], by_case["0777"]["reason"]) == ("postponed", "histology not back")
    assert by_case["0777"]["times_postponed"] == 1
    assert by_case["0888"]["reviewer"] == "Dr Reviewer"
    assert content["quorum"]["light"] == "green"
    assert {group["discipline"] for group in content["attendance"]} >= {"surgery", "pathology"}
    assert "PRIVATE-WORDS" not in str(content)


def test_a_closed_meeting_is_sealed_once_and_its_screen_says_so(closed, board, chair):
    meeting = Meeting.objects.get(pk=board[0].pk)
    assert meeting.state == Meeting.State.CLOSED and meeting.closed_at
    assert close_meeting(by=chair, meeting=meeting) == closed
    assert Minutes.objects.count() == 1 and link_of(closed).kind == "minutes"
    assert verify() == []


def test_the_screen_shows_that_the_meeting_is_closed_and_its_last_case_keeps_its_time(board, chair):
    meeting, discussed, second, noted = board
    decide(discussed, chair)
    for item in (second, noted):
        postpone(by=chair, item=item, reason="later")
    began = timezone.now() - timezone.timedelta(seconds=95)
    ScreenState.objects.create(meeting=meeting, item=discussed, view="overview", shown_since=began, version=7)
    content = close_meeting(by=chair, meeting=meeting).content
    screen = ScreenState.objects.get(meeting=meeting)
    assert (screen.view, screen.item_id, screen.version) == (ScreenState.View.CLOSED, None, 8)
    assert 95 <= content["cases"][0]["seconds"] <= 110


def test_only_who_runs_meetings_closes_them_and_only_running_ones(board, chair):
    meeting = board[0]
    with pytest.raises(PermissionDenied):
        close_meeting(by=make_user("clinician"), meeting=meeting)
    Meeting.objects.filter(pk=meeting.pk).update(state="frozen")
    with pytest.raises(ValidationError, match="not started"):
        close_meeting(by=chair, meeting=meeting)


def test_a_changed_word_of_the_minutes_is_found(closed):
    content = closed.content | {"written_by": "somebody else"}
    with lifted():
        QuerySet(Minutes).filter(pk=closed.pk).update(content=content)
    assert [problem.code for problem in verify()] == ["content_changed"]


def test_a_correction_is_a_new_version_with_its_reason_and_the_first_stays(closed, board, chair):
    item = str(board[1].pk)
    new = correct_minutes(
        by=chair,
        meeting=closed.meeting,
        seen_version=1,
        reason="pathology had left",
        notes={item: "Liver lesion shown once."},
        attendance={"Seat 5": "left"},
    )
    first = Minutes.objects.get(pk=closed.pk)
    assert (new.version, new.amendment_reason) == (2, "pathology had left")
    assert new.content["quorum"]["light"] == "amber" and first.content["quorum"]["light"] == "green"
    assert new.content["cases"][0]["note"] == "Liver lesion shown once."
    assert first.content["cases"][0]["note"] == "Liver lesion shown twice."
    assert "Version 2" in as_text(everything(new)) and "pathology had left" in as_text(everything(new))
    with pytest.raises(Conflict):
        correct_minutes(by=chair, meeting=closed.meeting, seen_version=1, reason="again", notes={}, attendance={})
    with pytest.raises(ValidationError, match=NOTHING_NEW[:30]):
        correct_minutes(by=chair, meeting=closed.meeting, seen_version=2, reason="again", notes={}, attendance={})
    assert verify() == []


def test_a_correction_takes_an_amended_decision_over_but_not_what_a_later_meeting_decided(closed, board, chair):
    item = board[1]
    first = item.decisions.get()
    better = amend(
        by=chair, decision=first, content={"owner": "Nuclear medicine"}, reason="owner", password=PASSWORD, key="a"
    )
    later = make_item(make_meeting(chair, state="running"), item.patient, chair)
    decide(later, chair, owner="Somebody later")
    new = correct_minutes(by=chair, meeting=closed.meeting, seen_version=1, reason="owner", notes={}, attendance={})
    (decision,) = new.content["cases"][0]["decisions"]
    assert (decision["id"], decision["owner"]) == (str(better.pk), "Nuclear medicine")


def test_the_pdf_says_what_the_text_says_and_its_bytes_do_not_change(closed):
    document = everything(closed)
    pdf = as_pdf(document)
    assert as_pdf(everything(Minutes.objects.get(pk=closed.pk))) == pdf
    printed, link = squeezed(text_of_pdf(pdf)), link_of(closed)
    said = (
        "NOT YET: PRRT not now; repeat the SSTR PET.",
        "postponed, 1st time",
        "histology not back",
        "noted, reviewed by Dr Reviewer",
        "Surgery would treat now.",
        "Quorum green: quorum complete",
        "lutathera-smpc-eu",
        link.content_hash,
        verification_code(link),
        "not a certified medical device",
    )
    text = as_text(document)
    for words in said:
        assert words in text, words
        assert squeezed(words) in printed, words


def test_whoever_may_not_see_every_case_is_given_an_extract_that_says_so(closed, board):
    reader = make_user("clinician", username="sees-one")
    grant_access(by=make_user("coordinator"), patient=board[2].patient, kind="care_team", user=reader)
    text = as_text(minutes_for(reader, closed))
    assert "EXTRACT: 1 of 3 cases" in text and "0777" in text
    assert "0001" not in text and SIGNED["text"] not in text and "0888" not in text
    assert "EXTRACT" in text_of_pdf(as_pdf(minutes_for(reader, closed)))
    nobody = as_text(minutes_for(make_user("observer"), closed))
    assert "EXTRACT: 0 of 3 cases" in nobody and "0777" not in nobody


def test_a_draft_that_nobody_signed_keeps_the_meeting_open_until_it_is_cleared(board, chair):
    meeting, discussed, second, noted = board
    decide(discussed, chair)
    AgendaItem.objects.filter(pk=noted.pk).update(reviewer="Dr Reviewer")
    for item in (second, noted):
        save_draft(by=chair, item=item, seen_version=draft_of(item).version, content={"text": "Treat."})
    postpone(by=chair, item=second, reason="histology not back")
    with pytest.raises(StillOpen) as refused:
        close_meeting(by=chair, meeting=meeting)
    assert [item.pk for item in refused.value.items] == [second.pk, noted.pk]
    assert all("unsigned draft" in sentence for sentence in refused.value.messages)
    with pytest.raises(ValidationError, match="not on the agenda"):
        save_draft(by=chair, item=second, seen_version=1, content={"text": "Treat now."})
    for item in (second, noted):
        save_draft(by=chair, item=item, seen_version=1, content={"outcome": "", "text": ""})
    assert close_meeting(by=chair, meeting=meeting)


def test_closing_looks_again_at_every_case_of_the_meeting(board, chair, monkeypatch):
    meeting, discussed, second, noted = board
    decide(discussed, chair)
    postpone(by=chair, item=second, reason="later")
    AgendaItem.objects.filter(pk=noted.pk).update(reviewer="Dr Reviewer")
    seen = []
    monkeypatch.setattr("board.minutes.keep_watch", lambda patient: seen.append(patient.case_number))
    close_meeting(by=chair, meeting=meeting)
    assert sorted(seen) == ["0001", "0777", "0888"]
