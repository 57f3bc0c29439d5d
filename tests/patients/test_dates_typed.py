"""Dates are typed in one order: day and month can never change places without a word."""

import datetime as dt
from pathlib import Path

import pytest
from django import forms
from django.contrib import admin
from django.utils import translation

from board.forms import ContactForm, DecidedForm
from imaging.reading_forms import AnswersForm
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


TYPED = [(DecidedForm, "decided_on"), (ContactForm, "next_on"), (AnswersForm, "ssa_date")]


@pytest.mark.parametrize("form, name", TYPED)
def test_a_day_is_shown_and_typed_in_the_iso_order_whatever_the_browser_speaks(form, name):
    field = form.base_fields[name]
    html = field.widget.render(name, dt.date(2026, 5, 12))
    assert 'type="text"' in html and 'value="2026-05-12"' in html and "YYYY-MM-DD" in html
    assert field.clean("2026-05-12") == dt.date(2026, 5, 12)
    for other in ("12/05/2026", "05/12/2026", "12.05.2026", "2026-02-30", "20260512"):
        with pytest.raises(forms.ValidationError, match="year, month, day: 2024-03-15"):
            field.clean(other)


def test_no_page_has_a_date_box_that_follows_the_language_of_the_browser():
    root = Path(__file__).resolve().parents[2]
    sources = [
        *root.glob("templates/**/*.html"),
        *(p for app in ("board", "imaging", "patients") for p in root.glob(f"{app}/**/*.py")),
    ]
    boxes = ('type="date"', '"type": "date"', "datetime-local", 'type="month"')
    assert [str(p.relative_to(root)) for p in sources if any(box in p.read_text() for box in boxes)] == []
