"""Emergency access: for an hour, with a reason, counted, seen by administrators; it tells nothing about other numbers."""

import datetime as dt

import pytest
from django.core import mail
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from board.agenda import list_case
from patients import services
from patients.domain.roles import Role
from patients.mailing import send_emergency_notice
from patients.models import AccessGrant, AuditEvent, Patient
from patients.selectors import open_emergencies, unreviewed_emergencies
from tests.board.meeting_factories import make_meeting
from tests.patients.factories import make_patient, make_user

pytestmark = pytest.mark.django_db
WHY = "bleeding tonight, on call"
MAY = {Role.NUCLEAR_MEDICINE, Role.CLINICIAN, Role.CHAIR}


@pytest.fixture
def patient():
    return make_patient(case_number="ER-1")


def sees(user, patient, at=None) -> bool:
    return Patient.objects.visible_to(user, at=at).filter(pk=patient.pk).exists()


@pytest.mark.parametrize("role", list(Role))
def test_some_roles_may(role, patient, client):
    user = make_user(role.value)
    client.force_login(user)
    sent = {"case_number": "ER-1", "reason": WHY}
    if role not in MAY:
        with pytest.raises(PermissionDenied):
            services.break_glass(by=user, **sent)
        assert client.post(reverse("people:emergency"), sent).status_code == 403
        assert not sees(user, patient)
        return
    answer = client.post(reverse("people:emergency"), sent)
    assert (answer.status_code, answer["Location"]) == (302, "/patients/ER-1/")
    assert client.get(answer["Location"]).status_code == 200


def test_it_ends_after_an_hour(patient):
    user = make_user("clinician")
    grant = services.break_glass(by=user, case_number="ER-1", reason=WHY)
    assert abs(grant.until - timezone.now() - dt.timedelta(minutes=60)) < dt.timedelta(seconds=30)
    assert sees(user, patient, at=grant.until - dt.timedelta(seconds=1))
    assert not sees(user, patient, at=grant.until + dt.timedelta(seconds=1))
    AccessGrant.objects.filter(pk=grant.pk).update(until=timezone.now() - dt.timedelta(seconds=1))
    assert not sees(user, patient) and open_emergencies(user) == []


def test_a_reason_is_fifteen_characters(patient):
    user = make_user("clinician")
    for reason in ("", "urgent", " " * 40, "x" * 14):
        with pytest.raises(ValidationError):
            services.break_glass(by=user, case_number="ER-1", reason=reason)
    assert not sees(user, patient)


def test_a_number_that_is_there_and_one_that_is_not_are_answered_alike(patient, client):
    client.force_login(make_user("clinician"))
    answers = []
    for number in ("ER-1", "ER-2"):
        answer = client.post(reverse("people:emergency"), {"case_number": number, "reason": WHY})
        answers.append((answer.status_code, answer["Location"].replace(number, ""), answer.content))
    assert answers[0] == answers[1]
    assert AuditEvent.objects.filter(action="try_emergency").count() == 2
    assert "ER-2" not in str(list(AuditEvent.objects.values()))


def test_numbers_cannot_be_tried_out(patient, client):
    user = make_user("clinician")
    for n in range(5):
        assert services.break_glass(by=user, case_number=f"NO-{n}", reason=WHY) is None
    with pytest.raises(ValidationError, match="5 times"):
        services.break_glass(by=user, case_number="ER-1", reason=WHY)
    assert not sees(user, patient)


def test_a_case_one_reads_anyway_needs_no_emergency(patient):
    assert services.break_glass(by=make_user("clinician"), case_number="ER-1", reason=WHY)
    user = make_user("clinician")
    services.grant_access(by=user, patient=patient, kind="care_team", user=user)
    assert services.break_glass(by=user, case_number="ER-1", reason=WHY) is None


def test_every_page_says_so_and_the_trail_keeps_it(patient, client):
    user = make_user("clinician")
    client.force_login(user)
    client.post(reverse("people:emergency"), {"case_number": "ER-1", "reason": WHY})
    for address in ("/patients/ER-1/", "/patients/ER-1/?tab=labs", "/watch/"):
        assert "Emergency access" in client.get(address).content.decode(), address
    event = AuditEvent.objects.get(action="grant_access", patient=patient, by=user)
    assert event.reason == WHY and event.after["kind"] == "break_glass"


def test_administrators_are_told_without_any_word_about_the_patient(patient, client, settings):
    settings.SITE_URL = "https://board.example.org"
    admin = make_user("system_admin", email="admin@example.org")
    services.break_glass(by=make_user("clinician"), case_number="ER-1", reason=WHY)
    assert send_emergency_notice()
    (letter,) = mail.outbox
    assert "/people/emergencies/" in letter.body
    assert "ER-1" not in letter.body + letter.subject and WHY not in letter.body
    client.force_login(admin)
    assert "1 emergency access not seen yet" in " ".join(client.get("/").content.decode().split())
    listed = client.get(reverse("people:emergencies")).content.decode()
    assert "ER-1" in listed and WHY in listed


def test_an_administrator_sees_it_and_ends_it(patient, client):
    admin, user = make_user("system_admin"), make_user("clinician")
    grant = services.break_glass(by=user, case_number="ER-1", reason=WHY)
    client.force_login(admin)
    client.post(reverse("people:emergency_act", args=[grant.pk]), {"what": "seen"})
    assert sees(user, patient) and unreviewed_emergencies() == 0
    client.post(reverse("people:emergency_act", args=[grant.pk]), {"what": "end"})
    assert not sees(user, patient)
    assert AccessGrant.objects.get(pk=grant.pk).reviewed_by == admin
    other = services.grant_access(by=admin, patient=patient, kind="care_team", user=user)
    assert client.post(reverse("people:emergency_act", args=[other.pk]), {"what": "end"}).status_code == 404


def test_what_was_opened_in_an_emergency_is_not_opened_to_anybody_else(patient):
    chair, guest = make_user("chair"), make_user("clinician")
    services.break_glass(by=chair, case_number="ER-1", reason=WHY)
    for person in (chair, guest):
        with pytest.raises(PermissionDenied):
            services.open_case(by=chair, patient=patient, user=person, reason="to read on")
    with pytest.raises(PermissionDenied):
        list_case(by=chair, meeting=make_meeting(chair), patient=patient, lane="discuss")
    services.grant_access(by=chair, patient=patient, user=chair, kind="care_team")
    services.open_case(by=chair, patient=patient, user=guest, reason="takes over")
    assert sees(guest, patient)


@pytest.mark.parametrize(
    ("site", "said"), [("", "sign in, then People"), ("https://board.example.org", "here: https://")]
)
def test_a_mail_has_a_whole_link_or_none(settings, site, said):
    settings.SITE_URL = site
    make_user("system_admin", email="admin@example.org")
    send_emergency_notice()
    body = mail.outbox[0].body
    assert said in body and (bool(site) == ("/people/" in body))


def test_what_nobody_has_seen_is_counted_once_a_page(patient, client):
    services.break_glass(by=make_user("clinician"), case_number="ER-1", reason=WHY)
    client.force_login(make_user("system_admin"))
    with CaptureQueriesContext(connection) as asked:
        client.get(reverse("people:emergencies"))
    counts = [q for q in asked if "COUNT" in q["sql"] and "accessgrant" in q["sql"] and "reviewed_at" in q["sql"]]
    assert len(counts) == 1
