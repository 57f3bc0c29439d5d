"""What people type or choose on the page of a scan; everything is looked up among the rows of that scan's patient."""

from django import forms

from imaging.domain.vocabulary import is_sstr
from imaging.models import Lesion, LesionFinding, Proposal, Reading, Scan, Voi

NEW = "new"
NEEDS_REASON = "Give a reason; it is kept with your name."


class LesionFields(forms.Form):
    """A known lesion, or a new one in an organ."""

    lesion = forms.CharField(required=False)
    organ = forms.CharField(max_length=24, required=False)
    segment = forms.CharField(max_length=24, required=False)
    kind = forms.ChoiceField(choices=Lesion.Kind, required=False)

    def __init__(self, *args, scan: Scan, **kwargs):
        super().__init__(*args, **kwargs)
        self.lesions = {str(lesion.pk): lesion for lesion in Lesion.objects.filter(patient=scan.patient)}

    def clean_lesion(self):
        chosen = self.cleaned_data["lesion"]
        if chosen in {"", NEW}:
            return None
        if chosen not in self.lesions:
            raise forms.ValidationError("Choose a lesion of this patient, or a new one.")
        return self.lesions[chosen]

    def service_values(self) -> dict:
        if self.cleaned_data["lesion"] is not None:
            return {"lesion": self.cleaned_data["lesion"]}
        values = {name: self.cleaned_data[name] for name in ("organ", "segment")}
        return values | {"kind": self.cleaned_data["kind"] or Lesion.Kind.UNKNOWN}


class AcceptForm(LesionFields):
    """A proposal is this lesion."""


class RejectForm(forms.Form):
    reason = forms.CharField(max_length=200, required=False)
    is_physiologic = forms.BooleanField(required=False)


class ReopenForm(forms.Form):
    """``recorded_at``: the version of the region that the decision drew, where that is to be taken back with it."""

    reason = forms.CharField(max_length=200, error_messages={"required": NEEDS_REASON})
    recorded_at = forms.DateTimeField(required=False)


class MatchForm(forms.Form):
    """Empty: the match as proposed. Anything else corrects it and needs a reason."""

    status = forms.ChoiceField(choices=[("", "as proposed"), *LesionFinding.Status.choices], required=False)
    region = forms.ModelChoiceField(Proposal.objects.none(), required=False)
    related_lesion = forms.ModelChoiceField(Lesion.objects.none(), required=False)
    reason = forms.CharField(max_length=200, required=False)

    def __init__(self, *args, scan: Scan, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["region"].queryset = Proposal.objects.filter(
            scan=scan, role=Voi.Role.LESION, state=Proposal.State.OPEN
        )
        self.fields["related_lesion"].queryset = Lesion.objects.filter(patient=scan.patient)

    def service_values(self) -> dict:
        """With a status, the region is the one chosen, and "none" means none."""
        given = {name: self.cleaned_data[name] for name in ("related_lesion", "reason")}
        status, region = self.cleaned_data["status"], self.cleaned_data["region"]
        if status:
            return given | {"status": status, "proposal": region}
        return given | ({"proposal": region} if region else {})


class NetpetForm(forms.Form):
    netpet_class = forms.ChoiceField(choices=Reading.Netpet)
    paired_scan = forms.ModelChoiceField(Scan.objects.none())

    def __init__(self, *args, scan: Scan, **kwargs):
        super().__init__(*args, **kwargs)
        mine = [other.pk for other in Scan.objects.filter(patient=scan.patient) if is_sstr(other.tracer)]
        self.fields["paired_scan"].queryset = Scan.objects.filter(pk__in=mine)
