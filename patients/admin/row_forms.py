"""Forms of single clinical rows where the plain model form is not enough."""

from django import forms
from django.core.exceptions import ValidationError

from patients import services
from patients.domain.drugs import drugs_of
from patients.domain.ihc import IhcRefused, Stain, parse_ihc, write_ihc
from patients.domain.units import ANALYTES
from patients.forms import PageForm, ServiceForm
from patients.models import IhcResult
from patients.selectors import stains
from patients.suggestions import list_id

ANALYTE_CHOICES = [("", "---------"), *((a.code, f"{a.label}") for a in ANALYTES.values())]


class HistologyForm(ServiceForm):
    """A specimen with its stains typed as one line; each stain becomes a row of its own."""

    class Meta:
        labels = {"ki67_method": "Ki-67 method"}

    ihc = forms.CharField(
        label="IHC",
        required=False,
        widget=forms.TextInput(attrs={"size": 70, "placeholder": "CgA +, SSTR2A positive (IRS 9), ATRX retained"}),
        help_text="Marker and result, separated by commas; a score in brackets.",
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if not self.instance._state.adding:
            self.initial["ihc"] = write_ihc([_as_stain(row) for row in stains(self.instance)])

    def clean_ihc(self):
        try:
            return parse_ihc(self.cleaned_data["ihc"])
        except IhcRefused as refused:
            raise ValidationError(str(refused), code=refused.code) from refused

    def after_save(self, row, *, by, reason):
        if "ihc" not in self.changed_data:
            return
        stored = {result.marker.lower(): result for result in stains(row)}
        for stain in self.cleaned_data["ihc"]:
            values = {"marker": stain.marker, "result": stain.result, "score": stain.score}
            if known := stored.pop(stain.marker.lower(), None):
                services.revise(known, by=by, reason=reason, **values)
            else:
                services.record(IhcResult, by=by, specimen=row, **values)
        for gone in stored.values():
            services.withdraw(gone, by=by, reason=reason)


class TreatmentLineForm(ServiceForm):
    """A known regimen fills in its drugs, unless drugs were typed."""

    class Meta:
        labels = {"is_ongoing": "Ongoing", "line_number": "Line"}

    def clean(self):
        super().clean()
        if "drugs" in self.fields and not self.cleaned_data.get("drugs"):
            self.cleaned_data["drugs"] = list(drugs_of(self.cleaned_data.get("regimen", "")))
            if self.cleaned_data["drugs"] and "drugs" not in self.changed_data:
                self.changed_data.append("drugs")


class LabFields(forms.Form):
    analyte = forms.ChoiceField(choices=ANALYTE_CHOICES)
    unit = forms.CharField(max_length=20, widget=forms.TextInput(attrs={"size": 9, "list": list_id("unit")}))


class LabForm(LabFields, ServiceForm):
    """A value of the vocabulary, with its unit beside it."""

    class Meta:
        labels = {"comparator": "< >"}


class LabPageForm(LabFields, PageForm):
    """The same on a page of its own."""


class BodyMeasureForm(ServiceForm):
    """Weight in kg, height in cm: the kind names the unit."""

    class Meta:
        labels = {"kind": "what", "value": "value (kg or cm)"}


def _as_stain(row: IhcResult) -> Stain:
    return Stain(row.marker, row.result, row.score)
