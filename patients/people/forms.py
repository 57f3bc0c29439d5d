"""Forms of these pages. A field that is not written here does not exist, whatever is sent."""

import datetime as dt

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.utils import timezone

from patients.domain.roles import Role
from patients.models import Team, User
from patients.selectors.people import account_named
from patients.services.break_glass import REASON_FROM, REASON_TO, TOO_SHORT

ROLES = User._meta.get_field("role").choices
NO_TEAM = Team.objects.none()
INPUT, SELECT = {"class": "input"}, {"class": "select"}


def _text(label: str, length: int, *, required: bool = True, hint: str = "") -> forms.CharField:
    box = forms.TextInput(attrs={**INPUT, "autocomplete": "off"})
    return forms.CharField(label=label, max_length=length, required=required, widget=box, help_text=hint)


def reason_field(hint: str = "It stays in the trail.") -> forms.CharField:
    return _text("Reason", 200, hint=hint)


class PersonForm(forms.Form):
    first_name = _text("First name", 150, required=False)
    last_name = _text("Last name", 150, required=False)
    email = forms.EmailField(
        label="Mail address",
        required=False,
        widget=forms.EmailInput(attrs={**INPUT, "autocomplete": "off"}),
        help_text="For invitations, notices and the hospital's sign-in.",
    )
    role = forms.ChoiceField(label="Role", choices=ROLES, widget=forms.Select(attrs=SELECT))
    centre = forms.ModelChoiceField(
        label="Centre",
        queryset=NO_TEAM,
        required=False,
        empty_label="none",
        widget=forms.Select(attrs=SELECT),
    )
    teams = forms.ModelMultipleChoiceField(
        label="Teams", queryset=NO_TEAM, required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["centre"].queryset = Team.objects.filter(kind=Team.Kind.CENTRE)
        self.fields["teams"].queryset = Team.objects.filter(kind=Team.Kind.TEAM)

    def all_teams(self) -> list[Team]:
        centre = self.cleaned_data["centre"]
        return [*self.cleaned_data["teams"], *([centre] if centre else [])]

    def values(self) -> dict:
        return {name: self.cleaned_data[name] for name in self.fields if name not in {"centre", "teams"}}


class AccountForm(PersonForm):
    is_staff = forms.BooleanField(
        label="May open Records, the data desk", required=False, help_text="What they do there is still up to the role."
    )


class InvitationForm(PersonForm):
    """An administrator's; a coordinator's has no role to choose: it is the observer's."""


class ObserverForm(PersonForm):
    meeting = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name in ("role", "centre", "teams"):
            del self.fields[name]

    def all_teams(self) -> list[Team]:
        return []

    def values(self) -> dict:
        return super().values() | {"role": Role.OBSERVER.value}


class AcceptForm(forms.Form):
    username = forms.CharField(
        label="User name",
        max_length=150,
        validators=[UnicodeUsernameValidator()],
        widget=forms.TextInput(attrs={**INPUT, "autocomplete": "username", "autocapitalize": "none"}),
    )
    password = forms.CharField(
        label="Password",
        strip=False,
        widget=forms.PasswordInput(attrs={**INPUT, "autocomplete": "new-password"}),
        help_text="12 to 128 characters. Several words are good; no sign or figure is asked for.",
    )
    again = forms.CharField(
        label="Password again",
        strip=False,
        widget=forms.PasswordInput(attrs={**INPUT, "autocomplete": "new-password"}),
    )

    def __init__(self, invitation, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.invitation = invitation

    def clean(self):
        cleaned = super().clean()
        password = cleaned.get("password")
        if password and password != cleaned.get("again"):
            self.add_error("again", "The two passwords differ.")
        if password:
            self._check(password, cleaned.get("username", ""))
        return cleaned

    def _check(self, password: str, username: str) -> None:
        names = {name: getattr(self.invitation, name) for name in ("first_name", "last_name", "email")}
        try:
            validate_password(password, User(username=username, **names))
        except ValidationError as refused:
            self.add_error("password", refused)


class TeamForm(forms.ModelForm):
    class Meta:
        model = Team
        fields = ["name", "kind", "opens_its_cases"]
        labels = {"opens_its_cases": "Opens its cases to its members"}
        widgets = {"name": forms.TextInput(attrs=INPUT), "kind": forms.Select(attrs=SELECT)}


class OpenCaseForm(forms.Form):
    """One person by user name, or one team."""

    who = _text("User name", 150, required=False)
    team = forms.ModelChoiceField(
        label="or team",
        queryset=NO_TEAM,
        required=False,
        empty_label="none",
        widget=forms.Select(attrs=SELECT),
    )
    days = forms.IntegerField(
        label="For days",
        required=False,
        min_value=1,
        max_value=366,
        widget=forms.NumberInput(attrs=INPUT),
        help_text="Empty: until it is ended.",
    )
    reason = reason_field()

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["team"].queryset = Team.objects.all()

    def clean(self):
        cleaned = super().clean()
        name = cleaned.get("who", "").strip()
        if bool(name) == bool(cleaned.get("team")):
            raise ValidationError("Name one person or one team.")
        self.user = account_named(name) if name else None
        if name and (self.user is None or not self.user.is_active):
            self.add_error("who", "No open account has this user name.")
        return cleaned

    def until(self):
        days = self.cleaned_data["days"]
        return timezone.now() + dt.timedelta(days=days) if days else None


class EmergencyForm(forms.Form):
    case_number = _text("Case number, exactly", 32)
    case_number.validators.append(RegexValidator(r"^[^/]+$", "A case number has no slash."))
    reason = forms.CharField(
        label="Why you need this case now",
        min_length=REASON_FROM,
        max_length=REASON_TO,
        error_messages={"min_length": TOO_SHORT},
        widget=forms.Textarea(attrs={"class": "textarea", "rows": 3}),
        help_text="Administrators read this: no name, no finding. At least 15 characters.",
    )
