"""Numbers at the data desk: a comma is a decimal comma, two readings are refused, and no box swallows a sign."""

from decimal import Decimal

import pytest
from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import models

from imaging.region_forms import OutlineForm, RegionForm
from patients.forms import UnitInput
from patients.models import BodyMeasure, LabResult, PrrtCycle, TreatmentLine
from patients.number_fields import FloatField, NumberInput
from tests.patients.factories import make_patient, make_user
from tests.patients.test_admin_case import change_url, page

pytestmark = pytest.mark.django_db


def desk_fields():
    for model, desk in admin.site._registry.items():
        for inline in [desk, *(one(model, admin.site) for one in desk.inlines)]:
            for field in inline.model._meta.concrete_fields:
                is_number = isinstance(field, models.DecimalField | models.FloatField | models.IntegerField)
                if (
                    is_number
                    and field.editable
                    and not field.primary_key
                    and not field.choices
                    and hasattr(inline, "choosable")
                ):
                    yield pytest.param(inline, field, id=f"{inline.model.__name__}.{field.name}")


@pytest.mark.parametrize(("inline", "field"), desk_fields())
def test_every_number_of_the_desk_is_a_text_box_that_reads_a_comma(inline, field):
    found = inline.formfield_for_dbfield(field, request=None)
    assert isinstance(found.widget, NumberInput | UnitInput) and found.widget.input_type == "text"
    with pytest.raises(ValidationError, match=r"Write 1500 or 1\.500"):
        found.to_python("1,500")
    assert found.to_python("6,0") == 6


@pytest.mark.urls("tests.patients.urls")
def test_a_value_with_a_comma_is_stored_at_the_desk(client):
    user = make_user("clinician", is_staff=True)
    client.force_login(user)
    patient = make_patient(by=user, case_number="T-1")
    row = {"kind": "weight_kg", "value": "72,5", "clinical_date": "2026-03-01"}
    answer = client.post(change_url(patient), page(patient, rows={"bodymeasure_rows": [row]}))
    assert answer.status_code == 302, answer.content.decode()
    assert BodyMeasure.objects.get().value == Decimal("72.5")
    lab = {"analyte": "platelets", "value": "1,500", "unit": "/uL", "clinical_date": "2026-03-01"}
    answer = client.post(change_url(patient), page(patient, rows={"labresult_rows": [lab]}))
    assert answer.status_code == 200 and "Write 1500 or 1.500." in answer.content.decode()
    assert not LabResult.objects.exists()


@pytest.mark.parametrize("form", [RegionForm, OutlineForm])
def test_numbers_of_a_region_are_read_alike(form):
    names = [name for name, one in form.base_fields.items() if isinstance(one, forms.FloatField | forms.DecimalField)]
    assert len(names) >= 8
    for name in names:
        assert form.base_fields[name].clean("12,5") == Decimal("12.5")
        with pytest.raises(ValidationError, match="thousands or decimals"):
            form.base_fields[name].clean("1,500")


def test_what_a_script_sends_is_read_as_it_is():
    assert FloatField().clean("1.5e-7") == 1.5e-7 and FloatField().clean("-12.125") == -12.125


def test_the_desk_has_the_numbers_that_are_asked_here():
    asked = {(param.values[0].model, param.values[1].name) for param in desk_fields()}
    assert {(PrrtCycle, "activity_mbq"), (BodyMeasure, "value"), (TreatmentLine, "cycles")} <= asked
