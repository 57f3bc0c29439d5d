"""Rewinding: whatever was recorded, corrected and withdrawn, known_at gives back what was current then."""

import datetime as dt
from unittest import mock

import pytest
from django.core.exceptions import ValidationError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from patients import selectors, services
from patients.models import (
    AuditEvent,
    BodyMeasure,
    ClinicalEvent,
    HistologySpecimen,
    IhcResult,
    PrrtCycle,
    TreatmentLine,
)
from patients.services import versions
from tests.patients.factories import make_patient, make_user

pytestmark = pytest.mark.both_engines

OPERATIONS = st.lists(
    st.tuples(
        st.sampled_from(["record", "revise", "withdraw", "revive"]),
        st.integers(0, 5),
        st.integers(30, 200),
        # Seconds since the last write: a clock may stand still, or be set back.
        st.integers(-5, 100),
    ),
    max_size=15,
)


def contents(rows):
    return {row.lineage: row.value for row in rows}


class Rewinding(TestCase):
    @settings(max_examples=40, suppress_health_check=list(HealthCheck))
    @given(OPERATIONS)
    def test_known_at_gives_back_what_was_current_then(self, operations):
        user = make_user()
        patient = make_patient(user)
        clock = dt.datetime(2030, 1, 1, tzinfo=dt.UTC)
        current, gone, history = [], [], []
        for action, which, value, seconds in operations:
            clock += dt.timedelta(seconds=seconds)
            with mock.patch.object(versions.timezone, "now", return_value=clock):
                if action == "record":
                    row = services.record(BodyMeasure, by=user, patient=patient, kind="weight_kg", value=value)
                    current.append(row)
                    moment = row.recorded_at
                elif action == "revive" and gone:
                    current.append(services.revive(gone.pop(which % len(gone)), by=user, reason="right after all"))
                    moment = current[-1].recorded_at
                elif action == "revive" or not current:
                    continue
                elif action == "revise":
                    at = which % len(current)
                    current[at] = services.revise(current[at], by=user, reason="typing error", value=value)
                    moment = current[at].recorded_at
                else:
                    gone.append(services.withdraw(current.pop(which % len(current)), by=user, reason="wrong case"))
                    moment = gone[-1].superseded_at
            expected = {row.pk: row.value for row in current}
            assert contents(selectors.rows(BodyMeasure, patient)) == expected
            history.append((moment, expected))
        self.check_history(patient, history)

    def check_history(self, patient, history):
        for index, (moment, expected) in enumerate(history):
            if max(m for m, _ in history[: index + 1]) > moment or any(m <= moment for m, _ in history[index + 1 :]):
                continue  # the clock was set back between different rows: no order to rewind to
            assert contents(selectors.rows(BodyMeasure, patient, known_at=moment)) == expected
        everything = BodyMeasure.versions.filter(patient=patient)
        for moment, _ in history:
            lineages = [row.lineage for row in everything.known_at(moment)]
            assert len(lineages) == len(set(lineages)), "two versions of one row at one time"


@pytest.fixture
def user(db):
    return make_user()


@pytest.fixture
def patient(user):
    return make_patient(user)


def weight(patient, user, value="70"):
    return services.record(
        BodyMeasure, by=user, patient=patient, kind="weight_kg", value=value, clinical_date=dt.date(2024, 3, 1)
    )


def test_the_primary_key_stays_with_the_current_version(patient, user):
    row = weight(patient, user)
    revised = services.revise(row, by=user, reason="typing error", value="72.5")
    assert revised.pk == row.pk
    old = BodyMeasure.versions.exclude(pk=row.pk).get()
    assert (old.lineage, old.value, old.recorded_at) == (row.lineage, 70, row.recorded_at)
    assert old.superseded_at == revised.recorded_at


def test_every_write_leaves_author_before_and_after(patient, user):
    other = make_user("data_entry")
    row = weight(patient, user)
    services.revise(row, by=other, reason="typing error", value="72.5")
    services.withdraw(row, by=user, reason="wrong case")
    trail = list(AuditEvent.objects.filter(object_id=str(row.pk)))
    assert [(e.action, e.by, e.patient) for e in trail] == [
        ("record", user, patient),
        ("revise", other, patient),
        ("withdraw", user, patient),
    ]
    assert (trail[1].before, trail[1].after) == ({"value": "70.00"}, {"value": "72.5"}) or trail[1].after == {
        "value": "72.50"
    }
    assert trail[2].before["value"].startswith("72.5")
    assert trail[2].reason == "wrong case"


def test_nothing_is_written_when_nothing_changes(patient, user):
    row = weight(patient, user)
    services.revise(row, by=user, reason="typing error", value="70")
    assert BodyMeasure.versions.count() == 1
    assert AuditEvent.objects.filter(object_id=str(row.pk)).count() == 1


def test_a_row_changed_meanwhile_is_a_conflict_and_keeps_the_first_change(patient, user):
    row = weight(patient, user)
    services.revise(row, by=user, reason="typing error", value="72", expected_recorded_at=row.recorded_at)
    with pytest.raises(services.Conflict):
        services.revise(row, by=user, reason="typing error", value="73", expected_recorded_at=row.recorded_at)
    assert BodyMeasure.objects.get().value == 72


def test_a_withdrawn_row_cannot_be_changed(patient, user):
    row = weight(patient, user)
    services.withdraw(row, by=user, reason="wrong case")
    with pytest.raises(services.Conflict):
        services.revise(row, by=user, reason="again", value="73")
    with pytest.raises(services.Conflict):
        services.withdraw(row, by=user, reason="again")
    assert not selectors.rows(BodyMeasure, patient).exists()


def test_a_withdrawn_row_comes_back_under_its_own_name(patient, user):
    row = weight(patient, user)
    gone_at = services.withdraw(row, by=user, reason="wrong case").superseded_at
    found = services.revive(row, by=make_user("data_entry"), reason="right case after all")
    assert selectors.rows(BodyMeasure, patient).get() == row == found and found.value == 70
    for moment, count in ((row.recorded_at, 1), (gone_at, 0), (found.recorded_at, 1)):
        assert selectors.rows(BodyMeasure, patient, known_at=moment).count() == count
    event = AuditEvent.objects.filter(object_id=str(row.pk)).last()
    assert (event.action, event.by, event.reason) == ("record", found.recorded_by, "right case after all")
    with pytest.raises(services.Conflict):
        services.revive(row, by=user, reason="again")


def test_a_failed_correction_leaves_no_trace(patient, user):
    row = weight(patient, user)
    with pytest.raises(ValidationError):
        services.revise(row, by=user, reason="typing error", value="heavy")
    assert BodyMeasure.versions.get().value == 70
    assert AuditEvent.objects.filter(object_id=str(row.pk)).count() == 1


def test_bookkeeping_is_not_for_callers(patient, user):
    row = weight(patient, user)
    with pytest.raises(TypeError):
        services.revise(row, by=user, reason="backdate", recorded_at=dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
    with pytest.raises(TypeError):
        services.record(BodyMeasure, by=user, patient=patient, kind="weight_kg", value=1, superseded_at=None)


def test_ihc_goes_with_its_specimen_and_is_found_again_by_rewinding(patient, user):
    specimen = services.record(HistologySpecimen, by=user, patient=patient, site="liver")
    stain = services.record(IhcResult, by=user, specimen=specimen, marker="SSTR2A", result="positive")
    services.revise(specimen, by=user, reason="re-read", site="stomach")
    before = stain.recorded_at
    services.withdraw(specimen, by=user, reason="another patient's block")
    assert not selectors.rows(IhcResult, patient).exists()
    assert selectors.rows(IhcResult, patient, known_at=before).get().marker == "SSTR2A"
    then = selectors.rows(HistologySpecimen, patient, known_at=before).get()
    assert (then.site, then.lineage) == ("liver", stain.specimen_id)
    assert AuditEvent.objects.filter(action="withdraw", patient=patient).count() == 2


def test_a_line_with_cycles_is_not_withdrawn_from_under_them(patient, user):
    line = services.record(TreatmentLine, by=user, patient=patient, treatment_class="prrt", regimen="177Lu-DOTATATE")
    cycle = services.record(PrrtCycle, by=user, patient=patient, line=line, number=1)
    with pytest.raises(services.StillInUse, match="PRRT cycle"):
        services.withdraw(line, by=user, reason="never given")
    services.withdraw(cycle, by=user, reason="never given")
    services.withdraw(line, by=user, reason="never given")
    assert not selectors.rows(TreatmentLine, patient).exists()


def test_many_rows_are_recorded_with_one_audit_row_each(patient, user):
    values = [{"patient": patient, "symptom": f"symptom {n}"} for n in range(3)]
    made = services.record_many(ClinicalEvent, values, by=user, reason="load")
    assert selectors.rows(ClinicalEvent, patient).count() == 3
    trail = AuditEvent.objects.filter(object_type="patients.ClinicalEvent")
    assert {e.object_id for e in trail} == {str(row.pk) for row in made}
    assert all(e.patient == patient and e.after["symptom"] for e in trail)


def test_the_trail_cannot_be_edited(patient):
    event = AuditEvent.objects.first()
    with pytest.raises(TypeError):
        event.save()
    with pytest.raises(TypeError):
        event.delete()


def test_a_case_is_rewound_from_its_trail(patient, user):
    opened = patient.recorded_at
    first = services.update_patient(patient, by=user, reason="letter", birth_date=dt.date(1965, 5, 1)).recorded_at
    services.update_patient(patient, by=user, reason="typing error", birth_date=dt.date(1966, 5, 1))
    assert selectors.patient_as_known(patient, opened).birth_date is None
    assert selectors.patient_as_known(patient, first).birth_date == dt.date(1965, 5, 1)
    assert selectors.patient_as_known(patient, first).recorded_by == user
    assert selectors.patient_as_known(patient, opened - dt.timedelta(seconds=1)) is None


@pytest.mark.parametrize("seconds", [0, -3600])
def test_a_clock_that_stands_still_or_is_set_back_hides_no_version(patient, user, seconds):
    row = weight(patient, user)
    first_known = row.recorded_at
    with mock.patch.object(versions.timezone, "now", return_value=first_known + dt.timedelta(seconds=seconds)):
        revised = services.revise(row, by=user, reason="typing error", value="72")
        gone = services.withdraw(revised, by=user, reason="wrong case")
    for moment, expected in [(first_known, [70]), (revised.recorded_at, [72]), (gone.superseded_at, [])]:
        assert [r.value for r in selectors.rows(BodyMeasure, patient, known_at=moment)] == expected
