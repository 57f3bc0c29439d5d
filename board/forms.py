"""Recording a decision, logging a contact. Typed text survives every refusal."""

import datetime as dt

from django import forms

from board.models import BoardDecision, CaseClosing, Contact
from eligibility.models import ChangeVerdict
from patients.forms import DayField
from patients.models import Patient


class DecidedForm(forms.Form):
    """When a decision outside a meeting was taken, and which one it replaces; what was decided stands beside it."""

    decided_on = DayField(label="Decided on")
    supersedes = forms.ModelChoiceField(
        label="Replaces", queryset=BoardDecision.objects.none(), required=False, empty_label="nothing: a new question"
    )

    def __init__(self, *args, today: dt.date, patient: Patient, replaceable: list[BoardDecision], **kwargs):
        super().__init__(*args, label_suffix="", **kwargs)
        self.today = today
        field = self.fields["supersedes"]
        field.queryset = BoardDecision.objects.filter(patient=patient)  # one that was replaced since is refused later
        named = [(d.pk, f"{d.get_outcome_display()}, {d.decided_on:%-d %b %Y}") for d in replaceable]
        field.widget.choices = [("", field.empty_label), *named]
        if not field.queryset.exists():
            del self.fields["supersedes"]
        for name, bound in self.fields.items():
            bound.widget.attrs["class"] = "select" if name == "supersedes" else "input"

    def clean_decided_on(self) -> dt.date:
        day = self.cleaned_data["decided_on"]
        if day > self.today:
            raise forms.ValidationError("This date is in the future; a decision is recorded once it was taken.")
        return day


class ContactForm(forms.Form):
    contacted_on = DayField(label="Contacted on")
    who = forms.ChoiceField(label="Who was contacted", choices=[("", "choose"), *Contact.Who.choices])
    outcome = forms.ChoiceField(label="Outcome", choices=[("", "choose"), *Contact.Outcome.choices])
    next_for = forms.ChoiceField(label="What comes next", choices=[("", "choose"), *Contact.NextFor.choices])
    next_on = DayField(label="Next date", required=False)
    note = forms.CharField(label="Note", max_length=300, required=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, label_suffix="", **kwargs)
        for bound in self.fields.values():
            bound.widget.attrs["class"] = "select" if isinstance(bound, forms.ChoiceField) else "input"


class BookingForm(ContactForm):
    """A scan was booked: who said so, and for which day."""

    field_order = ["next_on", "contacted_on", "who", "outcome", "note"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        del self.fields["next_for"]
        self.fields["next_on"].label, self.fields["next_on"].required = "Scan booked for", True

    def clean(self) -> dict:
        return super().clean() | {"next_for": Contact.NextFor.SCAN}


class ClosingForm(forms.Form):
    reason = forms.ChoiceField(label="Reason", choices=[("", "choose"), *CaseClosing.Reason.choices])
    text = forms.CharField(label="In a few words", max_length=300, required=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, label_suffix="", **kwargs)
        self.fields["reason"].widget.attrs["class"] = "select"
        self.fields["text"].widget.attrs["class"] = "input"


class ReopeningForm(forms.Form):
    text = forms.CharField(label="Why it is opened again", max_length=300)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, label_suffix="", **kwargs)
        self.fields["text"].widget.attrs["class"] = "input"


class VerdictForm(forms.Form):
    """``first``, ``second`` and ``seen`` say which assessment its author had in view."""

    first = forms.UUIDField(widget=forms.HiddenInput)
    second = forms.UUIDField(widget=forms.HiddenInput)
    seen = forms.RegexField(r"^[0-9a-f]{64}$", widget=forms.HiddenInput)
    verdict = forms.ChoiceField(label="Verdict", choices=[("", "choose"), *ChangeVerdict.Verdict.choices])
    kind = forms.ChoiceField(label="Kind of change", choices=[("", "choose"), *ChangeVerdict.Kind.choices])
    comment = forms.CharField(
        label="Comment (needed if unsure)", max_length=300, required=False, strip=True, widget=forms.TextInput
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, label_suffix="", **kwargs)
        for bound in self.fields.values():
            bound.widget.attrs["class"] = "select" if isinstance(bound, forms.ChoiceField) else "input"

    def clean(self) -> dict:
        found = super().clean()
        if found.get("verdict") == ChangeVerdict.Verdict.UNSURE and not found.get("comment"):
            self.add_error("comment", "Say what you are unsure of: the next reader has only this line.")
        return found
