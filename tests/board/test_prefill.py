"""What a draft begins with: one source for step, owner and interval, and never the words of the recommendation."""

import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from board.drafts import draft_of, save_draft
from board.models import WatchState
from board.services import record_decision
from board.signing import sign
from tests.board.meeting_factories import make_item, make_meeting
from tests.board.test_signing import CONTENT, PASSWORD

TODAY = timezone.localdate()


@pytest.fixture
def item(published):
    user, patient = published
    day = TODAY - dt.timedelta(days=3)
    words = {"outcome": "more_data", "text": "biopsy", "owner": "Interventional radiology", "next_step": "biopsy"}
    record_decision(by=user, patient=patient, decided_on=day, due_date=TODAY, interval_days=3, **words)
    return make_item(make_meeting(user, state="running", started_at=timezone.now()), patient, user)


def scan_due(item, days: int | None) -> None:
    due = None if days is None else (TODAY + dt.timedelta(days=days)).isoformat()
    reason = {"kind": "sstr_line", "action": "Book an SSTR scan", "due": due}
    assert WatchState.objects.filter(patient=item.patient).update(reasons=[reason]) == 1


def began_with(item) -> tuple:
    content = draft_of(item).content
    return tuple(content[name] for name in ("next_step", "owner", "interval_days", "text", "outcome"))


def test_a_scan_that_is_due_in_its_interval_comes_next_and_nobody_is_named_for_it(item):
    scan_due(item, 80)
    assert began_with(item) == ("sstr_pet", "", 84, "", "")


def test_a_scan_due_now_comes_next(item):
    scan_due(item, None)
    assert began_with(item)[0] == "sstr_pet"


def test_a_scan_due_later_leaves_step_and_owner_to_the_standing_decision(item):
    scan_due(item, 90)
    assert began_with(item) == ("biopsy", "Interventional radiology", None, "", "")


def test_nothing_is_signed_in_a_meeting_without_saying_how_far_the_board_agreed(item):
    by = item.added_by
    words = CONTENT | {"agreement": "", "dissent": ""}
    draft = save_draft(by=by, item=item, seen_version=draft_of(item).version, content=words)
    with pytest.raises(ValidationError) as refused:
        sign(by=by, item=item, seen_version=draft.version, password=PASSWORD, key="one")
    assert refused.value.message_dict == {"agreement": ["Say how far the board agreed."]}
