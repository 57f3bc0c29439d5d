"""Role and relation: both, or nothing. A centre, a team, a person, a meeting, an emergency; and whoever has none."""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import reverse

from patients import services
from patients.domain.roles import Role
from patients.models import AccessGrant, Patient, Team
from tests.patients.factories import make_patient, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.both_engines]
READERS = set(Role) - {Role.RESEARCHER, Role.SYSTEM_ADMIN, Role.DISPLAY}
RELATIONS = ["none", "person", "team", "centre", "board", "break_glass", "ended", "other centre"]


def sees(user, patient) -> bool:
    return Patient.objects.visible_to(user).filter(pk=patient.pk).exists()


def relate(user, patient, how: str, by) -> None:
    if how in {"centre", "other centre"}:
        name = "North" if how == "centre" else "South"
        centre = services.store_team(Team(name=name, kind="centre", opens_its_cases=True), by=by)
        user.teams.add(centre)
    elif how == "team":
        team = Team.objects.create(name="T")
        user.teams.add(team)
        services.grant_access(by=by, patient=patient, kind="care_team", team=team)
    elif how != "none":
        kind = {"person": "care_team", "ended": "care_team"}.get(how, how)
        grant = services.grant_access(by=by, patient=patient, kind=kind, user=user)
        if how == "ended":
            services.revoke_access(grant, by=by, reason="left")


@pytest.mark.parametrize("how", RELATIONS)
def test_role_and_relation(how):
    by = make_user("coordinator")
    for role in Role:
        patient, user = make_patient(by, centre="North"), make_user(role.value)
        relate(user, patient, how, by)
        opens = how not in {"none", "ended", "other centre"}
        assert sees(user, patient) is (opens and role in READERS), (role, how)
        Team.objects.all().delete()


def test_a_centre_opens_its_cases_from_then_on_and_takes_them_back():
    admin, by = make_user("system_admin"), make_user("coordinator")
    before, elsewhere = make_patient(by, centre="north"), make_patient(by, centre="South")
    centre = services.store_team(Team(name="North", kind="centre"), by=admin)
    member = make_user("clinician")
    member.teams.add(centre)
    assert not sees(member, before)
    centre.opens_its_cases = True
    services.store_team(centre, by=admin)
    after = make_patient(by, centre="North")
    assert sees(member, before) and sees(member, after) and not sees(member, elsewhere)
    moved = services.update_patient(after, by=by, reason="treated there", centre="South")
    assert not sees(member, moved)
    assert sees(member, services.update_patient(elsewhere, by=by, reason="treated here", centre="North"))
    centre.opens_its_cases = False
    services.store_team(centre, by=admin)
    assert not sees(member, before) and not sees(member, elsewhere)


def test_a_renamed_centre_keeps_no_case_of_the_old_name():
    admin, by = make_user("system_admin"), make_user("coordinator")
    patient, member = make_patient(by, centre="North"), make_user("clinician")
    centre = services.store_team(Team(name="North", kind="centre", opens_its_cases=True), by=admin)
    member.teams.add(centre)
    assert sees(member, patient)
    centre.name = "Northern"
    services.store_team(centre, by=admin)
    assert not sees(member, patient)


def test_the_gate_asks_for_grants_once(django_assert_num_queries):
    user = make_user("clinician")
    with django_assert_num_queries(1):
        list(Patient.objects.visible_to(user))


def test_a_coordinator_opens_and_ends_with_a_reason(client):
    by, guest = make_user("coordinator"), make_user("clinician")
    patient = make_patient(by)
    client.force_login(by)
    address = reverse("people:open_case", args=[patient.case_number])
    client.post(address, {"who": guest.username, "reason": ""})
    assert not sees(guest, patient)
    client.post(address, {"who": guest.username, "reason": "second opinion", "days": "7"})
    assert sees(guest, patient)
    grant = AccessGrant.objects.get(patient=patient, user=guest)
    assert grant.until is not None and grant.reason == "second opinion"
    page = client.get(reverse("board:patient", args=[patient.case_number]) + "?tab=audit").content.decode()
    assert "Who may read this case" in page and "second opinion" in page
    end = reverse("people:end_grant", args=[grant.pk])
    client.post(end, {"reason": " "})
    assert sees(guest, patient)
    client.post(end, {"reason": "opinion given"})
    assert not sees(guest, patient)


def test_who_may_read_names_nobody_whose_role_reads_no_case(client):
    by, reader, researcher = make_user("coordinator"), make_user("clinician"), make_user("researcher")
    patient, team = make_patient(by), Team.objects.create(name="Board")
    for person in (reader, researcher):
        person.teams.add(team)
    services.grant_access(by=by, patient=patient, kind="care_team", team=team)
    client.force_login(by)
    page = client.get(reverse("board:patient", args=[patient.case_number]) + "?tab=audit").content.decode()
    readers = page[page.index("Who may read this case") : page.index("User name")]
    assert reader.username in readers and researcher.username not in readers
    services.grant_access(by=by, patient=patient, kind="care_team", user=researcher)
    page = client.get(reverse("board:patient", args=[patient.case_number]) + "?tab=audit").content.decode()
    assert "Researcher, a role that reads no case" in page


@pytest.mark.parametrize(("role", "is_offered"), [("data_entry", True), ("observer", False), ("researcher", False)])
def test_the_upload_is_offered_to_those_who_may_upload(client, role, is_offered):
    client.force_login(make_user(role))
    assert client.get(reverse("imaging:upload")).status_code == (200 if is_offered else 403)
    assert (f'href="{reverse("imaging:upload")}"' in client.get("/").content.decode()) == is_offered


def test_nobody_opens_what_they_do_not_read_or_shuts_themselves_out():
    by = make_user("coordinator")
    patient, stranger = make_patient(by), make_user("chair")
    with pytest.raises(PermissionDenied):
        services.open_case(by=stranger, patient=patient, user=stranger, reason="curious")
    with pytest.raises(PermissionDenied):
        services.open_case(by=make_user("clinician"), patient=patient, user=stranger, reason="curious")
    with pytest.raises(ValidationError, match="somebody else"):
        services.close_case(patient.grants.get(user=by), by=by, reason="leaving")


def test_extra_fields_make_no_emergency_and_no_other_author(client):
    by, guest = make_user("coordinator"), make_user("clinician")
    patient = make_patient(by)
    client.force_login(by)
    sent = {
        "who": guest.username,
        "reason": "joint clinic",
        "kind": "break_glass",
        "granted_by": guest.pk,
        "until": "2999",
    }
    client.post(reverse("people:open_case", args=[patient.case_number]), sent)
    grant = AccessGrant.objects.get(patient=patient, user=guest)
    assert (grant.kind, grant.granted_by, grant.until) == ("care_team", by, None)
