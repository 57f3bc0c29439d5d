"""The data desk with the ears of who cannot see it: every box of every table says what it is."""

import datetime as dt

import pytest

from patients.models import ClinicalEvent, Diagnosis, LabResult, TreatmentLine
from patients.services import create_patient, record
from tests.patients.factories import make_user

pytestmark = pytest.mark.django_db(transaction=True)
DAY = dt.date(2025, 5, 6)


def test_a_case_on_the_desk_has_no_serious_finding(page, sign_in, shoot, has_no_serious_finding):
    user = make_user("data_entry", is_staff=True)
    patient = create_patient(by=user, case_number="DESK-1", sex_for_formulas="F", birth_date=dt.date(1968, 1, 1))
    fact = {"by": user, "patient": patient, "clinical_date": DAY}
    record(Diagnosis, **fact, primary_site="pancreas")
    record(TreatmentLine, **fact, regimen="CAPTEM", treatment_class="chemo")
    record(LabResult, **fact, analyte="platelets", value=210, unit="10^9/L")
    record(ClinicalEvent, **fact, symptom="pain")
    sign_in(user, f"/admin/patients/patient/{patient.pk}/change/")
    shoot("desk")
    has_no_serious_finding()
    assert page.locator("footer").count() == 1
