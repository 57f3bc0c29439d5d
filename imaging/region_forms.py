"""What people give to mark a region or to change one: typed into a form, or sent by a viewer. Points in LPS mm."""

from django import forms

from imaging.models import Voi
from imaging.scan_forms import LesionFields
from imaging.services.thresholds import FIXED_SUV, LIVER, PERCENT
from patients.number_fields import DecimalField, FloatField

POINT, SECOND_POINT = ("x", "y", "z"), ("x2", "y2", "z2")
UNSEEN = {"required": "Say which version of the region was seen."}
RULE_CHOICES = ((PERCENT, "% of maximum"), (FIXED_SUV, "fixed SUV"), (LIVER, "liver mean + 2 SD"))


class PlaceFields(LesionFields):
    """Up to two points, what an outline follows, sizes in mm."""

    label = forms.CharField(max_length=8, required=False)
    x, y, z = (FloatField(required=False) for _ in POINT)
    x2, y2, z2 = (FloatField(required=False) for _ in SECOND_POINT)
    rule = forms.ChoiceField(choices=RULE_CHOICES, required=False)
    radius = FloatField(min_value=1, max_value=500, required=False)

    def point(self, names=POINT) -> tuple[float, float, float] | None:
        values = tuple(self.cleaned_data.get(name) for name in names)
        return None if None in values else values

    def needs_point(self, names=POINT) -> None:
        if self.point(names) is None:
            self.add_error(names[0], f"Give {', '.join(names[:2])} and {names[2]} in mm (LPS).")

    def check_rule(self, name: str) -> None:
        rule, value = self.cleaned_data.get("rule"), self.cleaned_data.get(name)
        if not rule:
            self.add_error("rule", "Choose what the outline follows.")
        elif rule != LIVER and (value is None or value <= 0 or (rule == PERCENT and not 1 <= value <= 99)):
            self.add_error(name, "Give a percentage between 1 and 99, or an SUV above 0.")

    def service_values(self) -> dict:
        chosen = super().service_values()
        return chosen if "lesion" in chosen else {**chosen, "label": self.cleaned_data["label"]}


class RegionForm(PlaceFields):
    """A new region: grown from a seed, everything hot in a box, or a sphere."""

    GROW, BOX, SPHERE = "grow", "box", "sphere"
    HOWS = (GROW, BOX, SPHERE)

    how = forms.ChoiceField(choices=[(how, how) for how in HOWS])
    role = forms.ChoiceField(choices=Voi.Role, required=False)
    parameter = FloatField(required=False)
    reach = FloatField(min_value=1, max_value=500, required=False)

    def clean(self):
        cleaned = super().clean()
        how = cleaned.get("how")
        cleaned["role"] = cleaned.get("role") or Voi.Role.LESION
        if how != self.SPHERE and cleaned["role"] != Voi.Role.LESION:
            self.add_error("role", "A reference organ is marked by a sphere.")
        self.needs_point()
        if how == self.BOX:
            self.needs_point(SECOND_POINT)
        if how == self.SPHERE and cleaned.get("radius") is None:
            self.add_error("radius", "Give the radius, 1 to 500 mm.")
        if how in {self.GROW, self.BOX}:
            self.check_rule("parameter")
        return cleaned


class OutlineForm(PlaceFields):
    """One step that changes a region, with its reason and the versions that the person saw.

    ``other_recorded_at``: that of the other region, or of the newest one that was offered as such.
    """

    REGROW, WIDEN, SUBTRACT, MERGE, SPLIT, MOVE = "regrow", "widen", "subtract", "merge", "split", "move"
    STEPS = (REGROW, WIDEN, SUBTRACT, MERGE, SPLIT, MOVE)

    step = forms.ChoiceField(choices=[(step, step) for step in STEPS])
    number = DecimalField(max_digits=8, decimal_places=3, required=False)
    other = forms.ModelChoiceField(Voi.objects.none(), required=False)
    other_recorded_at = forms.DateTimeField(required=False)
    reason = forms.CharField(max_length=200, required=False)
    recorded_at = forms.DateTimeField(error_messages=UNSEEN)

    def __init__(self, *args, voi: Voi, **kwargs):
        super().__init__(*args, scan=voi.scan, **kwargs)
        self.fields["other"].queryset = Voi.objects.filter(scan=voi.scan).exclude(pk=voi.pk)

    def clean(self):
        cleaned = super().clean()
        step, number = cleaned.get("step"), cleaned.get("number")
        if step in {self.SUBTRACT, self.MERGE}:
            self.needs_other()
        if step == self.WIDEN and (not number or abs(number) > 50):
            self.add_error("number", "Give the millimetres, up to 50; negative to shrink.")
        if step == self.REGROW:
            self.check_rule("number")
        if step in {self.SPLIT, self.MOVE}:
            self.needs_point()
        if step == self.SPLIT:
            self.needs_point(SECOND_POINT)
        return cleaned

    def needs_other(self) -> None:
        if self.cleaned_data.get("other") is None:
            self.add_error("other", "Choose the other region.")
        if self.cleaned_data.get("other_recorded_at") is None:
            self.add_error("other_recorded_at", "Say which version of the other region was seen.")


class SeenForm(forms.Form):
    reason = forms.CharField(max_length=200, required=False)
    recorded_at = forms.DateTimeField(error_messages=UNSEEN)


class WithdrawForm(SeenForm):
    """``with_lesion``: its lesion as well, if that came with this mark and is known from nowhere else."""

    with_lesion = forms.BooleanField(required=False)


class RestoreForm(SeenForm):
    """``version``: the moment at which the version to bring back was recorded.

    ``with_lesion``: and its lesion, which went with it.
    """

    version = forms.DateTimeField()
    with_lesion = forms.BooleanField(required=False)
