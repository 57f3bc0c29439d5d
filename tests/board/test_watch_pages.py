"""The watch list as people see it: worst first, nothing hidden, only own cases, closed and opened again by a form."""

import datetime as dt
import json
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from board import watch_list
from board.contacts import log_contact
from board.models import CaseClosing, Contact, WatchCheck, WatchState
from board.nightly import check_everybody
from board.services import record_decision
from board.tasks import read_news
from board.watch_list import pressing_rows, watch_page
from board.worklist import worklist
from patients.models import Patient
from patients.services import grant_access, update_patient
from tests.board.test_patient_page import text_of
from tests.patients.factories import make_patient, make_user

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()


@pytest.fixture
def user(client):
    found = make_user("coordinator")
    client.force_login(found)
    return found


def dated(user, days: int, case_number: str):
    """A case whose laboratory values are due in so many days."""
    patient = make_patient(by=user, case_number=case_number)
    said = {"contacted_on": TODAY - dt.timedelta(days=200), "who": "patient", "outcome": "reached", "next_for": "labs"}
    log_contact(by=user, patient=patient, next_on=TODAY + dt.timedelta(days=days), **said)
    return patient


@pytest.fixture
def cohort(user):
    """One of every level, entered in no order."""
    for days, case in ((-20, "W-3"), (40, "W-6"), (-61, "W-2"), (0, "W-4"), (9, "W-5")):
        dated(user, days, case)
    make_patient(by=user, case_number="W-1")
    read_news()
    return user


def cases(rows) -> list[str]:
    return [row.case_number for row in rows]


def test_worst_first_and_nothing_is_hidden(cohort):
    page = watch_page(cohort, today=TODAY)
    assert cases(page.rows) == ["W-1", "W-2", "W-3", "W-4", "W-5", "W-6"]
    assert [row.first.level.name for row in page.rows] == ["NO_DATE", "AGENDA", "OVERDUE", "DUE", "SOON", "LATER"]
    assert [row.first.days for row in page.rows] == ["", "61 late", "20 late", "today", "in 9", "in 40"]
    figures = page.figures
    assert (figures.overdue, figures.soon, figures.without_date) == ("2", "2", "1")
    assert cases(pressing_rows(cohort, today=TODAY)) == ["W-1", "W-2", "W-3", "W-4", "W-5"]


def test_levels_are_those_of_the_day_the_list_is_read_on(cohort):
    later = watch_page(cohort, today=TODAY + dt.timedelta(days=55))
    assert [row.first.level.name for row in later.rows] == [
        "NO_DATE",
        "AGENDA",
        "AGENDA",
        "OVERDUE",
        "OVERDUE",
        "OVERDUE",
    ]


def test_the_page_says_why_and_what_to_do(cohort, client):
    said = text_of(client.get(reverse("board:watch")))
    assert "Nobody has given this patient a next date, and the case is not closed." in said
    assert "See to it: laboratory values" in said and "proposed for the next agenda by itself" in said
    assert "Research and decision support, not a certified medical device" in said


def test_home_counts_and_shows_who_is_lost(cohort, client):
    said = text_of(client.get("/"))
    assert "Never lost" in said and "past their day 2" in said and "due in 30 days 2" in said
    assert "without next date 1" in said and "W-1 Give a next date or close the case" in said
    assert "W-6" not in said.split("Never lost")[1].split("Needs a look")[0]
    assert not worklist(cohort, today=TODAY).is_empty


def test_nobody_lost_is_said_as_good(user, client):
    dated(user, 90, "W-1")
    read_news()
    said = text_of(client.get("/"))
    assert "without next date 0 (good)" in said


def test_a_stranger_sees_nobody_and_the_empty_list_says_why(cohort, client):
    client.force_login(make_user("coordinator"))
    said = text_of(client.get(reverse("board:watch")))
    assert "W-" not in said and "No open case is on the list" in said and "without next date 0" in said
    assert "W-" not in client.get("/").content.decode()


def test_a_role_that_reads_no_chart_sees_nobody(cohort, client):
    admin = make_user("system_admin")
    grant_access(by=cohort, patient=Patient.objects.get(case_number="W-1"), user=admin, kind="care_team", reason="x")
    client.force_login(admin)
    assert "W-1" not in client.get(reverse("board:watch")).content.decode()


def test_a_case_nobody_looked_at_yet_is_said_to_be_missing(user, client):
    make_patient(by=user, case_number="W-1")
    assert "1 case not looked at yet" in text_of(client.get(reverse("board:watch")))
    read_news()
    assert "not looked at yet" not in text_of(client.get(reverse("board:watch")))


def test_a_late_night_is_said_on_list_and_home(user, client):
    for address in ("/", reverse("board:watch")):
        assert "the nightly check has not run yet" in text_of(client.get(address))
    check_everybody()
    for address in ("/", reverse("board:watch")):
        assert "by the nightly job" in text_of(client.get(address))
    WatchCheck.objects.update(finished_at=timezone.now() - dt.timedelta(days=3, hours=1))
    assert "List may be incomplete: last check 3 days ago." in text_of(client.get(reverse("board:watch")))


def test_pages_of_fifty_hold_everybody_once(user, client, monkeypatch):
    monkeypatch.setattr(watch_list, "PAGE_SIZE", 2)
    for number in range(5):
        make_patient(by=user, case_number=f"W-{number}")
    read_news()
    seen = []
    for number in (1, 2, 3):
        page = watch_page(user, today=TODAY, number=number)
        seen += cases(page.rows)
        assert page.has_later is (number < 3)
    assert seen == [f"W-{number}" for number in range(5)]
    assert "W-4" in text_of(client.get(reverse("board:watch"), {"page": "3"}))
    for odd in ("0", "-1", "x", "²", "9" * 30):
        assert "W-0" in text_of(client.get(reverse("board:watch"), {"page": odd}))


def queries(client) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(reverse("board:watch")).status_code == 200
    return len(captured)


def test_the_list_asks_the_database_as_often_with_4_cases_as_with_60(user, client):
    for number in range(4):
        dated(user, number, f"W-{number}")
    read_news()
    with_four = queries(client)
    for number in range(4, 60):
        make_patient(by=user, case_number=f"W-{number}")
    read_news()
    assert queries(client) == with_four <= 17


def test_a_state_that_changed_without_a_row_ends_the_304(user, client):
    make_patient(by=user, case_number="W-1")
    for address in ("/", reverse("board:watch")):
        WatchState.objects.all().delete()
        tag = client.get(address)["ETag"]
        assert client.get(address, headers={"If-None-Match": tag}).status_code == 304
        check_everybody()
        assert client.get(address, headers={"If-None-Match": tag}).status_code == 200


# --- the page of the case --------------------------------------------------------------------------------


def shown(client, patient, **query) -> str:
    return text_of(client.get(reverse("board:patient", args=[patient.case_number]), query))


def test_the_page_of_the_case_says_what_is_due_and_nothing_else(user, client):
    patient = make_patient(by=user)
    assert "No next date. Nobody has given this patient a next date" in shown(client, patient)
    calm = dated(user, 20, "W-1")
    page = client.get(reverse("board:patient", args=[calm.case_number])).content.decode()
    assert "data-watch" not in page
    late = dated(user, -20, "W-2")
    said = shown(client, late)
    assert "Overdue. Laboratory values was agreed for" in said and "(20 days late)" in said


def close(client, patient, **typed):
    return client.post(reverse("board:closing", args=[patient.case_number]), typed)


def test_a_case_is_closed_and_opened_again_by_its_form(user, client):
    patient = make_patient(by=user)
    refused = close(client, patient, do="close", text="as typed")
    assert refused.status_code == 422 and 'value="as typed"' in refused.content.decode()
    assert "Choose why the case is closed." in text_of(refused)
    answer = close(client, patient, do="close", reason="transferred", text="to another city")
    assert answer.status_code == 302 and answer.url.endswith("?tab=contacts")
    said = shown(client, patient, tab="contacts")
    assert "Closed: transferred to another centre. to another city" in said and "Open the case again" in said
    assert "No next date" not in said
    assert close(client, patient, do="reopen").status_code == 422
    assert close(client, patient, do="reopen", text="came back").status_code == 302
    assert "No next date." in shown(client, patient) and CaseClosing.objects.count() == 2
    assert "closed the case: case closing" in shown(client, patient, tab="audit")


def test_a_contact_that_ends_follow_up_is_refused_until_the_case_is_closed_by_its_one_form(user, client):
    patient = dated(user, 20, "W-1")
    typed = {
        "contacted_on": TODAY, "who": "patient", "outcome": "reached", "next_for": "nothing", "next_on": "",
        "note": "treated elsewhere",
    }  # fmt: skip
    address = reverse("board:contact", args=[patient.case_number])
    refused = client.post(address, typed)
    assert refused.status_code == 422 and "without a next date" in text_of(refused)
    assert "close the case with a reason" in text_of(refused) and refused.content.decode().count('name="reason"') == 1
    assert close(client, patient, do="close", reason="transferred", text="elsewhere").status_code == 302
    assert client.post(address, typed).status_code == 302 and Contact.objects.count() == 2


def test_a_decision_that_takes_the_last_date_is_refused_on_its_form_and_keeps_the_text(client):
    user = make_user("chair")
    client.force_login(user)
    patient = make_patient(by=user, case_number="W-1")
    words = {"decided_on": TODAY, "outcome": "not_yet", "text": "Repeat.", "owner": "Dr K"}
    first = record_decision(by=user, patient=patient, due_date=TODAY, **words)
    ended = {"next_step": "nothing", "password": "not-a-real-password", "key": "one", "agreement": "consensus"}
    typed = words | ended | {"text": "Kept text", "supersedes": first.pk}
    answer = client.post(reverse("board:decide", args=["W-1"]), typed)
    assert answer.status_code == 422
    assert "without a next date" in text_of(answer) and "Kept text" in text_of(answer)


@pytest.mark.parametrize("role", ["observer", "data_entry"])
def test_who_may_not_follow_up_sees_no_form_and_is_refused(user, client, role):
    patient, reader = make_patient(by=user), make_user(role)
    grant_access(by=user, patient=patient, user=reader, kind="care_team", reason="reads along")
    client.force_login(reader)
    assert "Close the case" not in shown(client, patient, tab="contacts").replace("or close the case", "")
    assert close(client, patient, do="close", reason="declined").status_code == 403
    assert not CaseClosing.objects.exists()


def test_the_dead_are_not_on_the_list_and_have_no_form(user, client):
    patient = make_patient(by=user, case_number="W-1")
    update_patient(patient, by=user, reason="letter", vital_status="deceased")
    read_news()
    assert "W-1" not in client.get(reverse("board:watch")).content.decode()
    assert "Close the case" not in shown(client, patient, tab="contacts")


# --- the command -------------------------------------------------------------------------------------------


def test_the_command_looks_at_everybody_and_says_who_is_pressing(cohort):
    WatchState.objects.all().delete()
    out = StringIO()
    call_command("watch", stdout=out)
    said = out.getvalue()
    assert "W-1  no next date: Nobody has given" in said and "W-6" not in said
    assert "6 cases looked at, 1 without a next date." in said
    out = StringIO()
    call_command("watch", "--json", stdout=out)
    found = json.loads(out.getvalue())
    assert [case["case"] for case in found["cases"]] == [f"W-{number}" for number in range(1, 7)]
    assert found["without_date"] == 1 and found["cases"][1]["reasons"][0]["level"].startswith("overdue")
    assert found["due_rules"]["evidence"] == "D" and "not a certified" in found["notice"]


def test_the_command_refuses_wrong_rules_and_says_what_it_could_not_read(cohort, settings, monkeypatch):
    from board import looking

    monkeypatch.setattr(looking, "keep_watch", lambda patient: 1 / 0)
    with pytest.raises(CommandError, match="6 cases could not be read"):
        call_command("watch", stdout=StringIO())
    settings.DUE_RULES_FILE = "/nowhere/due.toml"
    with pytest.raises(CommandError, match="The due rules cannot be used"):
        call_command("watch", stdout=StringIO())


def test_days_are_said_in_words_and_the_row_is_as_late_as_the_median_counts_it(user, client):
    patient = dated(user, -125, "W-9")
    read_news()
    due = TODAY - dt.timedelta(days=125)
    first = {"kind": "no_date", "sentence": "Nobody.", "action": "Give one", "since": None, "opens": None, "due": None}
    state = WatchState.objects.get(patient=patient)
    WatchState.objects.filter(pk=state.pk).update(reasons=[first, *state.reasons])
    (row,) = watch_page(user, today=TODAY).rows
    assert (row.first.kind, row.days) == ("no_date", "125 late")
    assert f"{due.day} {due:%b %Y}" in [line.due for line in row.lines]
    assert due.isoformat() not in text_of(client.get(reverse("board:watch")))


def test_where_nothing_is_late_the_meeting_is_said_first(user):
    patient = dated(user, 7, "W-8")
    read_news()
    state = WatchState.objects.get(patient=patient)
    ahead = (TODAY + dt.timedelta(days=90)).isoformat()
    meeting = state.reasons[0] | {
        "kind": "meeting",
        "sentence": "On the agenda.",
        "opens": ahead,
        "due": ahead,
    }  # weeks after what is due now
    WatchState.objects.filter(pk=state.pk).update(reasons=[*state.reasons, meeting])
    (row,) = watch_page(user, today=TODAY).rows
    assert row.first.kind == "meeting" and row.level == max(line.level for line in row.lines)


def test_a_contact_form_is_preset_with_the_day_only(user, client):
    dated(user, -20, "W-7")
    read_news()
    page = client.get(reverse("board:watch"), {"case": "W-7", "do": "log"}).content.decode()
    assert f'value="{TODAY.isoformat()}"' in page
    assert 'value="patient" selected' not in page and 'value="reached" selected' not in page
