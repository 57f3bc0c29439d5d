"""Recording a decision through the page."""

import datetime as dt
import re

import pytest
from django.urls import reverse
from django.utils import timezone

from board.chain import link_of, verify
from board.models import BoardDecision
from board.services import record_decision
from eligibility.loader import guidelines
from tests.board.factories import add_lab
from tests.patients.factories import make_user

WORDS = "PRRT not now: laboratory values first. ≥ 2 signatures."


@pytest.fixture
def case(published, client):
    user, patient = published
    client.force_login(user)
    return client, user, patient


def send(client, patient, **values):
    form = {
        "decided_on": timezone.localdate().isoformat(),
        "outcome": "more_data",
        "text": WORDS,
        "next_step": "labs",
        "interval_days": "14",
        "owner": "Referring centre",
        "due_date": "",
        "password": "not-a-real-password",
        "key": "key-1",
        **values,
    }
    return client.post(reverse("board:decide", args=[patient.case_number]), form)


def test_a_decision_is_stored_with_what_every_set_said(case):
    client, user, patient = case
    response = send(client, patient)
    assert response.status_code == 302
    decision = BoardDecision.objects.get()
    assert (decision.outcome, decision.text, decision.recorded_by) == ("more_data", WORDS, user)
    assert {a.guideline_id for a in decision.assessments.all()} == set(guidelines())


def test_the_same_form_sent_twice_is_one_decision(case):
    client, _, patient = case
    assert [send(client, patient).status_code for _ in range(2)] == [302, 302]
    assert BoardDecision.objects.count() == 1


def test_an_outcome_is_chosen_never_preset(case):
    client, _, patient = case
    html = client.get(reverse("board:decide", args=[patient.case_number])).content.decode()
    outcomes = re.findall(r'<input type="radio" name="outcome"[^>]*>', html)
    assert len(outcomes) == 5 and not any("checked" in one for one in outcomes)
    assert send(client, patient, outcome="").status_code == 422


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("decided_on", "2999-01-01", "in the future"),
        ("due_date", "2001-01-01", "before the decision"),
        ("due_date", "20270101", "year, month, day"),
        ("due_date", "01.02.2027", "year, month, day"),
        ("owner", "", "Name who sees to it"),
        ("next_step", "", "Choose the next step"),
        ("interval_days", "", "Say within how many weeks"),
        ("key", "", "no submission key"),
        ("decided_on", "soon", "valid date"),
    ],
)
def test_a_refused_form_keeps_what_was_typed(case, field, value, sentence):
    client, _, patient = case
    only_one = {"interval_days": ""} if field == "due_date" else {}  # together they would contradict each other
    response = send(client, patient, **{field: value, **only_one})
    said = response.content.decode()
    assert response.status_code == 422
    assert sentence in said
    assert WORDS in said
    assert not BoardDecision.objects.exists()


def test_a_later_decision_replaces_the_earlier_which_stays_readable(case):
    client, _, patient = case
    send(client, patient)
    first = BoardDecision.objects.get()
    send(client, patient, outcome="treat", supersedes=str(first.pk), key="key-2")
    said = client.get(reverse("board:patient", args=[patient.case_number])).content.decode()
    assert "superseded" in said
    assert BoardDecision.objects.get(outcome="treat").supersedes == first


def test_replacing_what_was_replaced_meanwhile_is_said_and_keeps_the_text(case):
    client, user, patient = case
    send(client, patient)
    first = BoardDecision.objects.get()
    today = timezone.localdate()
    words = {"outcome": "other", "text": "meanwhile", "owner": "somebody", "due_date": today}
    record_decision(by=user, patient=patient, decided_on=today, supersedes=first, **words)
    response = send(client, patient, outcome="treat", supersedes=str(first.pk), key="key-2")
    assert response.status_code == 422
    assert WORDS in response.content.decode()


def test_a_decision_whose_ground_moved_says_what_moved(case):
    client, user, patient = case
    send(client, patient)
    page = reverse("board:patient", args=[patient.case_number])
    assert "Inputs changed since" not in client.get(page).content.decode()
    add_lab(user, patient, value=60, day=timezone.localdate() - dt.timedelta(days=1))
    assert "Inputs changed since" in client.get(page).content.decode()


def test_a_role_without_the_right_is_told_which_roles_have_it(case):
    client, _, patient = case
    from patients.services import grant_access

    observer = make_user("observer")
    grant_access(by=patient.recorded_by, patient=patient, user=observer, kind="care_team", reason="reads along")
    client.force_login(observer)
    response = send(client, patient)
    assert response.status_code == 403
    assert "Nuclear medicine, clinicians and the chair may" in response.content.decode()
    assert not BoardDecision.objects.exists()


def test_a_case_one_may_not_see_cannot_be_decided(case):
    client, _, patient = case
    client.force_login(make_user("chair"))
    assert send(client, patient).status_code == 404


def test_a_replacement_sent_twice_is_one_decision(case):
    client, _, patient = case
    send(client, patient)
    first = BoardDecision.objects.get()
    form = {"outcome": "treat", "supersedes": str(first.pk), "key": "key-2"}
    assert [send(client, patient, **form).status_code for _ in range(2)] == [302, 302]
    assert BoardDecision.objects.count() == 2


def test_changed_after_going_back_nothing_is_lost_silently(case):
    client, _, patient = case
    send(client, patient)
    response = send(client, patient, text="Quite another text")
    assert response.status_code == 422
    assert "Quite another text" in response.content.decode()
    assert BoardDecision.objects.count() == 1


def test_the_password_is_asked_for_again_and_never_shown(case):
    client, _, patient = case
    response = send(client, patient, password="guessed-wrong")
    said = response.content.decode()
    assert response.status_code == 403
    assert "This is not your password" in said and WORDS in said and "guessed-wrong" not in said
    assert not BoardDecision.objects.exists()


def test_what_was_decided_outside_a_meeting_is_sealed_too(case):
    client, _, patient = case
    send(client, patient, considered=["stage"], has_considered="1", agreement="consensus")
    decision = BoardDecision.objects.get()
    assert (decision.considered, decision.agreement, decision.next_step) == (["stage"], "consensus", "labs")
    assert (decision.due_date - decision.decided_on).days == 14
    assert link_of(decision) is not None and verify() == []
