"""Synthetic load is made of rows the product itself could have written."""

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from demo.accounts import DEMO_USER
from demo.people import demo_team
from demo.scale import load
from imaging.models import LesionFinding, LesionReading, Reading, Scan
from patients.models import AuditEvent, HistologySpecimen, LabResult, Patient, TreatmentLine, User
from patients.selectors import get_visible_patient, rows

pytestmark = pytest.mark.django_db


@pytest.fixture
def five():
    by, team = demo_team()
    load(5, by=by, team=team)
    return by


def test_every_row_would_pass_its_own_checks(five):
    for model in (HistologySpecimen, TreatmentLine, LabResult, Scan, LesionFinding):
        for row in model.objects.all():
            row.full_clean()
            assert row.lineage == row.pk
    for model in (Patient, Reading, LesionReading):
        assert model.objects.exists()
        for row in model.objects.all():
            row.full_clean()


def test_the_demo_user_sees_them_and_the_selectors_read_them(five):
    patient = get_visible_patient(five, "SYN-0000003")
    assert rows(LabResult, patient).count() == 27
    assert rows(Scan, patient).count() == 2
    assert {r.scan.patient_id for r in Reading.objects.filter(scan__patient=patient)} == {patient.pk}


def test_a_second_load_continues_the_numbers(five):
    by, team = demo_team()
    load(3, by=by, team=team)
    assert list(Patient.objects.values_list("case_number", flat=True)) == [f"SYN-{n:07d}" for n in range(8)]


def test_the_command_refuses_outside_demo_mode_and_leaves_one_trail_row_inside(settings):
    settings.IS_DEMO = False
    for command in (["load_scale", "2"], ["load_demo"]):
        with pytest.raises(CommandError, match="demo"):
            call_command(*command)
    assert not User.objects.filter(username=DEMO_USER).exists()
    assert not Patient.objects.exists()
    settings.IS_DEMO = True
    call_command("load_scale", "2")
    event = AuditEvent.objects.get(action="load_scale")
    assert event.after["patients"] == 2
