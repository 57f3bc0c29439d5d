"""Every way to have a case, and every way to have lost it: pages, deeds and files are there, or are not, by the same check."""

import datetime as dt
from dataclasses import replace

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from board.export_patient.services import path_of
from board.meeting_grants import close_to_members, open_to_members
from board.models import CaseQuestion, PatientExport
from patients import services
from patients.domain.roles import Role
from patients.models import AccessGrant, Patient, Team
from tests.board.meeting_factories import make_item, make_meeting
from tests.contracts.conftest import drawn
from tests.contracts.matrix import ALWAYS, ANOTHERS, CANARY, OWN, Inhabited, holes, tables_written
from tests.contracts.reads import body_of
from tests.contracts.routes import ROUTES
from tests.contracts.world import make_world
from tests.patients.factories import make_user

pytestmark = [pytest.mark.django_db, pytest.mark.one_engine]
ROLE = Role.NUCLEAR_MEDICINE
WHY = "seen in the emergency department"
# What a meeting would read: who has a case in an emergency only, does not bring it before others.
GIVES_ON = ["post board:item_note", "get board:item_draft", "post board:item_draft"]
# What belongs to who made it, whoever has the case: asked in test_permissions.py.
MADE_BY = {"upload", "upload_without_case", "import_job", "import_batch", "import_template", "unassigned_series", "cohort_question",
           "cohort_export", "invitation", "account", "team", "emergency", "grant", "meeting_series"}  # fmt: skip
OF_A_CASE = [
    (name, rule)
    for name, rules in ROUTES.items()
    for rule in rules
    if rule.about and rule.about not in MADE_BY and ROLE not in rule.others
]
# Always with make test; all the others with make proofs.
PAGES_AND_DEEDS = {"board:patient", "imaging:read", "board:ask", "imaging:look"}
FILES = {"imaging:mip", "imaging:product", "imaging:report_pdf", "board:letter_pdf", "board:decision_json",
         "board:export_fhir", "board:download_export"}  # fmt: skip
SHORT = [(name, rule) for name, rule in OF_A_CASE if name in PAGES_AND_DEEDS | FILES]


def by_name(user, world, kind="care_team", **values):
    return services.grant_access(by=world.opener, patient=world.patient, kind=kind, user=user, **values)


def by_team(user, world):
    team = Team.objects.create(name="tumour team")
    user.teams.add(team)
    return services.grant_access(by=world.opener, patient=world.patient, kind="care_team", team=team)


def by_centre(user, world, name=f"{CANARY}-CENTRE"):
    centre = services.store_team(Team(name=name, kind="centre", opens_its_cases=True), by=make_user("system_admin"))
    user.teams.add(centre)
    return centre


def by_board(user, world):
    meeting = make_meeting(world.opener)
    make_item(meeting, world.patient, world.opener)
    meeting.attendance.create(name="Guest", user=user, discipline="oncology")
    open_to_members(by=world.opener, meeting=meeting, patient=world.patient)
    return meeting


def by_emergency(user, world):
    return services.break_glass(by=user, case_number=world.patient.case_number, reason=WHY)


def run_out(user) -> None:
    assert AccessGrant.objects.filter(user=user, until__gt=timezone.now()).update(until=timezone.now()) == 1


def revoked(user, world):
    services.revoke_access(by_name(user, world), by=world.opener, reason="care ended")


def team_revoked(user, world):
    services.revoke_access(by_team(user, world), by=world.opener, reason="care ended")


def out_of_the_team(user, world):
    by_team(user, world)
    user.teams.clear()


def case_went_elsewhere(user, world):
    by_centre(user, world)
    services.update_patient(world.patient, by=world.opener, reason="treated there", centre="South")


def centre_closed(user, world):
    centre = by_centre(user, world)
    centre.opens_its_cases = False
    services.store_team(centre, by=make_user("system_admin"))


def days_over(user, world):
    by_name(user, world, until=timezone.now() + dt.timedelta(days=1))
    run_out(user)


def weeks_after_the_board(user, world):
    by_board(user, world)
    run_out(user)


def off_the_agenda(user, world):
    close_to_members(by=world.opener, meeting=by_board(user, world), patient=world.patient, reason="postponed")


def hour_over(user, world):
    by_emergency(user, world)
    run_out(user)


def emergency_ended(user, world):
    services.end_emergency(by_emergency(user, world), by=make_user("system_admin"))


HAVING = {
    "named": by_name,
    "named for a day": lambda user, world: by_name(user, world, until=timezone.now() + dt.timedelta(days=1)),
    "entered it": lambda user, world: by_name(user, world, kind="entered"),
    "team": by_team,
    "centre": by_centre,
    "board": by_board,
    "emergency": by_emergency,
}
NOT_HAVING = {
    "never": lambda user, world: None,
    "another centre": lambda user, world: by_centre(user, world, name="South"),
    **{one.__name__.replace("_", " "): one for one in (revoked, team_revoked, out_of_the_team, case_went_elsewhere, centre_closed,
       days_over, weeks_after_the_board, off_the_agenda, hour_over, emergency_ended)},
}  # fmt: skip


@pytest.fixture(scope="module")
def case(once):
    world = drawn(make_world(CANARY, make_user("chair")))
    world.opener = world.patient.grants.get(kind="entered").user
    return world


@pytest.fixture
def asker(case, db):
    user = make_user(ROLE.value)
    client = Client()
    client.force_login(user)
    kept = PatientExport.objects.create(
        patient=case.patient, requested_by=user, state="done", expires_at=timezone.now() + dt.timedelta(hours=1)
    )
    path_of(kept).write_bytes(f"{CANARY}-ARCHIVE".encode())
    world = replace(case, objects=case.objects | {"patient_export": kept})
    world.opener = case.opener
    yield Inhabited({ROLE: client}, {ROLE: world}, world)
    path_of(kept).unlink()


def asked(there, cases, relation) -> list[str]:
    return [one for name, rule in cases for one in holes(there, name, rule, relation)]


def question_asked(there) -> bool:
    """By the form of the page; a deed that is refused has touched no row."""
    world = there.others
    address = reverse("board:ask", args=[world.patient.case_number])
    with tables_written() as tables:
        status = there.clients[ROLE].post(address, {"text": "May she come in?"}).status_code
    is_there = CaseQuestion.objects.filter(patient=world.patient, text="May she come in?").exists()
    assert (status, bool(tables - ALWAYS)) == ((302, True) if is_there else (404, False))
    return is_there


def user_of(there):
    return there.own[ROLE].objects["patient_export"].requested_by


@pytest.mark.parametrize("how", HAVING)
def test_who_has_the_case_has_its_pages_deeds_and_files(asker, how):
    HAVING[how](user_of(asker), asker.others)
    assert asked(asker, SHORT, OWN) == []
    assert question_asked(asker)


@pytest.mark.parametrize("how", NOT_HAVING)
def test_who_has_lost_it_or_never_had_it_has_none(asker, how):
    NOT_HAVING[how](user_of(asker), asker.others)
    assert asked(asker, SHORT, ANOTHERS) == []
    assert not question_asked(asker)


@pytest.mark.long
@pytest.mark.parametrize("how", HAVING)
def test_every_address_by_every_way_to_have_a_case(asker, how):
    HAVING[how](user_of(asker), asker.others)
    kept_back = GIVES_ON if how == "emergency" else []
    assert asked(asker, OF_A_CASE, OWN) == [f"{what} as {ROLE} of {OWN}: 403" for what in kept_back]


@pytest.mark.long
@pytest.mark.parametrize("how", NOT_HAVING)
def test_every_address_by_every_way_to_have_lost_it(asker, how):
    NOT_HAVING[how](user_of(asker), asker.others)
    assert asked(asker, OF_A_CASE, ANOTHERS) == []


def test_the_short_list_is_there_and_says_the_word(asker):
    """What is asked with make test is a page, a deed and each sort of file, and a reader gets each of them."""
    assert {name for name, rule in SHORT} == PAGES_AND_DEEDS | FILES
    by_name(user_of(asker), asker.others)
    for name, rule in SHORT:
        if name in FILES and rule.about != "held_series":  # of which none is drawn
            answer = asker.clients[ROLE].get(reverse(name, kwargs=asker.others.kwargs(rule.about)))
            assert answer.status_code == 200, name
            body_of(answer)


def test_an_emergency_lasts_to_its_last_second_and_not_longer(asker):
    until, patient = by_emergency(user_of(asker), asker.others).until, asker.others.patient
    assert abs(until - timezone.now() - dt.timedelta(minutes=settings.BREAK_GLASS_MINUTES)) < dt.timedelta(minutes=1)
    for at, is_seen in ((until - dt.timedelta(seconds=1), True), (until, False)):
        assert Patient.objects.visible_to(user_of(asker), at=at).filter(pk=patient.pk).exists() is is_seen
