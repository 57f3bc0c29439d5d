"""What people type on the imaging pages. Cases are looked up only among those the user may see."""

import uuid
from decimal import Decimal

from django import forms

from imaging.models import SuvInput
from imaging.services.corrections import RANGES
from patients.domain.numbers import NumberRefused, decimal_of
from patients.forms import ServiceForm
from patients.models import Patient
from patients.selectors import visible_patients

NO_SUCH_CASE = "There is no case with this number that you may open."


class CaseField(forms.CharField):
    """A case number, turned into its patient; empty gives None where the field is not required."""

    def __init__(self, *, user, **kwargs):
        super().__init__(max_length=32, **kwargs)
        self.user = user

    def clean(self, value) -> Patient | None:
        number = super().clean(value)
        if not number:
            return None
        patient = visible_patients(self.user).filter(case_number=number).first()
        if patient is None:
            raise forms.ValidationError(NO_SUCH_CASE)
        return patient


class UploadForm(forms.Form):
    """Where files go. ``key`` makes a form that is sent twice open one upload only."""

    key = forms.UUIDField(initial=uuid.uuid4)

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["case"] = CaseField(user=user, required=False)


class IdentityForm(forms.Form):
    def __init__(self, *args, user, needs_case: bool, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["case"] = CaseField(user=user, required=needs_case)

    reason = forms.CharField(max_length=200, error_messages={"required": "Give a reason; it is kept with your name."})


MBQ, CM = Decimal(1_000_000), Decimal("0.01")
# name -> (label with the unit a person reads, factor to the unit of the calculation or None for text)
SUV_INPUTS = {
    SuvInput.Name.WEIGHT.value: ("body weight (kg)", Decimal(1)),
    SuvInput.Name.HEIGHT.value: ("body height (cm)", CM),
    SuvInput.Name.DOSE.value: ("injected activity (MBq)", MBQ),
    SuvInput.Name.ADMINISTERED.value: ("injection (YYYY-MM-DD HH:MM:SS, scanner clock)", None),
    SuvInput.Name.SEX.value: ("sex used in formulas (F, M or O)", None),
    SuvInput.Name.HALF_LIFE.value: ("half-life (s)", Decimal(1)),
}


def suv_input_choices() -> list[tuple[str, str]]:
    other = [(name.value, name.label) for name in SuvInput.Name if name.value not in SUV_INPUTS]
    return [*((name, label) for name, (label, _) in SUV_INPUTS.items()), *other]


class SuvInputForm(forms.Form):
    """One SUV input in the unit a person reads it in; ``stored`` is the text the calculation takes."""

    name = forms.ChoiceField(choices=suv_input_choices)
    value = forms.CharField(max_length=64)
    reason = forms.CharField(max_length=200, error_messages={"required": "Give a reason; it is kept with your name."})

    def clean(self):
        cleaned = super().clean()
        if {"name", "value"} <= cleaned.keys():
            cleaned["stored"] = self._stored(cleaned["name"], cleaned["value"].strip())
        return cleaned

    def _stored(self, name: str, text: str) -> str:
        factor = SUV_INPUTS.get(name, ("", None))[1]
        if factor is None:
            return text
        try:
            number = decimal_of(text)
        except NumberRefused as refused:
            self.add_error("value", str(refused))
            return ""
        if number > 0:
            return format((number * factor).normalize(), "f")
        self.add_error("value", "Type a number above zero, for example 71.5 or 71,5.")
        return ""


class SuvInputDeskForm(ServiceForm):
    """The same at the data desk, in the unit of the calculation."""

    def clean(self):
        super().clean()
        name = self.cleaned_data.get("name") or self.instance.name
        if name in RANGES and (text := self.cleaned_data.get("value")):
            try:
                self.cleaned_data["value"] = f"{decimal_of(text):f}"
            except NumberRefused as refused:
                self.add_error("value", str(refused))
