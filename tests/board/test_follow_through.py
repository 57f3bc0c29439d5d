"""What became of decisions and the figures of meetings: told from the list, never more than one may see."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from board.follow_through import follow_through, recommendations
from board.follow_up import follow_up
from board.models import AgendaItem, BoardDecision, DecisionFollowUp, Meeting
from board.services import record_decision
from board.statistics import statistics
from board.statistics_bars import bars
from board.tasks import read_news
from patients.services import grant_access
from tests.board.factories import FOLLOW_UP
from tests.board.test_minutes import board, chair, closed, decide  # noqa: F401
from tests.board.test_patient_page import text_of
from tests.patients.factories import make_patient, make_user

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()


def days(number: int) -> dt.date:
    return TODAY + dt.timedelta(days=number)


@pytest.fixture
def user(client):
    found = make_user("clinician")
    client.force_login(found)
    return found


def decided(user, case, due: int, **values):
    patient = make_patient(by=user, case_number=case)
    words = {"outcome": "not_yet", "text": "Repeat the scan.", "owner": "Oncology", "next_step": "sstr_pet"}
    return record_decision(by=user, patient=patient, decided_on=days(-100), due_date=days(due), **words | values)


def cases(lines) -> list[str]:
    return [one.decision.patient.case_number for one in lines]


def test_what_waits_stands_first_and_is_told_from_its_row(user, client):
    late, soon = decided(user, "F-1", -20), decided(user, "F-2", 10)
    found = follow_through(user, today=TODAY)
    assert cases(found.waiting) == ["F-1", "F-2"] and found.waiting[0].late == 20 and found.overdue == "1"
    page = text_of(client.get(reverse("board:follow_through"), {"decision": str(late.pk)}))
    assert "20 late" in page and "What happened, case F-1" in page
    address = reverse("board:follow_through_told", args=[late.pk])
    assert client.post(address, {"kind": "not_done", "reason": "", "seen": ""}).status_code == 422
    assert client.post(address, {"kind": "acknowledged", "reason": "x", "seen": ""}).status_code == 422
    assert not DecisionFollowUp.objects.exists()
    assert client.post(address, {"kind": "partly", "reason": "scan made", "seen": ""}).status_code == 302
    assert cases(follow_through(user, today=TODAY).waiting) == ["F-1", "F-2"], "partly done is not done"
    assert client.post(address, {"kind": "done", "reason": "", "seen": ""}).status_code == 302
    found = follow_through(user, today=TODAY)
    assert cases(found.waiting) == ["F-2"] and (cases(found.told), found.told[0].words) == (["F-1"], "done")
    assert soon.pk in {one.decision.pk for one in found.waiting}


def test_a_word_that_did_not_see_what_has_changed_is_a_conflict(user, client):
    decision = decided(user, "F-1", 10)
    answer = client.post(
        reverse("board:follow_through_told", args=[decision.pk]), {"kind": "done", "reason": "", "seen": "0" * 64}
    )
    assert answer.status_code == 409 and "has changed again" in text_of(answer)


def test_others_see_neither_rows_nor_figures(user, client):
    decided(user, "F-1", -20)
    client.force_login(make_user("clinician"))
    page = client.get(reverse("board:follow_through")).content.decode()
    assert "F-1" not in page and "Every recommendation has been followed up" in page


def test_home_names_owner_and_how_many_are_overdue(user, client):
    decided(user, "F-1", -20)
    decided(user, "F-2", 5)
    read_news()
    said = text_of(client.get("/")).split("Due")[-1]
    assert "Oncology overdue" in said and "1 overdue" in text_of(client.get("/"))
    assert reverse("board:follow_through") in client.get("/").content.decode()


def test_an_amended_decision_is_one_recommendation_and_one_that_ends_follow_up_is_none(user):
    first = decided(user, "F-1", 10)
    words = {"decided_on": days(-100), "due_date": days(12), "outcome": "not_yet", "text": "x", "owner": "o"}
    record_decision(
        by=user, patient=first.patient, supersedes=first, amendment_reason="typing error", next_step="labs", **words
    )
    decided(user, "F-2", 10, next_step="nothing")
    follow_up(by=user, decision=BoardDecision.objects.current().get(patient=first.patient), kind="done")
    (found,) = recommendations(BoardDecision.objects.all())
    assert [told.kind for told in found.told] == ["done"]


def test_figures_of_meetings_with_their_denominators(client, closed, board, chair):  # noqa: F811
    AgendaItem.objects.filter(pk=board[1].pk).update(seconds=150)
    AgendaItem.objects.filter(pk=board[2].pk).update(gate_missing=["labs"], gate_reason="urgent")
    found = statistics(chair, today=TODAY, months=12)
    (line,) = found.lines
    assert (line.decided, line.noted, line.postponed, line.light) == (1, 1, 1, "green")
    assert (found.prepared.part, found.prepared.whole) == (2, 3)
    assert (found.postponed.part, found.postponed.whole) == (1, 3)
    assert (found.minutes_per_case.middle, found.minutes_per_case.number) == (2.5, 1)
    assert found.quorum.text == "1 of 1 (n too small for a share)"
    assert found.scan_to_decision.middle == (TODAY - FOLLOW_UP).days
    assert found.adherence.younger == 1
    (bar,) = bars(found).rows
    assert [(piece.css, piece.number) for piece in bar.pieces] == [("decided", 1), ("noted", 1), ("postponed", 1)]
    client.force_login(chair)
    page = text_of(client.get(reverse("board:meeting_statistics")))
    assert "2 of 3 (n too small for a share)" in page and "2:30 min" in page and "0001" in page
    Meeting.objects.update(starts_at=timezone.now() - dt.timedelta(days=200))
    assert not statistics(chair, today=TODAY, months=3).lines


def test_figures_are_of_all_meetings_and_cases_are_named_to_their_readers(client, closed, board):  # noqa: F811
    reader = make_user("observer")
    grant_access(by=make_user("coordinator"), patient=board[2].patient, kind="care_team", user=reader)
    client.force_login(reader)
    page = text_of(client.get(reverse("board:meeting_statistics")))
    assert "0777" in page and "0001" not in page and "0888" not in page and "not shared with you" in page
