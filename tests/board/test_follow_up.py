"""Between meetings: the changed ground of a decision is answered, what happened is recorded, the board is asked."""

import datetime as dt
import re

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import reverse

from board.chart import Chart
from board.decision_view import decision_lines
from board.follow_up import ask, follow_up
from board.models import CaseQuestion, DecisionFollowUp, DecisionNotice
from board.services import look_again, record_decision
from board.worklist import worklist
from imaging.models import UptakeMeasurement
from patients.models import AuditEvent
from patients.services import Conflict, grant_access
from tests.board.factories import FOLLOW_UP, TODAY
from tests.board.test_patient_page import page, text_of
from tests.patients.factories import make_user


def decide(user, patient, day=FOLLOW_UP, **values):
    words = {"outcome": "not_yet", "text": "Repeat.", "owner": "Dr K"} | values
    return record_decision(by=user, patient=patient, decided_on=day, **words)


@pytest.fixture
def moved(case, monkeypatch):
    """A decision whose ground has moved since, noticed by the machine."""
    client, user, patient = case
    monkeypatch.setattr("board.decisions.timezone.localdate", lambda *args: TODAY)
    decision = decide(user, patient)
    UptakeMeasurement.objects.filter(suv_max=16.9).update(suv_max=17.5)
    look_again(patient)
    return client, user, patient, decision


def line_of(patient):
    return decision_lines(Chart(patient, TODAY))[0]


def answer(client, decision, kind, **typed):
    seen = line_of(decision.patient).seen
    return client.post(reverse("board:follow_up", args=[decision.pk]), {"kind": kind, "seen": seen, **typed})


def test_the_changed_criterion_is_outlined_until_it_is_answered(moved):
    client, _, patient, decision = moved
    html = page(client, patient).content.decode()
    assert "changed since the decision of 20 Apr 2026" in html
    assert html.count('class="is-changed"') == 3
    assert answer(client, decision, "acknowledged", reason="read").status_code == 302
    html = page(client, patient).content.decode()
    assert "is-changed" not in html
    assert "Acknowledged" in html and re.search(r"(\d+) criteria, answered", text_of(page(client, patient)))[1] == "9"
    assert "SSTR-positive disease: unknown (compete, lutathera-uspi, lutia)" in html, "one line names the sets it is in"


def test_an_answer_takes_the_notice_off_the_work_list_until_it_changes_again(moved):
    client, user, patient, decision = moved
    assert [notice.decision for notice in worklist(user, today=TODAY).stale] == [decision]
    answer(client, decision, "relisted")
    assert worklist(user, today=TODAY).stale == []
    UptakeMeasurement.objects.filter(suv_max=17.5).update(suv_max=18.5)
    look_again(patient)
    assert len(worklist(user, today=TODAY).stale) == 1
    assert DecisionNotice.objects.count() == 2


def test_acknowledging_asks_for_a_reason_and_keeps_what_was_typed(moved):
    client, _, _, decision = moved
    response = answer(client, decision, "acknowledged")
    assert response.status_code == 422
    assert "Say why in a few words" in text_of(response)
    assert not DecisionFollowUp.objects.exists()


def test_what_changed_meanwhile_is_not_acknowledged_unseen(moved):
    client, _, patient, decision = moved
    seen = line_of(patient).seen
    UptakeMeasurement.objects.filter(suv_max=17.5).update(suv_max=18.5)
    typed = {"kind": "acknowledged", "reason": "seen by eye", "seen": seen}
    response = client.post(reverse("board:follow_up", args=[decision.pk]), typed)
    assert response.status_code == 409
    assert "has changed again" in text_of(response) and "seen by eye" in text_of(response)
    assert not DecisionFollowUp.objects.exists()


def test_an_answer_sent_twice_is_one_row_with_its_author_in_the_trail(moved):
    client, user, _, decision = moved
    for _ in range(2):
        answer(client, decision, "partly", reason="one cycle")
    row = DecisionFollowUp.objects.get()
    assert (row.recorded_by, row.reason) == (user, "one cycle")
    assert AuditEvent.objects.get(action="follow_up").by == user


def test_answers_are_added_never_edited(moved):
    client, _, _, decision = moved
    answer(client, decision, "done")
    row = DecisionFollowUp.objects.get()
    for write in (row.save, row.delete, DecisionFollowUp.objects.all().delete):
        with pytest.raises(TypeError, match="append-only"):
            write()
    with pytest.raises(TypeError, match="append-only"):
        DecisionFollowUp.objects.update(reason="nicer")


def test_a_replaced_decision_is_not_listed_again_but_may_be_followed_up(case):
    _, user, patient = case
    old = decide(user, patient)
    decide(user, patient, supersedes=old)
    with pytest.raises(ValidationError, match="later decision"):
        follow_up(by=user, decision=old, kind="relisted")
    assert follow_up(by=user, decision=old, kind="done").changes_digest == ""


@pytest.mark.parametrize(("role", "may"), [("coordinator", True), ("clinician", True), ("observer", False)])
def test_who_may_answer_and_who_may_help(moved, role, may):
    client, user, patient, decision = moved
    reader = make_user(role)
    grant_access(by=user, patient=patient, user=reader, kind="care_team", reason="reads along")
    client.force_login(reader)
    assert ("Acknowledge" in text_of(page(client, patient))) is may
    response = answer(client, decision, "done")
    assert response.status_code == (302 if may else 403)
    if not may:
        assert "coordinators and the chair may" in text_of(response)


def test_a_stranger_cannot_answer(moved):
    _, _, _, decision = moved
    with pytest.raises(PermissionDenied, match="no access"):
        follow_up(by=make_user("chair"), decision=decision, kind="done")


def test_the_question_stands_on_top_with_author_and_day(case):
    client, user, patient = case
    response = client.post(reverse("board:ask", args=["0001"]), {"text": " Is PRRT possible now? ", "instead_of": ""})
    assert response.status_code == 302
    row = CaseQuestion.objects.get()
    assert (row.text, row.recorded_by) == ("Is PRRT possible now?", user)
    assert f"{user.username} Is PRRT possible now?" in text_of(page(client, patient))


def test_two_questions_at_once_are_shown_side_by_side(case):
    client, user, patient = case
    chair = make_user("chair")
    grant_access(by=user, patient=patient, user=chair, kind="care_team", reason="board")
    theirs = ask(by=chair, patient=patient, text="Repeat the PET first?")
    response = client.post(reverse("board:ask", args=["0001"]), {"text": "PRRT now?", "instead_of": ""})
    said = text_of(response)
    assert response.status_code == 409
    assert "Repeat the PET first?" in said and 'value="PRRT now?"' in response.content.decode()
    assert CaseQuestion.objects.get() == theirs
    ask(by=user, patient=patient, text="PRRT now?", instead_of=str(theirs.pk))
    assert Chart(patient, TODAY).question.text == "PRRT now?"


def test_an_empty_question_is_not_asked(case):
    client, _, _ = case
    assert client.post(reverse("board:ask", args=["0001"]), {"text": "  "}).status_code == 422
    assert not CaseQuestion.objects.exists()


def test_asking_twice_is_asking_once(case):
    _, user, patient = case
    assert ask(by=user, patient=patient, text="Now?") == ask(by=user, patient=patient, text="Now?")


def test_a_question_over_an_unseen_one_is_a_conflict(case):
    _, user, patient = case
    ask(by=user, patient=patient, text="One?")
    with pytest.raises(Conflict, match="One"):
        ask(by=user, patient=patient, text="Two?")


def test_what_is_done_is_no_longer_due_and_the_flag_says_so(case):
    client, user, patient = case
    decision = decide(user, patient, due_date=dt.date(2026, 5, 1))
    assert [row.pk for row in worklist(user, today=TODAY).due] == [decision.pk]
    follow_up(by=user, decision=decision, kind="partly", reason="one of two", seen=line_of(patient).seen)
    assert line_of(patient).is_overdue
    follow_up(by=user, decision=decision, kind="done", seen=line_of(patient).seen)
    assert worklist(user, today=TODAY).due == []
    said = text_of(page(client, patient))
    assert "overdue" not in said and "was due" not in said
    assert "20 Apr 2026, done" in said


def test_nobody_is_reminded_of_the_dead(case):
    from patients.services import update_patient

    client, user, patient = case
    decide(user, patient, due_date=dt.date(2026, 5, 1))
    assert "overdue" in text_of(page(client, patient))
    values = {"vital_status": "deceased", "deceased_on": dt.date(2026, 5, 10), "deceased_on_precision": "day"}
    update_patient(patient, by=user, reason="letter", **values)
    said = text_of(page(client, patient))
    assert "overdue" not in said and "was due" not in said
    assert "Deceased, 10 May 2026. Nothing is due any more" in said
