"""Verdicts of readers: who may give one, on what, when two are two, and that none is ever changed."""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from eligibility.case_rows import fetch
from eligibility.change_facts import change_between, verdicts_of_pair, verdicts_on
from eligibility.change_verdicts import has_two_readers
from eligibility.models import ChangeVerdict
from eligibility.verdict_giving import give_verdict
from patients.models import AuditEvent, Patient, User
from patients.services import Conflict, grant_access
from tests.eligibility.change_case import change_of, enter, illustrative_case
from tests.patients.factories import make_patient, make_user

pytestmark = pytest.mark.both_engines


@pytest.fixture(scope="module")
def made(once):
    user, patient = illustrative_case()
    return user.pk, patient.pk


@pytest.fixture
def case(made, db):
    return User.objects.get(pk=made[0]), Patient.objects.get(pk=made[1])


def reader(patient, role="nuclear_medicine"):
    user = make_user(role)
    grant_access(by=patient.recorded_by, patient=patient, user=user, kind="care_team")
    return user


def give(by, patient, verdict="confirmed", **changes):
    found = change_of(patient)
    said = {"before": found.before.id, "after": found.after.id, "seen": found.digest, "kind": "true_change"}
    return give_verdict(by=by, patient=patient, verdict=verdict, **said | changes)


def standing(patient):
    rows = fetch(patient)
    return verdicts_on(rows.of(ChangeVerdict), change_between(rows))


def together(patient) -> bool:
    found = change_of(patient)
    return has_two_readers(verdicts_of_pair(fetch(patient).of(ChangeVerdict), found), found.digest)


def test_two_different_readers_confirm(case):
    user, patient = case
    give(user, patient)
    assert not together(patient)
    give(reader(patient), patient)
    assert together(patient)


def test_the_same_reader_twice_is_one(case):
    user, patient = case
    give(user, patient)
    give(user, patient, comment="still")
    assert ChangeVerdict.objects.count() == 2 and not together(patient)


def test_sent_twice_it_is_stored_once(case):
    user, patient = case
    first = give(user, patient)
    assert give(user, patient).pk == first.pk and ChangeVerdict.objects.count() == 1
    assert AuditEvent.objects.filter(action="change_verdict").count() == 1


def test_a_reader_who_confirms_only_after_seeing_the_other_is_not_blinded(case):
    user, patient = case
    other = reader(patient)
    give(user, patient)
    give(other, patient, "unsure", comment="segment VIII?")
    give(other, patient, "confirmed")
    assert not together(patient)
    give(reader(patient), patient)
    assert together(patient), "a third reader agreed without seeing the others"


@pytest.mark.parametrize("verdict", ["explained", "unsure"])
def test_one_who_stands_by_something_else_keeps_it_open(case, verdict):
    user, patient = case
    give(user, patient)
    give(reader(patient), patient)
    give(reader(patient), patient, verdict, comment="partial volume")
    assert not together(patient)


def test_a_verdict_on_older_data_does_not_count(case):
    user, patient = case
    give(user, patient)
    enter(user, patient, "uptake_min:before")
    give(reader(patient), patient)
    assert not together(patient)
    assert user.pk not in {row.reader_id for row in standing(patient)}


def test_a_verdict_stands_until_what_it_was_given_on_changes(case):
    user, patient = case
    assert standing(patient) == []
    give(user, patient, "unsure", comment="reader drift")
    assert [row.verdict for row in standing(patient)] == ["unsure"]
    enter(user, patient, "ssa:before")
    assert standing(patient) == [], "outdated"


@pytest.mark.parametrize("role", ["clinician", "coordinator", "chair", "data_entry", "researcher", "observer"])
def test_other_roles_give_none(case, role):
    _, patient = case
    with pytest.raises(PermissionDenied):
        give(reader(patient, role), patient)


def test_a_reader_without_access_gives_none(case):
    with pytest.raises(PermissionDenied, match="no access"):
        give(make_user("nuclear_medicine"), case[1])


def test_what_moved_since_it_was_opened_is_a_conflict(case):
    user, patient = case
    old = change_of(patient).digest
    enter(user, patient, "ssa:before")
    with pytest.raises(Conflict):
        give(user, patient, seen=old)


def test_scans_of_another_case_are_refused(case):
    user, patient = case
    found = change_of(patient)
    other = make_patient(by=user)
    with pytest.raises(ValidationError, match="no two SSTR scans"):
        give_verdict(
            by=user, patient=other, before=found.before.id, after=found.after.id, seen=found.digest,
            verdict="confirmed", kind="true_change",
        )  # fmt: skip


@pytest.mark.parametrize("changes", [{"verdict": "unsure"}, {"verdict": "yes"}, {"kind": ""}, {"comment": "x" * 301}])
def test_what_is_not_complete_is_refused(case, changes):
    user, patient = case
    with pytest.raises(ValidationError):
        give(user, patient, **changes)
    assert not ChangeVerdict.objects.exists()


def test_it_is_never_changed(case):
    user, patient = case
    row = give(user, patient)
    row.verdict = "explained"
    for attempt in (row.save, row.delete, ChangeVerdict.objects.all().delete):
        with pytest.raises(TypeError, match="append-only"):
            attempt()
    with pytest.raises(TypeError, match="append-only"):
        ChangeVerdict.objects.update(verdict="unsure")


def test_the_trail_says_that_one_was_given_and_not_which(case):
    user, patient = case
    give(user, patient, "explained", comment="Analogue began in May.")
    event = AuditEvent.objects.get(action="change_verdict")
    assert event.patient == patient and "explained" not in str(event.after) and "May" not in str(event.after)


def test_who_calls_it_an_optimisation_confirms_no_change(case):
    user, patient = case
    found = change_of(patient)
    with pytest.raises(ValidationError, match="optimisation") as refused:
        give(user, patient, kind="optimisation")
    assert "kind" in refused.value.message_dict and not ChangeVerdict.objects.exists()
    give(user, patient, "explained", kind="optimisation")
    # A row from before the service refused it counts for nothing, and keeps the class open.
    old = {"before_scan": found.before.id, "after_scan": found.after.id, "digest": found.digest}
    old |= {"method_version": "TA-SSTR-UP/1.0", "change_class": "PROBABLE", "sentence": "."}
    people = [reader(patient) for _ in range(3)]
    rows = [
        ChangeVerdict(patient=patient, reader=by, verdict="confirmed", kind=kind, **old)
        for by, kind in zip(people, ("true_change", "true_change", "optimisation"), strict=True)
    ]
    assert has_two_readers(rows[:2], found.digest)
    assert not has_two_readers(rows[1:], found.digest) and not has_two_readers(rows, found.digest)


def test_who_saw_another_verdict_before_the_data_moved_is_not_blinded_after(case):
    user, patient = case
    other = reader(patient)
    give(user, patient)
    give(other, patient, "unsure", comment="segment VIII?")
    enter(user, patient, "uptake_min:before")
    give(user, patient)
    give(other, patient)
    assert not together(patient)
    give(reader(patient), patient)
    assert together(patient)


def test_two_who_agreed_blindly_agree_again_when_the_data_move(case):
    user, patient = case
    other = reader(patient)
    give(user, patient)
    give(other, patient)
    enter(user, patient, "uptake_min:before")
    assert not together(patient)
    give(user, patient)
    give(other, patient)
    assert together(patient)


def test_who_was_unsure_while_nobody_else_had_spoken_is_still_blinded(case):
    user, patient = case
    give(user, patient, "unsure", comment="no uptake time")
    enter(user, patient, "uptake_min:before")
    give(user, patient)
    give(reader(patient), patient)
    assert together(patient)
