"""Working the list: who owns a case, what was said last, how far it has come, and every step right from its row."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from board.closing import close_case
from board.contacts import log_contact
from board.domain.watch_care import Agreed, CareState, care
from board.models import CaseClosing, Contact
from board.services import record_decision
from board.tasks import read_news
from board.watch_groups import grouped
from board.watch_list import watch_page
from patients.services import grant_access
from tests.board.factories import add_scan
from tests.board.meeting_factories import make_item, make_meeting
from tests.board.test_patient_page import text_of
from tests.patients.factories import make_patient, make_user

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()


def days(number: int) -> dt.date:
    return TODAY + dt.timedelta(days=number)


@pytest.fixture
def user(client):
    found = make_user("coordinator")
    client.force_login(found)
    return found


def contact(user, patient, next_for, next_in: int, **said):
    values = {"contacted_on": days(-40), "who": "patient", "outcome": "reached"} | said
    return log_contact(by=user, patient=patient, next_for=next_for, next_on=days(next_in), **values)


def row_of(user, patient):
    page = watch_page(user, today=TODAY)
    return next(row for row in page.rows if row.case_number == patient.case_number)


def heading(user, patient) -> str:
    groups = grouped(watch_page(user, today=TODAY).rows)
    return next(g.heading.key for g in groups if patient.case_number in {row.case_number for row in g.rows})


@pytest.mark.parametrize(
    ("what", "on", "state", "said"),
    [
        ("scan", 3, CareState.BOOKED, "scan, "),
        ("scan", -7, CareState.BOOKED, "scan, "),
        ("scan", -8, CareState.OPEN, "has not come"),
        ("visit", 0, CareState.BOOKED, "visit, "),
        ("visit", -1, CareState.OPEN, "has not come"),
        ("labs", 0, CareState.WAITING, "labs, "),
        ("contact", 5, CareState.CONTACTING, "contact, "),
    ],
)
def test_a_state_follows_from_what_was_agreed_and_ends_by_itself(what, on, state, said):
    found = care(Agreed(what, what, days(on)), None, is_scan_unread=False, today=TODAY, grace_days=7)
    assert found.state is state and said in found.said


def test_a_meeting_books_a_case_and_an_unread_scan_is_waited_for():
    ahead = care(None, days(2), is_scan_unread=True, today=TODAY, grace_days=7)
    assert ahead.state is CareState.BOOKED and ahead.said.startswith("meeting, ")
    assert care(None, days(-1), is_scan_unread=True, today=TODAY, grace_days=7).state is CareState.WAITING
    assert care(None, None, is_scan_unread=False, today=TODAY, grace_days=7).state is CareState.OPEN


def test_the_row_names_owner_last_contact_and_state(user):
    patient = make_patient(by=user, case_number="W-1")
    chair = make_user("chair")
    grant_access(by=user, patient=patient, user=chair, kind="care_team")
    words = {"decided_on": TODAY, "outcome": "not_yet", "text": "Repeat.", "due_date": days(30)}
    record_decision(by=chair, patient=patient, owner="Dr Owner", **words)
    contact(user, patient, "contact", 2, note="moved house")
    read_news()
    found = row_of(user, patient).care
    assert (found.owner, found.care.state) == ("Dr Owner", CareState.CONTACTING)
    assert found.contact.endswith("moved house")
    other = make_patient(by=user, case_number="W-2")
    read_news()
    assert (row_of(user, other).care.owner, row_of(user, other).care.contact) == ("", "not contacted")


def test_a_booked_case_is_quiet_until_its_scan_is_seven_days_late(user):
    quiet, late = make_patient(by=user, case_number="W-1"), make_patient(by=user, case_number="W-2")
    contact(user, quiet, "scan", 5)
    contact(user, late, "scan", -8)
    read_news()
    assert heading(user, quiet) == "booked" and heading(user, late) == "overdue"
    add_scan(user, late, days(-2))
    read_news()
    assert heading(user, late) != "overdue"


def test_a_case_on_an_agenda_is_booked_for_that_day(user):
    patient = make_patient(by=user, case_number="W-1")
    make_item(make_meeting(user, starts_at=timezone.now() + dt.timedelta(days=6)), patient, user)
    read_news()
    assert row_of(user, patient).care.care.state is CareState.BOOKED


def act(client, patient, do, **typed):
    return client.post(reverse("board:watch_act", args=[patient.case_number]), {"do": do} | typed)


def test_contact_booking_and_closing_are_done_from_the_row(user, client):
    patient = make_patient(by=user, case_number="W-1")
    read_news()
    asked = client.get(reverse("board:watch"), {"case": "W-1", "do": "log"}).content.decode()
    assert 'name="next_on"' in asked and f'value="{TODAY.isoformat()}"' in asked
    said = {"contacted_on": TODAY, "who": "patient", "outcome": "reached"}
    refused = act(client, patient, "log", next_for="labs", note="kept words", **said)
    assert refused.status_code == 422 and "Give the next date" in text_of(refused)
    assert "kept words" in refused.content.decode() and not Contact.objects.exists()
    assert act(client, patient, "log", next_for="labs", next_on=days(3), note="kept words", **said).status_code == 302
    assert act(client, patient, "book", note="", **said).status_code == 422
    assert act(client, patient, "book", next_on=days(9), **said).status_code == 302
    assert Contact.objects.filter(next_for="scan", next_on=days(9)).count() == 1
    assert act(client, patient, "close", text="no reason chosen").status_code == 422
    assert act(client, patient, "close", reason="declined", text="by phone").status_code == 302
    assert "W-1" not in text_of(client.get(reverse("board:watch"))).split("Watch list")[-1].split("Closed")[0]


def test_closed_cases_stay_counted_by_reason_and_open_again(user, client):
    for number, reason in enumerate(("declined", "declined", "transferred")):
        close_case(by=user, patient=make_patient(by=user, case_number=f"C-{number}"), reason=reason, text="said so")
    stranger = make_user("coordinator")
    close_case(by=stranger, patient=make_patient(by=stranger, case_number="C-9"), reason="other", text="theirs")
    page = text_of(client.get(reverse("board:watch")))
    assert "Closed with a reason: 3 (declined by the patient 2, transferred to another centre 1)" in page
    listed = text_of(client.get(reverse("board:watch"), {"closed": "1"}))
    assert "C-0" in listed and "said so" in listed and "C-9" not in listed
    patient = CaseClosing.objects.filter(reason="declined").first().patient
    assert act(client, patient, "reopen", text="", closed="1").status_code == 422
    assert act(client, patient, "reopen", text="came back", closed="1").status_code == 302
    assert "Closed with a reason: 2" in text_of(client.get(reverse("board:watch")))


def test_the_figure_to_be_proud_of_and_the_median(user, client):
    for number, late in enumerate((10, 20, 40)):
        contact(user, make_patient(by=user, case_number=f"W-{number}"), "labs", -late, contacted_on=days(-60))
    read_news()
    figures = watch_page(user, today=TODAY).figures
    assert (figures.open, figures.overdue, figures.median_late, figures.without_date) == ("3", "3", "20 d", "0")
    assert "patients without next date 0" in text_of(client.get(reverse("board:watch")))


def test_who_may_not_follow_up_sees_the_list_and_no_button(user, client):
    patient = make_patient(by=user, case_number="W-1")
    reader = make_user("observer")
    grant_access(by=user, patient=patient, user=reader, kind="care_team")
    read_news()
    client.force_login(reader)
    page = client.get(reverse("board:watch"), {"case": "W-1", "do": "log"}).content.decode()
    assert "W-1" in page and 'name="next_on"' not in page and "do=log" not in page
    assert act(client, patient, "close", reason="declined").status_code == 403
