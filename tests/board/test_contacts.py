"""Who was contacted, with what outcome, and what comes next: stored once, never without a next date or a word why."""

import datetime as dt

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import reverse

from board.chart import Chart
from board.closing import close_case
from board.contacts import contact_lines, log_contact, waiting_contact
from board.domain.timeline import draw
from board.history import history
from board.models import BoardDecision, Contact
from board.next_due import next_due
from board.worklist import worklist
from imaging.models import Scan
from patients.models import AuditEvent
from patients.services import record, update_patient
from tests.board.factories import TODAY
from tests.patients.factories import make_patient, make_user

pytestmark = pytest.mark.django_db
SSTR, LATER = "68Ga-DOTATATE", TODAY + dt.timedelta(days=1)
NEXT_WEEK, IN_AUTUMN = TODAY + dt.timedelta(days=7), dt.date(2026, 10, 20)
SAID = {"contacted_on": TODAY, "who": "patient", "outcome": "reached", "next_for": "scan", "next_on": IN_AUTUMN}


@pytest.fixture
def user():
    return make_user("coordinator")


@pytest.fixture
def patient(user):
    return make_patient(by=user)


def log(user, patient, **changes) -> Contact:
    return log_contact(by=user, patient=patient, **SAID | changes)


def send(client, patient, **changes):
    typed = {name: str(value) for name, value in (SAID | changes).items()}
    return client.post(reverse("board:contact", args=[patient.case_number]), typed)


def shown(client, patient) -> str:
    return client.get(reverse("board:patient", args=[patient.case_number]), {"tab": "contacts"}).content.decode()


def test_a_contact_is_stored_with_its_author_in_the_trail_and_listed_newest_first(client, user, patient):
    client.force_login(user)
    log(user, patient, contacted_on=TODAY - dt.timedelta(days=9), outcome="not_reached", note="no answer")
    response = send(client, patient, note="agreed to the scan")
    assert response.status_code == 302 and response.url.endswith("?tab=contacts")
    newest = Contact.objects.get(note="agreed to the scan")
    event = AuditEvent.objects.filter(action="log_contact").latest("id")
    assert (event.by, event.patient, event.after["next_on"]) == (user, patient, "2026-10-20")
    assert [line.row.note for line in contact_lines(Chart(patient, TODAY))] == ["agreed to the scan", "no answer"]
    page = shown(client, patient)
    assert page.index("agreed to the scan") < page.index("no answer")
    assert newest.recorded_by == user and "2026-10-20" in page
    assert (
        "wrote down a contact: contact"
        in client.get(reverse("board:patient", args=[patient.case_number]), {"tab": "audit"}).content.decode()
    )


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"next_on": ""}, "so that this patient is not lost"),
        ({"next_for": "nothing", "next_on": ""}, "Say why nothing comes next"),
        ({"next_for": "nothing", "note": "moved away"}, "has no next date"),
        ({"contacted_on": "2999-01-01"}, "in the future"),
        ({"next_on": "2001-01-01"}, "before the contact"),
        ({"who": "nobody"}, "Select a valid choice"),
        ({"who": ""}, "This field is required"),
        ({"outcome": ""}, "This field is required"),
        ({"next_on": "20.10.2026"}, "Write year, month, day"),
    ],
)
def test_what_is_missing_is_named_and_what_was_typed_is_kept(client, user, patient, changes, said):
    client.force_login(user)
    typed = {"note": "" if changes.get("next_for") == "nothing" else "as typed"} | changes
    response = send(client, patient, **typed)
    page = response.content.decode()
    assert response.status_code == 422 and said in page and "Your text is kept" in page
    assert f'value="{typed["note"]}"' in page or not typed["note"]
    assert not Contact.objects.exists()


def test_follow_up_that_ends_needs_a_word_and_has_no_date(user, patient):
    log(user, patient)
    nothing = {"next_for": "nothing", "next_on": None, "note": "treated elsewhere"}
    with pytest.raises(ValidationError, match="without a next date"):
        log(user, patient, **nothing)
    assert waiting_contact(Chart(patient, TODAY)) is not None, "the refused contact has not ended anything"
    close_case(by=user, patient=patient, reason="transferred")
    ended = log(user, patient, **nothing)
    assert ended.next_on is None and waiting_contact(Chart(patient, TODAY)) is None


def test_sent_twice_it_is_stored_once_and_never_edited(user, patient):
    row = log(user, patient)
    assert log(user, patient) == row and Contact.objects.count() == 1
    for write in (row.save, row.delete, Contact.objects.all().delete):
        with pytest.raises(TypeError, match="append-only"):
            write()
    with pytest.raises(TypeError, match="append-only"):
        Contact.objects.update(note="nicer")


@pytest.mark.parametrize("role", ["data_entry", "researcher", "observer"])
def test_who_may_not_follow_up_logs_no_contact(client, user, patient, role):
    with pytest.raises(PermissionDenied, match="log contacts"):
        log(make_user(role), patient)
    with pytest.raises(PermissionDenied, match="no access"):
        log(make_user("coordinator"), patient)


def waiting(user, patient) -> dict[str, bool]:
    """Whether the next date still asks for something, as each place says it."""
    patient.refresh_from_db()
    chart, work = Chart(patient, TODAY), worklist(user, today=TODAY)
    scans = next(lane for lane in draw(history(chart)).lanes if lane.key == "scans")
    return {
        "page": waiting_contact(chart) is not None,
        "query": Contact.objects.waiting().exists(),
        "home": work.next_due is not None,
        "timeline": any(glyph.shape == "planned" for glyph in scans.glyphs),
    }


def everywhere(said: bool) -> dict[str, bool]:
    return dict.fromkeys(("page", "query", "home", "timeline"), said)


def test_an_agreed_scan_waits_everywhere_until_it_is_there(user, patient):
    log(user, patient)
    for day, tracer in ((TODAY - dt.timedelta(days=30), SSTR), (TODAY, SSTR), (LATER, "18F-FDG"), (LATER, "")):
        record(Scan, by=user, patient=patient, clinical_date=day, tracer=tracer)
        assert waiting(user, patient) == everywhere(True), (day, tracer)
    record(Scan, by=user, patient=patient, clinical_date=LATER, tracer=SSTR)
    assert waiting(user, patient) == everywhere(False)


def test_a_scan_agreed_on_for_the_day_of_the_contact_is_met_on_that_day(user, patient):
    log(user, patient, next_on=TODAY)
    assert waiting(user, patient) == everywhere(True)
    record(Scan, by=user, patient=patient, clinical_date=TODAY, tracer=SSTR)
    assert waiting(user, patient) == everywhere(False)


def test_an_older_contact_entered_late_does_not_replace_the_newer_date(user, patient):
    newer = log(user, patient)
    log(user, patient, contacted_on=TODAY - dt.timedelta(days=40), next_for="labs", next_on=TODAY)
    assert waiting_contact(Chart(patient, TODAY)) == newer == Contact.objects.waiting().get()
    same_day = log(user, patient, next_for="visit", next_on=NEXT_WEEK)
    assert waiting_contact(Chart(patient, TODAY)) == same_day == Contact.objects.waiting().get()


def test_the_last_contact_counts_and_nobody_is_reminded_of_the_dead(user, patient):
    log(user, patient)
    log(user, patient, next_for="labs", next_on=NEXT_WEEK)
    assert waiting(user, patient) == everywhere(True) | {"timeline": False}
    update_patient(patient, by=user, reason="letter", vital_status="deceased")
    assert waiting(user, patient) == everywhere(False)


def test_the_scan_to_come_is_dotted_in_the_lane_of_the_scans_and_no_decision_is_there(user, patient):
    log(user, patient)
    lanes = {lane.key: lane for lane in draw(history(Chart(patient, TODAY))).lanes}
    (glyph,) = lanes["scans"].glyphs
    assert (glyph.shape, glyph.text) == ("planned", "") and "Scan due 20 Oct 2026" in glyph.title
    assert not lanes["decisions"].glyphs and not lanes["scans"].gaps


def test_what_falls_due_next_is_named_though_it_is_far_away(client, user, patient, today):
    client.force_login(user)
    home, page = reverse("board:home"), reverse("board:patient", args=[patient.case_number])
    assert "No later date is recorded either" in client.get(home).content.decode()
    assert "No follow-up has a date" in client.get(page).content.decode()
    log(user, patient)
    row = {"decided_on": TODAY, "outcome": "not_yet", "text": "t", "owner": "o", "recorded_by": user}
    BoardDecision.objects.create(patient=patient, due_date=dt.date(2026, 9, 1), **row)
    work = worklist(user, today=TODAY)
    assert work.due == [] and work.contacts_due == [] and work.is_empty
    assert (work.next_due.what, work.next_due.day) == ("decision not yet", dt.date(2026, 9, 1))
    assert next_due(Chart(patient, TODAY)) == work.next_due
    for address in (home, page):
        said = " ".join(client.get(address).content.decode().split())
        assert said.count("decision not yet, 1 Sep 2026") == (2 if address == home else 1)


def test_a_next_date_within_thirty_days_waits_on_the_work_list(client, user, patient, today):
    client.force_login(user)
    log(user, patient, next_for="labs", next_on=TODAY - dt.timedelta(days=1), contacted_on=TODAY - dt.timedelta(days=9))
    work = worklist(user, today=TODAY)
    assert [row.patient for row in work.contacts_due] == [patient] and not work.is_empty
    said = client.get(reverse("board:home")).content.decode()
    assert "Laboratory values" in said and "overdue" in said
    with pytest.raises(ValidationError):
        log(user, patient, next_on=None)
