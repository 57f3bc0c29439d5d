"""Forms of series and meetings. Seats are rows of one formset; an empty row is no seat."""

import datetime as dt

from django import forms
from django.utils import timezone

from board.meeting_planning import Seat
from board.models import Discipline, Meeting, MeetingSeries
from patients.domain.roles import Capability, Role, role_may
from patients.forms import DayField
from patients.models import User

GROUPS = 6
WEEKDAYS = list(enumerate(("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")))
SEERS = [role.value for role in Role if role_may(role, Capability.SEE_MEETING)]


class TimeField(forms.TimeField):
    """Typed and shown as 15:30: a time box of the browser follows the browser's language."""

    widget = forms.TimeInput(attrs={"pattern": r"\d{1,2}:\d{2}", "placeholder": "HH:MM"}, format="%H:%M")


class _Styled(forms.Form):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, label_suffix="", **kwargs)
        for bound in self.fields.values():
            if isinstance(bound.widget, forms.CheckboxSelectMultiple | forms.CheckboxInput):
                continue
            bound.widget.attrs["class"] = "select" if isinstance(bound, forms.ChoiceField) else "input"


class _WithQuorum(_Styled):
    """``quorum_1`` to ``quorum_6``: of each ticked group one discipline must be present."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for n in range(1, GROUPS + 1):
            self.fields[f"quorum_{n}"] = forms.MultipleChoiceField(
                label=f"Group {n}", choices=Discipline.choices, required=False, widget=forms.CheckboxSelectMultiple
            )

    @staticmethod
    def initial_quorum(groups) -> dict:
        return {f"quorum_{n}": list(group) for n, group in enumerate(groups, 1)}

    @property
    def groups(self) -> list[list[str]]:
        return [self.cleaned_data[f"quorum_{n}"] for n in range(1, GROUPS + 1)]

    @property
    def quorum_fields(self) -> list:
        return [self[f"quorum_{n}"] for n in range(1, GROUPS + 1)]


class SeriesForm(_WithQuorum):
    name = forms.CharField(label="Name", max_length=80, help_text='For example "NET board".')
    weekday = forms.TypedChoiceField(label="Day", choices=WEEKDAYS, coerce=int)
    starts_at = TimeField(label="Begins at")
    planned_minutes = forms.IntegerField(label="Planned minutes", min_value=10, max_value=480, initial=90)
    every_weeks = forms.IntegerField(label="Every how many weeks", min_value=1, max_value=12, initial=1)
    place = forms.CharField(label="Place", max_length=120, required=False)
    is_active = forms.BooleanField(label="The board still meets", required=False, initial=True)

    PLAIN = ("name", "weekday", "starts_at", "planned_minutes", "every_weeks", "place")

    @classmethod
    def initial_of(cls, series: MeetingSeries) -> dict:
        values = {name: getattr(series, name) for name in (*cls.PLAIN, "is_active")}
        return values | cls.initial_quorum(series.quorum)

    def fill(self, series: MeetingSeries) -> MeetingSeries:
        for name in (*self.PLAIN, "is_active"):
            setattr(series, name, self.cleaned_data[name])
        series.quorum = self.groups
        return series

    @property
    def plain_fields(self) -> list:
        return [self[name] for name in self.PLAIN]


class MeetingForm(_WithQuorum):
    title = forms.CharField(label="Title", max_length=80)
    day = DayField(label="Day")
    time = TimeField(label="Begins at")
    planned_minutes = forms.IntegerField(label="Planned minutes", min_value=10, max_value=480, initial=90)
    place = forms.CharField(label="Place", max_length=120, required=False)

    PLAIN = ("title", "day", "time", "planned_minutes", "place")

    @classmethod
    def initial_of(cls, meeting: Meeting) -> dict:
        at = timezone.localtime(meeting.starts_at)
        values = {"title": meeting.title, "day": at.date(), "time": at.time()}
        values |= {"planned_minutes": meeting.planned_minutes, "place": meeting.place}
        return values | cls.initial_quorum(meeting.quorum)

    @property
    def values(self) -> dict:
        found = self.cleaned_data
        starts_at = timezone.make_aware(dt.datetime.combine(found["day"], found["time"]))
        kept = {name: found[name] for name in ("title", "planned_minutes", "place")}
        return kept | {"starts_at": starts_at, "quorum": self.groups}

    @property
    def plain_fields(self) -> list:
        return [self[name] for name in self.PLAIN]


class SeatForm(_Styled):
    name = forms.CharField(label="Name", max_length=80, required=False)
    discipline = forms.ChoiceField(label="Discipline", choices=[("", "choose"), *Discipline.choices], required=False)
    is_chair = forms.BooleanField(label="Chair", required=False)
    user = forms.ModelChoiceField(
        label="Account", queryset=User.objects.none(), required=False, empty_label="no account"
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        field = self.fields["user"]
        field.queryset = User.objects.filter(is_active=True, role__in=SEERS).order_by("username")
        field.label_from_instance = lambda user: user.shown_name

    def clean(self) -> dict:
        found = super().clean()
        if found.get("discipline") and not found.get("name"):
            self.add_error("name", "Give this seat a name, or take the discipline away.")
        if found.get("name") and not found.get("discipline"):
            self.add_error("discipline", "Choose the discipline.")
        return found


SeatFormSet = forms.formset_factory(SeatForm, extra=3, max_num=40, absolute_max=40)


def seat_formset(data, seats) -> forms.BaseFormSet:
    """``seats``: rows that stand there already (members of a series, or seats of a meeting)."""
    names = ("name", "discipline", "is_chair", "user")
    return SeatFormSet(data, prefix="seats", initial=[{name: getattr(seat, name) for name in names} for seat in seats])


def seats_of(formset) -> list[Seat]:
    rows = [form.cleaned_data for form in formset if form.cleaned_data.get("name")]
    return [Seat(row["name"].strip(), row["discipline"], row["is_chair"], row["user"]) for row in rows]
