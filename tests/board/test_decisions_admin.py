"""The desk shows decisions, assessments and notices of visible cases, and changes none of them."""

import pytest
from django.urls import reverse

from board.closing import close_case
from board.models import BoardDecision, CaseClosing, DayNotice, DecisionNotice, WatchState
from board.services import look_again, record_decision
from eligibility.models import Assessment
from patients.models import LabResult
from patients.services import revise
from tests.eligibility.cases import DAY, complete_case
from tests.patients.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def noticed():
    by, patient, *_ = complete_case(by=make_user("nuclear_medicine", is_staff=True))
    record_decision(by=by, patient=patient, decided_on=DAY, outcome="treat", text="PRRT", owner="reader")
    revise(LabResult.objects.get(analyte="platelets"), by=by, reason="typing error", value=70)
    look_again(patient)
    close_case(by=by, patient=patient, reason="declined")
    return by, patient


@pytest.mark.parametrize("model", [BoardDecision, Assessment, DecisionNotice, DayNotice, CaseClosing, WatchState])
def test_read_only_and_only_visible_cases(client, noticed, model):
    by, patient = noticed
    row = model.objects.first()
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    client.force_login(by)
    page = client.get(reverse(f"{name}_changelist"))
    assert page.status_code == 200 and patient.case_number in page.content.decode()
    page = client.get(reverse(f"{name}_change", args=[row.pk]))
    assert page.status_code == 200 and "_save" not in page.content.decode()
    assert client.get(reverse(f"{name}_add")).status_code == 403
    assert client.post(reverse(f"{name}_delete", args=[row.pk])).status_code == 403
    client.force_login(make_user("nuclear_medicine", is_staff=True))
    page = client.get(reverse(f"{name}_changelist"))
    assert patient.case_number not in page.content.decode()
    assert client.get(reverse(f"{name}_change", args=[row.pk])).status_code == 302
