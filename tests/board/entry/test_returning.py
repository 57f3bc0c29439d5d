"""An entry goes back to its author with a question and comes again with an answer; nothing of it is lost or changed."""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import reverse
from django.utils import timezone

from board.entry.answers import look, stand
from board.entry.drafts import draft_for, entry_of
from board.entry.fields import ANSWER
from board.entry.returning import (
    CHANGED,
    IS_RETURNED,
    NO_ANSWER,
    NOT_SUBMITTED,
    return_entry,
    returned_to,
    submission_of,
    waiting_for_others,
)
from board.entry.submit import submit
from board.entry.worklist import submitted
from board.export_patient.tables import rows_of
from board.models import EntryReturn, ReturnAnswer
from patients.models import AccessGrant, AuditEvent
from patients.services import Conflict, grant_access
from tests.board.entry.test_pages import post
from tests.board.entry.test_submit import WHOLE, sent, typed
from tests.patients.factories import make_patient, make_user

pytestmark = pytest.mark.django_db
QUESTION = "Which hospital gave the CAPTEM?"


@pytest.fixture
def clerk():
    return make_user("data_entry", last_name="Clerk")


@pytest.fixture
def patient(clerk):
    return sent(clerk, typed(clerk, WHOLE)).patient


@pytest.fixture
def coordinator(patient):
    user = make_user("coordinator", last_name="Coordinator")
    grant_access(by=user, patient=patient, user=user, kind="care_team", reason="test")
    return user


def returned(by, patient, question=QUESTION):
    seen = submission_of(draft_for(patient, by))
    return return_entry(by=by, patient=patient, question=question, seen_submission=seen)


def sent_again(by, patient, answer):
    entry = entry_of(draft_for(patient, by))
    more = {"reason": "", "is_incomplete_meant": True, "answer": answer}
    return submit(by=by, draft=entry.draft, seen_version=entry.version, **more)


def test_it_goes_to_its_author_and_comes_back_with_an_answer(clerk, patient, coordinator):
    made = returned(coordinator, patient)
    assert [one.pk for one in returned_to(clerk)] == [made.pk] == [one.pk for one in waiting_for_others(coordinator)]
    assert submitted(coordinator) == [] == returned_to(coordinator)
    assert (made.asked_of, made.asked_by) == (clerk, coordinator)
    with pytest.raises(ValidationError) as refused:
        sent_again(clerk, patient, "  ")
    assert refused.value.message_dict == {"answer": [NO_ANSWER]}
    sent_again(clerk, patient, "City hospital")
    assert returned_to(clerk) == [] == waiting_for_others(coordinator)
    again = submitted(coordinator)[0]
    assert (again.patient, again.asked, again.answered) == (patient, QUESTION, "City hospital")
    assert [row.pk for row in rows_of("board.EntryReturn", patient)] == [made.pk]
    assert rows_of("board.ReturnAnswer", patient).get().answered_by == clerk
    sent_again(clerk, patient, "said without a question")
    assert ReturnAnswer.objects.count() == 1


def test_both_ways_are_in_the_trail_of_the_case(clerk, patient, coordinator):
    returned(coordinator, patient)
    sent_again(clerk, patient, "City hospital")
    found = AuditEvent.objects.filter(patient=patient, action__in=["return_entry", "answer_return"])
    assert [(one.action, one.by) for one in found] == [("return_entry", coordinator), ("answer_return", clerk)]
    assert found[0].after["question"] == QUESTION and found[1].after["text"] == "City hospital"


def test_rows_are_stored_once(clerk, patient, coordinator):
    made = returned(coordinator, patient)
    made.question = "another"
    with pytest.raises(TypeError):
        made.save()
    with pytest.raises(TypeError):
        EntryReturn.objects.all().delete()


def test_a_question_is_needed_and_one_at_a_time(clerk, patient, coordinator):
    with pytest.raises(ValidationError, match="missing or unclear"):
        returned(coordinator, patient, "  ")
    returned(coordinator, patient)
    with pytest.raises(ValidationError, match=IS_RETURNED):
        returned(coordinator, patient, "And the dose?")
    assert EntryReturn.objects.count() == 1


def test_who_has_not_seen_the_newest_submission_does_not_return_it(clerk, patient, coordinator):
    seen = submission_of(draft_for(patient, coordinator))
    sent_again(clerk, patient, "")
    with pytest.raises(Conflict, match=CHANGED[:30]):
        return_entry(by=coordinator, patient=patient, question=QUESTION, seen_submission=seen)
    assert not EntryReturn.objects.exists()


def test_nobody_is_asked_who_would_not_see_the_question(clerk, patient, coordinator):
    AccessGrant.objects.filter(patient=patient, user=clerk).update(revoked_at=timezone.now())
    with pytest.raises(ValidationError, match="may not open this case any more"):
        returned(coordinator, patient)


def test_what_was_not_submitted_has_no_author(coordinator):
    other = make_patient(by=coordinator, case_number="R-2")
    grant_access(by=coordinator, patient=other, user=coordinator, kind="care_team", reason="test")
    with pytest.raises(ValidationError, match=NOT_SUBMITTED[:30]):
        returned(coordinator, other)


@pytest.mark.parametrize("role", ["data_entry", "clinician", "nuclear_medicine", "observer"])
def test_other_roles_return_nothing(patient, role):
    user = make_user(role)
    grant_access(by=user, patient=patient, user=user, kind="care_team", reason="test")
    with pytest.raises(PermissionDenied):
        returned(user, patient)


def test_the_question_stays_in_sight_when_its_author_is_gone_and_a_colleague_may_answer(clerk, patient, coordinator):
    returned(coordinator, patient)
    AccessGrant.objects.filter(patient=patient, user=clerk).update(revoked_at=timezone.now())
    assert returned_to(clerk) == []
    assert len(waiting_for_others(coordinator)) == 1
    sent_again(coordinator, patient, "Asked by telephone")
    assert waiting_for_others(coordinator) == []


def test_the_question_stands_on_the_page_and_the_answer_is_sent_from_it(client, clerk, patient, coordinator):
    entry = entry_of(draft_for(patient, clerk))
    assert look(entry, clerk)["returned"] is None
    client.force_login(coordinator)
    address = reverse("board:entry_return", args=[patient.case_number])
    empty = client.post(address, {"question": "", "submission": submission_of(entry.draft)})
    assert empty.status_code == 422
    behind = client.post(address, {"question": QUESTION, "submission": "earlier"})
    assert behind.status_code == 409 and QUESTION in behind.content.decode()
    assert client.post(address, {"question": QUESTION, "submission": submission_of(entry.draft)}).status_code == 302
    client.force_login(clerk)
    home = client.get(reverse("board:home")).content.decode()
    assert QUESTION in home and "Returned to you" in home and "Coordinator" in home
    page = client.get(reverse("board:entry", args=[patient.case_number])).content.decode()
    assert QUESTION in page
    body = {"version": entry_of(draft_for(patient, clerk)).version, "is_incomplete_meant": True, "key": "k" * 20}
    refused = post(client, "entry_submit", body, case_number=patient.case_number)
    assert (refused.status_code, refused.json()["errors"]) == (422, {"answer": NO_ANSWER})
    sent_now = post(client, "entry_submit", body | {"answer": "City hospital", "key": "l" * 20}, case_number="E-0388")
    assert sent_now.status_code == 200
    assert QUESTION not in client.get(reverse("board:home")).content.decode()
    client.force_login(coordinator)
    assert "City hospital" in client.get(reverse("board:home")).content.decode()


def test_an_answer_is_saved_with_the_draft_and_goes_with_it(clerk, patient, coordinator):
    returned(coordinator, patient)
    entry = typed(clerk, {ANSWER: "City hospital"}, draft_for(patient, clerk))
    assert entry_of(draft_for(patient, clerk)).values[ANSWER] == "City hospital"
    assert stand(entry)["labels"][ANSWER] == "Answer"
    sent(clerk, entry)
    assert ReturnAnswer.objects.get().text == "City hospital"
    assert entry_of(draft_for(patient, clerk)).typed == {}
