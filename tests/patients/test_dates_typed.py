"""Dates are typed in one order: day and month can never change places without a word."""

import datetime as dt

import pytest
from django import forms
from django.contrib import admin
from django.utils import translation

from patients.admin.inlines import ClinicalAssertionInline, TreatmentLineInline
from patients.models import AccessGrant, Patient


@pytest.mark.parametrize("field", [forms.DateField, forms.DateTimeField])
def test_only_the_iso_order_is_taken(field):
    with translation.override("en-gb"):
        day = field(localize=True).clean("2026-05-12")
        assert (day.year, day.month, day.day) == (2026, 5, 12)
        for ambiguous in ("12/05/2026", "05/12/2026", "12.05.2026", "12-05-2026", "5/12/26"):
            with pytest.raises(forms.ValidationError):
                field(localize=True).clean(ambiguous)


@pytest.mark.parametrize(
    "desk, name",
    [
        (ClinicalAssertionInline, "compared_from"),
        (ClinicalAssertionInline, "compared_to"),
        (TreatmentLineInline, "best_response_date"),
    ],
)
def test_the_desk_shows_the_same_order_and_says_so(desk, name):
    field = desk(Patient, admin.site).formfield_for_dbfield(desk.model._meta.get_field(name), request=None)
    with translation.override("en-gb"):
        html = field.widget.render(name, dt.date(2026, 5, 12))
    assert "2026-05-12" in html and "2024-03-15" in html


def test_a_grant_ends_on_the_day_that_was_typed():
    field = AccessGrant._meta.get_field("until").formfield(localize=True)
    with translation.override("en-gb"):
        assert field.clean("2026-05-12 10:00").month == 5
