"""Who may read which case: a role that reads charts, and a grant. Both, or nothing."""

import datetime as dt
import threading
import time

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils import timezone

from patients import selectors, services
from patients.domain.roles import Role
from patients.models import AccessGrant, AuditEvent, Patient, Team, User
from tests.patients.factories import make_patient, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.both_engines]

READERS = {
    Role.NUCLEAR_MEDICINE,
    Role.CLINICIAN,
    Role.COORDINATOR,
    Role.CHAIR,
    Role.DATA_ENTRY,
    Role.OBSERVER,
}


@pytest.fixture
def owner():
    return make_user("coordinator")


@pytest.fixture
def patient(owner):
    return make_patient(owner)


def sees(user, patient) -> bool:
    return selectors.visible_patients(user).filter(pk=patient.pk).exists()


def grant(patient, owner, **who):
    return services.grant_access(by=owner, patient=patient, kind="care_team", **who)


@pytest.mark.parametrize("role", list(Role))
def test_a_grant_opens_a_case_only_to_roles_that_read_charts(role, patient, owner):
    user = make_user(role.value)
    assert not sees(user, patient)
    grant(patient, owner, user=user)
    assert sees(user, patient) is (role in READERS)


def test_readers_of_a_case_are_those_who_see_it(patient, owner):
    team, soon = Team.objects.create(name="T"), timezone.now() + dt.timedelta(hours=1)
    users = {role: make_user(role.value) for role in Role}
    for user in users.values():
        grant(patient, owner, user=user)
    member, gone, late, guest = make_user(), make_user(is_active=False), make_user(), make_user()
    member.teams.add(team)
    grant(patient, owner, team=team)
    grant(patient, owner, user=member)
    for user, until in ((gone, None), (late, timezone.now()), (guest, soon)):
        grant(patient, owner, user=user, until=until)
    services.revoke_access(grant(patient, owner, user=make_user()), by=owner, reason="left")
    found = selectors.readers_of(patient)
    assert sorted(u.pk for u in found) == sorted(u.pk for u in User.objects.all() if sees(u, patient))
    assert {member, guest, owner} <= set(found) and not {gone, late} & set(found)


def test_nobody_sees_a_case_without_a_grant_not_even_a_superuser(patient):
    superuser = make_user("clinician", is_superuser=True, is_staff=True)
    assert not sees(superuser, patient)
    assert not sees(AnonymousUser(), patient)
    with pytest.raises(Patient.DoesNotExist):
        selectors.get_visible_patient(superuser, patient.case_number)


def test_revoked_and_expired_grants_open_nothing(patient, owner):
    user = make_user()
    given = grant(patient, owner, user=user)
    services.revoke_access(given, by=owner, reason="left the team")
    assert not sees(user, patient)
    grant(patient, owner, user=user, until=timezone.now() - dt.timedelta(seconds=1))
    assert not sees(user, patient)
    grant(patient, owner, user=user, until=timezone.now() + dt.timedelta(minutes=1))
    assert sees(user, patient)


def test_a_team_grant_reaches_its_members_only(patient, owner):
    team, other = Team.objects.create(name="NET board"), Team.objects.create(name="Sarcoma board")
    member, outsider = make_user(), make_user()
    member.teams.add(team)
    outsider.teams.add(other)
    grant(patient, owner, team=team)
    assert sees(member, patient) and not sees(outsider, patient)
    member.teams.remove(team)
    assert not sees(member, patient)


def test_two_grants_show_a_case_once(patient, owner):
    user, team = make_user(), Team.objects.create(name="NET board")
    user.teams.add(team)
    grant(patient, owner, user=user)
    grant(patient, owner, team=team)
    assert list(selectors.visible_patients(user)) == [patient]


def test_an_inactive_account_sees_nothing(patient, owner):
    user = make_user(is_active=False)
    grant(patient, owner, user=user)
    assert not sees(user, patient)


def test_a_grant_is_for_a_user_or_a_team_and_leaves_its_trail(patient, owner):
    team = Team.objects.create(name="NET board")
    for who in ({}, {"user": owner, "team": team}):
        with pytest.raises(ValidationError, match="exactly one"):
            grant(patient, owner, **who)
    given = grant(patient, owner, team=team)
    services.revoke_access(given, by=owner, reason="wrong team")
    services.revoke_access(given, by=owner, reason="again")
    trail = AuditEvent.objects.filter(object_type="patients.AccessGrant", object_id=str(given.pk))
    assert [(e.action, e.by, e.patient, e.reason) for e in trail] == [
        ("grant_access", owner, patient, ""),
        ("revoke_access", owner, patient, "wrong team"),
    ]


def test_data_entry_keeps_a_case_for_thirty_days_others_until_revoked():
    for role, limited in (("data_entry", True), ("nuclear_medicine", False)):
        user = make_user(role)
        made = make_patient(user)
        entered = AccessGrant.objects.get(patient=made, user=user)
        assert (entered.until is not None) is limited
        if limited:
            later = entered.until + dt.timedelta(seconds=1)
            assert not Patient.objects.visible_to(user, at=later).exists()


def test_a_case_number_is_taken_once(patient, owner):
    with pytest.raises(ValidationError, match="already exists"):
        services.create_patient(by=owner, case_number=patient.case_number)
    assert AuditEvent.objects.filter(action="create_patient").count() == 1


@pytest.mark.parametrize("reason", ["left the study", "no longer the centre of the case"])
def test_what_a_person_ended_of_a_centre_stays_ended(owner, reason):
    centre = services.store_team(Team(name="North", kind="centre", opens_its_cases=True), by=owner)
    member, patient = make_user(), make_patient(owner, centre="North")
    member.teams.add(centre)
    assert sees(member, patient)

    def switch():
        for is_open in (False, True):
            centre.opens_its_cases = is_open
            services.store_team(centre, by=owner)

    switch()
    assert sees(member, patient), "what only followed the centre comes back with it"
    services.close_case(AccessGrant.objects.active().get(patient=patient, team=centre), by=owner, reason=reason)
    switch()
    assert not sees(member, patient)
    services.open_case(by=owner, patient=patient, team=centre, reason="back in the study")
    assert sees(member, patient)


@pytest.mark.django_db(transaction=True)
def test_two_who_follow_a_centre_at_once_open_the_case_once():
    owner = make_user("coordinator")
    patient = make_patient(owner, centre="North")
    Team.objects.create(name="North", kind="centre", opens_its_cases=True)
    first_done = threading.Event()

    def follow(waits: bool):
        if waits:
            first_done.wait(5)
        with transaction.atomic():
            services.follow_centre(patient, by=owner)
            first_done.set()
            time.sleep(0 if waits else 0.4)
        connection.close()

    threads = [threading.Thread(target=follow, args=[waits]) for waits in (False, True)]
    [thread.start() for thread in threads]
    [thread.join(10) for thread in threads]
    assert AccessGrant.objects.active().filter(patient=patient, kind="centre").count() == 1
