"""Signing: who may, what must stand there, once, and bound to the text that was on the screen."""

import datetime as dt

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from board.chain import link_of, verification_code, verify
from board.closing import close_case
from board.confirming import LOCKED, WrongPassword
from board.drafts import DraftConflict, draft_of, save_draft
from board.models import AgendaItem, BoardDecision, Meeting, WatchState
from board.services import record_decision
from board.signing import amend, content_of_decision, sign
from board.watching import keep_watch
from eligibility.loader import guidelines
from patients.services import Conflict, grant_access
from tests.board.meeting_factories import make_item, make_meeting
from tests.patients.factories import make_user

PASSWORD = "not-a-real-password"
CONTENT = {
    "outcome": "more_data",
    "text": "Laboratory values first.",
    "next_step": "labs",
    "interval_days": 7,
    "owner": "Oncology",
    "considered": ["trial", "stage"],
    "agreement": "majority",
    "dissent": "Surgery would treat now.",
}


@pytest.fixture
def item(published):
    user, patient = published
    meeting = make_meeting(user, state="running", started_at=timezone.now())
    return make_item(meeting, patient, user)


def written(item, **content):
    user = item.added_by
    return save_draft(by=user, item=item, seen_version=draft_of(item).version, content=CONTENT | content)


def signed(item, by=None, key="one", **values):
    version = values.pop("seen_version", None)
    version = draft_of(item).version if version is None else version
    return sign(
        **{"by": by or item.added_by, "item": item, "seen_version": version, "password": PASSWORD, "key": key} | values
    )


def test_a_signed_decision_holds_what_was_written_and_what_it_rests_on(item):
    written(item)
    decision = signed(item)
    today = timezone.localdate()
    assert (decision.outcome, decision.text, decision.owner) == ("more_data", CONTENT["text"], "Oncology")
    assert (decision.decided_on, decision.interval_days, decision.due_date) == (today, 7, today + dt.timedelta(days=7))
    assert decision.considered == ["stage", "trial"]
    assert (decision.agreement, decision.dissent) == ("majority", CONTENT["dissent"])
    assert (decision.item, decision.question, decision.recorded_by) == (item, item.question, item.added_by)
    assert decision.quorum["light"] == "green"
    assert {a.guideline_id for a in decision.assessments.all()} == set(guidelines())
    numbers = [m for scan in decision.ground["scans"] for m in scan["measurements"]]
    assert numbers and all(m["id"] and len(m["digest"]) == 64 for m in numbers)
    assert all(scan["reading"]["digest"] for scan in decision.ground["scans"])
    assert decision.change_class == decision.ground["change"]["class"]
    item.refresh_from_db()
    assert item.state == AgendaItem.State.DISCUSSED
    assert verify() == []
    assert len(verification_code(link_of(decision))) == 19


def test_an_incomplete_board_is_stamped_and_blocks_nothing(item):
    item.meeting.attendance.filter(discipline="pathology").update(state="apology")
    written(item)
    assert signed(item).quorum["text"] == "pathology missing"


def test_it_replaces_the_decision_that_stood(item):
    day = timezone.localdate() - dt.timedelta(days=30)
    words = {"outcome": "not_yet", "text": "wait", "owner": "Ward", "due_date": timezone.localdate()}
    first = record_decision(by=item.added_by, patient=item.patient, decided_on=day, **words)
    assert draft_of(item).content["owner"] == "Ward"
    written(item)
    assert signed(item).supersedes == first


def test_the_outcome_is_never_preset(item):
    assert draft_of(item).content["outcome"] == ""


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("outcome", ""),
        ("text", "  "),
        ("next_step", ""),
        ("owner", ""),
        ("interval_days", None),
        ("agreement", "consensus"),
    ],
)
def test_what_is_missing_is_named_and_nothing_is_signed(item, field, value):
    written(item, **{field: value})
    with pytest.raises(ValidationError) as refused:
        signed(item)
    assert set(refused.value.message_dict) == {field}
    assert not BoardDecision.objects.exists()
    item.refresh_from_db()
    assert item.state == AgendaItem.State.LISTED


def test_when_nothing_comes_next_no_day_is_asked_for_but_the_case_must_not_get_lost(item):
    record_decision(
        by=item.added_by, patient=item.patient, decided_on=timezone.localdate(), outcome="not_yet", text="wait", owner="Ward",
        due_date=timezone.localdate() + dt.timedelta(days=9),
    )  # fmt: skip
    written(item, next_step="nothing", interval_days=None)
    with pytest.raises(ValidationError, match="without a next date"):
        signed(item)


def test_where_the_meeting_was_the_last_date_nothing_cannot_come_next(item):
    written(item, next_step="nothing", interval_days=None)
    with pytest.raises(ValidationError, match="without a next date"):
        signed(item)
    assert not BoardDecision.objects.exists()
    item.refresh_from_db()
    assert item.state == AgendaItem.State.LISTED


def test_nothing_comes_next_of_a_closed_case_and_the_meeting_is_no_date_any_more(item):
    close_case(by=item.added_by, patient=item.patient, reason="transferred")
    written(item, next_step="nothing", interval_days=None)
    assert signed(item).due_date is None


def test_the_day_of_the_meeting_is_over_once_it_is_signed(item):
    keep_watch(item.patient)
    assert "meeting" in watched(item)
    written(item, interval_days=365)
    signed(item)
    assert "meeting" not in watched(item)


def watched(item):
    return [r["kind"] for r in WatchState.objects.get(patient=item.patient).reasons]


def test_an_interval_and_a_day_that_contradict_each_other_are_refused(item):
    tomorrow = timezone.localdate() + dt.timedelta(days=1)
    written(item, due_date=tomorrow.isoformat())
    with pytest.raises(ValidationError) as refused:
        signed(item)
    assert set(refused.value.message_dict) == {"due_date"}
    written(item, due_date=(timezone.localdate() + dt.timedelta(days=7)).isoformat())
    assert signed(item).interval_days == 7


def test_a_decision_signed_meanwhile_is_not_replaced_unseen(item):
    written(item)
    words = {"outcome": "treat", "text": "Four cycles, agreed by phone.", "owner": "Ward"}
    due = timezone.localdate() + dt.timedelta(days=9)
    other = record_decision(
        by=item.added_by, patient=item.patient, decided_on=timezone.localdate(), due_date=due, **words
    )
    with pytest.raises(ValidationError, match="agreed by phone"):
        signed(item)
    assert BoardDecision.objects.count() == 1
    assert signed(item).supersedes == other


def test_it_is_told_before_a_password_is_asked_for(item):
    written(item)
    due = timezone.localdate() + dt.timedelta(days=9)
    words = {"outcome": "treat", "text": "Agreed by phone.", "owner": "Ward", "due_date": due}
    record_decision(by=item.added_by, patient=item.patient, decided_on=timezone.localdate(), **words)
    with pytest.raises(ValidationError, match="Agreed by phone"):
        signed(item, password="wrong")


def test_a_draft_takes_no_interval_from_an_earlier_decision(item):
    day = timezone.localdate()
    due = day + dt.timedelta(days=256)
    words = {"outcome": "not_yet", "text": "wait", "owner": "Ward", "next_step": "visit", "interval_days": 256}
    record_decision(by=item.added_by, patient=item.patient, decided_on=day, due_date=due, **words)
    content = draft_of(item).content
    assert (content["owner"], content["interval_days"], content["due_date"]) == ("Ward", None, "")


def test_a_version_that_was_not_seen_is_not_signed(item):
    seen = written(item).version
    written(item, text="Treat at once.")
    with pytest.raises(DraftConflict) as refused:
        signed(item, seen_version=seen)
    assert refused.value.current.content["text"] == "Treat at once."
    assert not BoardDecision.objects.exists()


def test_a_form_may_be_signed_as_typed(item):
    seen = written(item).version
    assert signed(item, seen_version=seen, content={"text": "As typed."}).text == "As typed."
    assert draft_of(item).content["text"] == "As typed."


def test_sent_twice_it_is_signed_once(item):
    seen = written(item).version
    one = signed(item, seen_version=seen, content={"text": "As typed."})
    assert signed(item, seen_version=seen, content={"text": "As typed."}) == one
    assert BoardDecision.objects.count() == 1


def test_once_signed_it_is_neither_written_nor_signed_again(item):
    written(item)
    signed(item)
    with pytest.raises(ValidationError, match="signed"):
        written(item, text="other")
    with pytest.raises(ValidationError, match="signed"):
        signed(item, key="two")


@pytest.mark.parametrize("state", ["planned", "closed"])
def test_only_in_a_meeting_that_is_frozen_or_runs(item, state):
    written(item)
    Meeting.objects.update(state=state)
    with pytest.raises(ValidationError):
        signed(item)
    assert not BoardDecision.objects.exists()


def test_a_wrong_password_signs_nothing(item):
    written(item)
    with pytest.raises(WrongPassword):
        signed(item, password="wrong")
    assert not BoardDecision.objects.exists()


def test_after_eight_wrong_passwords_the_right_one_is_refused_too(item):
    written(item)
    for _ in range(8):
        with pytest.raises(WrongPassword):
            signed(item, password="wrong")
    with pytest.raises(WrongPassword, match="Too many"):
        signed(item)
    assert not BoardDecision.objects.exists()


def test_a_right_password_forgets_the_wrong_ones(item):
    written(item)
    fail_five_times(item)
    signed(item)
    fail_five_times(item)


def fail_five_times(item):
    for _ in range(5):
        with pytest.raises(WrongPassword) as refused:
            signed(item, password="wrong", key="other")
        assert str(refused.value) != LOCKED


@pytest.mark.parametrize("role", ["coordinator", "observer", "data_entry", "system_admin"])
def test_roles_that_record_no_decision_sign_none(item, role):
    written(item)
    user = make_user(role)
    grant_access(by=item.added_by, patient=item.patient, user=user, kind="care_team", reason="test")
    with pytest.raises(PermissionDenied):
        signed(item, by=user)


def test_a_chair_without_access_to_the_case_signs_nothing(item):
    written(item)
    with pytest.raises(PermissionDenied):
        signed(item, by=make_user("chair"))


def test_an_amendment_is_a_new_version_with_its_reason(item):
    written(item)
    first = signed(item)
    again = {"by": item.added_by, "decision": first, "password": PASSWORD, "key": "amend"}
    new = amend(content={"text": "Laboratory values and eGFR first."}, reason="eGFR was forgotten", **again)
    assert (new.supersedes, new.amendment_reason, new.item) == (first, "eGFR was forgotten", item)
    assert (new.owner, new.due_date, new.quorum, new.decided_on) == (
        first.owner,
        first.due_date,
        first.quorum,
        first.decided_on,
    )
    assert amend(content={"text": "Laboratory values and eGFR first."}, reason="eGFR was forgotten", **again) == new
    with pytest.raises(ValidationError, match="other words"):
        amend(content={"text": "changed after going back"}, reason="eGFR was forgotten", **again)
    assert verify() == []
    with pytest.raises(ValidationError) as refused:
        amend(content={}, reason=" ", **again | {"key": "other"})
    assert set(refused.value.message_dict) == {"reason"}
    with pytest.raises(Conflict):
        amend(content={"text": "x"}, reason="late", **again | {"key": "third"})


def test_an_amended_interval_takes_its_day_with_it(item):
    written(item)
    first = signed(item)
    again = {"by": item.added_by, "decision": first, "password": PASSWORD, "reason": "later"}
    assert (content_of_decision(first)["interval_days"], content_of_decision(first)["due_date"]) == (7, "")
    second = amend(content={"interval_days": 84}, key="a", **again)
    assert second.due_date == second.decided_on + dt.timedelta(days=84)
    day = second.decided_on + dt.timedelta(days=30)
    third = amend(content={"due_date": day.isoformat()}, key="b", **again | {"decision": second})
    assert (third.interval_days, third.due_date) == (30, day)


def test_a_decision_due_on_its_own_day_can_be_amended(item):
    today = timezone.localdate()
    written(item, interval_days=None, due_date=today.isoformat())
    first = signed(item)
    assert (first.interval_days, first.due_date) == (0, today)
    words = {"by": item.added_by, "decision": first, "password": PASSWORD, "key": "a", "reason": "spelling"}
    assert amend(content={"text": "Today."}, **words).due_date == today
