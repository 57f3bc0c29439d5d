"""What a reader chooses or types while grading; lesions and injections are looked up among those of the patient."""

from django import forms

from imaging.models import Lesion, LesionReading, Reading, Scan
from imaging.services.reading_answers import CHOICES
from patients.forms import DayField
from patients.models import SsaInjection

NOT_STATED = "none"
SCORES = (("0-0", "0"), ("1-1", "1"), ("2-2", "2"), ("3-3", "3"), ("4-4", "4"), ("0-1", "≤1"), ("3-4", "≥3"))
NEEDS_REASON = "Say why the signed reading is amended; it is kept with your name."


class ScoreForm(forms.Form):
    lesion = forms.ModelChoiceField(Lesion.objects.none(), error_messages={"required": "Say which lesion this is."})
    score = forms.RegexField(r"^([0-4]-[0-4]|none)?$", required=False)
    rads = forms.ChoiceField(choices=LesionReading.Rads, required=False)
    fdg_relation = forms.ChoiceField(choices=LesionReading.FdgRelation, required=False)
    text = forms.CharField(max_length=80, required=False)
    difference_reason = forms.CharField(max_length=120, required=False)
    seen = forms.CharField(required=False)

    def __init__(self, *args, scan: Scan, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["lesion"].queryset = Lesion.objects.filter(patient=scan.patient)

    def service_values(self) -> dict:
        """The score as its two ends, both empty where it is not stated."""
        values = dict(self.cleaned_data)
        low, dash, high = values.pop("score").partition("-")
        ends = (int(low), int(high)) if dash else (None, None)
        return values | {"score_low": ends[0], "score_high": ends[1], "seen": values["seen"] or None}


class AnswersForm(forms.Form):
    """Only the answers that were sent are changed."""

    quality = forms.ChoiceField(choices=Reading.Quality, required=False)
    quality_note = forms.CharField(max_length=200, required=False)
    ssa = forms.ChoiceField(choices=Reading.Ssa, required=False)
    injection = forms.ModelChoiceField(SsaInjection.objects.none(), required=False)
    ssa_drug = forms.CharField(max_length=40, required=False)
    ssa_date = DayField(
        required=False, error_messages={"invalid": "Write the day of the injection as year, month, day: 2024-03-15."}
    )
    extravasation = forms.ChoiceField(choices=Reading.Extravasation, required=False)
    cold_lesions = forms.ChoiceField(choices=Reading.ColdLesions, required=False)
    comment = forms.CharField(required=False)
    seen = forms.CharField(required=False)

    def __init__(self, *args, scan: Scan, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["injection"].queryset = SsaInjection.objects.filter(patient=scan.patient)

    def service_values(self) -> dict:
        answers = {name: self.cleaned_data[name] for name in (*CHOICES, "quality_note", "comment") if name in self.data}
        chart = {name: self.cleaned_data[name] for name in ("injection", "ssa_drug", "ssa_date")}
        return answers | chart | {"seen": self.cleaned_data["seen"] or None}


class AmendForm(forms.Form):
    reason = forms.CharField(max_length=200, error_messages={"required": NEEDS_REASON})
