"""The desk opens by role and grant, never by a permission someone ticked."""

import re

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.urls import reverse

from patients import services
from patients.domain.roles import Capability, Role, role_may
from patients.models import AuditEvent, BodyMeasure, Diagnosis, Patient, Team, User
from tests.patients.factories import make_patient, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.patients.urls")]

LIST = "admin:patients_patient_changelist"


@pytest.fixture
def owner():
    return make_user("coordinator", is_staff=True)


@pytest.fixture
def patient(owner):
    return make_patient(owner, birth_date="1965-01-01", birth_date_precision="year")


def give(patient, owner, user):
    services.grant_access(by=owner, patient=patient, kind="care_team", user=user)


def change(patient):
    return reverse("admin:patients_patient_change", args=[patient.pk])


@pytest.mark.parametrize("role", list(Role))
def test_roles_open_what_their_capabilities_say(client, role, patient, owner):
    user = make_user(role.value, is_staff=True)
    give(patient, owner, user)
    client.force_login(user)
    reads, edits = role_may(role, Capability.READ_CHART), role_may(role, Capability.EDIT_CLINICAL)
    assert client.get(reverse(LIST)).status_code == (200 if reads else 403)
    assert client.get(reverse("admin:patients_patient_add")).status_code == (200 if reads and edits else 403)
    page = client.get(change(patient))
    if not reads:
        assert page.status_code in (302, 403) and b"Diagnos" not in page.content
        return
    assert page.status_code == 200
    assert (b'name="_save"' in page.content) is edits
    if not edits:
        assert client.post(change(patient), {"case_number": "X"}).status_code == 403
        assert b"1 Jan 1965" not in page.content, "a year of birth is no day of birth"


def test_a_superuser_without_a_grant_finds_no_case(client, patient):
    user = make_user("clinician", is_staff=True, is_superuser=True)
    client.force_login(user)
    assert patient.case_number.encode() not in client.get(reverse(LIST)).content
    assert client.get(change(patient)).status_code == 302


def test_an_invisible_case_answers_like_one_that_is_not_there(client, patient):
    client.force_login(make_user("clinician", is_staff=True))
    hidden = client.get(change(patient))
    missing = client.get(reverse("admin:patients_patient_change", args=["0" * 32]))
    assert (hidden.status_code, hidden["Location"]) == (missing.status_code, missing["Location"])


def test_ticked_permissions_open_nothing(client, patient, owner):
    user = make_user("observer", is_staff=True)
    user.user_permissions.set(Permission.objects.all())
    give(patient, owner, user)
    client.force_login(user)
    assert client.get(reverse("admin:patients_patient_add")).status_code == 403
    assert client.get(reverse("admin:patients_user_changelist")).status_code == 403


def test_without_staff_status_or_account_the_desk_is_closed(client, patient, owner):
    assert client.get(reverse(LIST)).status_code == 302
    user = make_user("clinician")
    give(patient, owner, user)
    client.force_login(user)
    assert client.get(reverse(LIST)).status_code in (302, 403)


def test_rows_of_other_cases_are_out_of_reach(client, patient, owner):
    row = services.record(BodyMeasure, by=owner, patient=patient, kind="weight_kg", value=70)
    client.force_login(make_user("clinician", is_staff=True))
    for page in ("change", "history", "delete"):
        url = reverse(f"admin:patients_bodymeasure_{page}", args=[row.pk])
        assert client.get(url).status_code == 302
    client.post(reverse("admin:patients_bodymeasure_delete", args=[row.pk]), {"reason": "curious"})
    assert BodyMeasure.objects.count() == 1
    listed = client.get(reverse("admin:patients_bodymeasure_changelist")).content
    assert patient.case_number.encode() not in listed
    looked_up = client.get(
        reverse("admin:autocomplete"),
        {"app_label": "patients", "model_name": "diagnosis", "field_name": "patient", "term": patient.case_number},
    )
    assert looked_up.json()["results"] == []


def test_a_row_cannot_be_moved_into_or_recorded_for_an_invisible_case(client, patient):
    client.force_login(make_user("clinician", is_staff=True))
    posted = {"patient": str(patient.pk), "primary_site": "stomach", "functional_status": "unknown", "stage": "unknown"}
    response = client.post(reverse("admin:patients_diagnosis_add"), posted)
    assert response.status_code == 200
    assert not Diagnosis.objects.exists()


def test_system_administrators_manage_accounts_and_read_no_case(client, patient, owner):
    sysadmin = make_user("system_admin", is_staff=True)
    give(patient, owner, sysadmin)
    team = Team.objects.create(name="NET board")
    client.force_login(sysadmin)
    index = client.get(reverse("admin:index")).content
    assert b"Users" in index and reverse(LIST).encode() not in index
    assert client.get(reverse(LIST)).status_code == 403
    new = {
        "username": "newcomer",
        "usable_password": "true",
        "password1": "a-long-pass-phrase",
        "password2": "a-long-pass-phrase",
        "role": "clinician",
        "teams": [team.pk],
    }
    assert client.post(reverse("admin:patients_user_add"), new).status_code == 302
    made = User.objects.get(username="newcomer")
    assert (made.role, list(made.teams.all())) == ("clinician", [team])
    event = AuditEvent.objects.get(action="create_user")
    assert event.by == sysadmin and event.after["teams"] == ["NET board"]
    assert "password" not in event.after
    assert (
        client.post(
            reverse("admin:patients_user_change", args=[made.pk]),
            {
                "username": "newcomer",
                "role": "chair",
                "is_active": "on",
                "teams": [],
                "seen_version": services.version_of(made),
            },
        ).status_code
        == 302
    )
    assert AuditEvent.objects.get(action="update_user").after["role"] == "chair"
    assert (
        client.post(
            reverse("admin:auth_user_password_change", args=[made.pk]),
            {"usable_password": "true", "password1": "another-long-phrase", "password2": "another-long-phrase"},
        ).status_code
        == 302
    )
    assert AuditEvent.objects.filter(action="change_password", by=sysadmin).count() == 1


def test_an_administrator_does_not_change_their_own_role(client):
    sysadmin = make_user("system_admin", is_staff=True)
    client.force_login(sysadmin)
    url = reverse("admin:patients_user_change", args=[sysadmin.pk])
    posted = {"username": sysadmin.username, "role": "clinician", "is_active": "on", "is_staff": "on", "teams": []}
    posted["seen_version"] = services.version_of(sysadmin)
    assert client.post(url, posted).status_code == 200
    sysadmin.refresh_from_db()
    assert sysadmin.role == "system_admin"


@pytest.mark.parametrize(
    ("role", "status"), [("coordinator", 200), ("chair", 200), ("clinician", 403), ("observer", 403)]
)
def test_only_who_grants_access_may_look_names_up(client, role, status):
    client.force_login(make_user(role, is_staff=True))
    url = reverse("admin:autocomplete")
    answer = client.get(url, {"app_label": "patients", "model_name": "accessgrant", "field_name": "user", "term": "c"})
    assert answer.status_code == status
    assert client.get(reverse("admin:patients_user_changelist")).status_code == 403


def test_the_desk_keeps_the_strict_content_security_policy(client, patient, owner):
    client.force_login(owner)
    page = client.get(change(patient))
    policy = page.headers["Content-Security-Policy"]
    assert "unsafe" not in policy and "script-src 'self'" in policy
    text = page.content.decode()
    assert " style=" not in text and "<style" not in text and "onclick=" not in text
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", text))


def test_the_admin_cannot_delete_anything():
    desks = [desk for model, desk in admin.site._registry.items() if model._meta.app_label == "patients"]
    assert desks and all(desk.actions is None for desk in desks)


def test_patients_cannot_be_deleted(client, patient, owner):
    client.force_login(owner)
    assert client.post(reverse("admin:patients_patient_delete", args=[patient.pk]), {"reason": "x"}).status_code == 403
    assert Patient.objects.filter(pk=patient.pk).exists()
