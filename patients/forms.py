"""Forms of the data desk: partial dates in one box, lists as text, a reason for each correction, no lost update."""

import datetime as dt
from decimal import Decimal

from django import forms
from django.core.exceptions import ValidationError
from django.forms.models import BaseInlineFormSet
from django.utils.html import format_html

from patients.domain.dates import in_words
from patients.domain.partial_dates import DateRefused, parse_partial_date
from patients.number_fields import NumberInput
from patients.services import still_in_use
from patients.services.audit import REASON_LENGTH
from patients.services.versions import BOOKKEEPING
from patients.suggestions import list_id

NEEDS_REASON = "Say why, in the box “Reason for change” beside Save: it goes into the history with your name."


class UnitInput(NumberInput):
    """A number with its unit behind it."""

    def __init__(self, unit: str, attrs=None):
        super().__init__(attrs)
        self.unit = unit

    def render(self, name, value, attrs=None, renderer=None):
        box = super().render(name, value, attrs, renderer)
        return format_html('<span class="with-unit">{} <span class="unit">{}</span></span>', box, self.unit)


class DayInput(forms.DateInput):
    """A box for one day, typed and shown as 2024-03-15: a date box of the browser follows the browser's language."""

    def __init__(self, attrs=None):
        how = {
            "pattern": r"\d{4}-\d{1,2}-\d{1,2}",
            "placeholder": "YYYY-MM-DD",
            "title": "Year, month, day: 2024-03-15",
        }
        shape = {"size": 11, "maxlength": 10, "autocomplete": "off"}
        super().__init__({**how, **shape, **(attrs or {})}, format="%Y-%m-%d")


class DayField(forms.DateField):
    """One whole day; anything but the ISO order is refused in words."""

    widget = DayInput
    default_error_messages = {"invalid": "This is no valid date. Write year, month, day: 2024-03-15."}

    def __init__(self, **kwargs):
        super().__init__(input_formats=["%Y-%m-%d"], **kwargs)


class PartialDateField(forms.CharField):
    """Date and precision as one text: what was typed says how exact it is."""

    def __init__(self, **kwargs):
        hint = "2024-03-15; 2024-03 or 2024 when the day is not known"
        kwargs.setdefault("widget", forms.TextInput(attrs={"size": 11, "placeholder": "2024-03-15", "title": hint}))
        super().__init__(max_length=20, **kwargs)

    def clean(self, value):
        text = super().clean(value)
        try:
            return parse_partial_date(text)
        except DateRefused as refused:
            raise ValidationError(str(refused), code=refused.code) from refused


class ListField(forms.CharField):
    """A list of words as one line, separated by commas."""

    def prepare_value(self, value):
        return ", ".join(value) if isinstance(value, list) else value

    def clean(self, value):
        return [word.strip() for word in super().clean(value).split(",") if word.strip()]

    def has_changed(self, initial, data):
        return super().has_changed(self.prepare_value(initial), data)


class SeenVersionField(forms.CharField):
    """When the version on the screen was recorded; travels with the form and is never a change by itself."""

    def __init__(self):
        super().__init__(required=False, widget=forms.HiddenInput())

    def has_changed(self, initial, data):
        return False


class ServiceForm(forms.ModelForm):
    """A form whose values go to a service; it never saves by itself."""

    seen_version = SeenVersionField()

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.prefilled = set(kwargs.get("initial") or ()) if self.instance._state.adding else set()
        for name in self._partial_dates():
            day = getattr(self.instance, name)
            self.initial[name] = in_words(day, self._precision(name)) if day else ""
        for name, value in self.initial.items():
            if isinstance(value, Decimal):
                self.initial[name] = Decimal(f"{value.normalize():f}")
        if not self.instance._state.adding and hasattr(self.instance, "recorded_at"):
            self.initial["seen_version"] = self.instance.recorded_at.isoformat()

    def clean(self):
        super().clean()
        for name in self._partial_dates():
            if name in self.cleaned_data:
                self.cleaned_data[name], precision = self.cleaned_data[name]
                setattr(self.instance, f"{name}_precision", precision)
        if self.changed_data and self._is_overtaken():
            raise ValidationError(
                f"{self.instance.recorded_by} changed this on {self.instance.recorded_at:%d.%m.%Y at %H:%M}, after you "
                "opened the page. Your entries are still here; reload to see the other ones.",
                code="conflict",
            )

    def service_values(self) -> dict:
        """The model fields a person touched, or found filled in on a new row, ready for ``record`` or ``revise``."""
        own = {f.name for f in self._meta.model._meta.concrete_fields} - BOOKKEEPING
        touched = [*self.changed_data, *sorted(self.prefilled - set(self.changed_data))]
        values = {name: self.cleaned_data[name] for name in touched if name in own}
        for name in self._partial_dates():
            if name in values:
                values[f"{name}_precision"] = self._precision(name)
        return values

    def seen_at(self) -> dt.datetime | None:
        text = self.cleaned_data.get("seen_version")
        return dt.datetime.fromisoformat(text) if text else None

    def after_save(self, row, *, by, reason: str) -> None:
        """What a form writes beside its own row."""

    def clean_seen_version(self):
        try:
            self.seen_at()
        except ValueError as malformed:
            raise ValidationError("Reload the page.") from malformed
        return self.cleaned_data["seen_version"]

    def _is_overtaken(self) -> bool:
        seen = self.seen_at()
        return seen is not None and not self.instance._state.adding and seen != self.instance.recorded_at

    def _partial_dates(self) -> list[str]:
        return [name for name, field in self.fields.items() if isinstance(field, PartialDateField)]

    def _precision(self, name: str) -> str:
        return getattr(self.instance, f"{name}_precision")


class PageForm(ServiceForm):
    """The form of a whole page: it also carries the one reason for all corrections on it."""

    change_reason = forms.CharField(
        label="Reason for change",
        required=False,
        max_length=REASON_LENGTH,
        widget=forms.TextInput(attrs={"size": 60, "list": list_id("reason")}),
        help_text="Needed when something already recorded is corrected or withdrawn; not for new rows.",
    )

    def clean(self):
        super().clean()
        if not self.instance._state.adding and self.service_changes() and not self.cleaned_data.get("change_reason"):
            self.add_error("change_reason", NEEDS_REASON)

    def service_changes(self) -> bool:
        return any(name not in {"change_reason", "seen_version"} for name in self.changed_data)


class ServiceFormSet(BaseInlineFormSet):
    """Rows of one kind on a page: each is recorded, revised or withdrawn through the services."""

    desk = None

    def add_fields(self, form, index):
        super().add_fields(form, index)
        if form.fields.get(self.model._meta.pk.name):
            gone = "This row was withdrawn by somebody else meanwhile. Reload the page."
            form.fields[self.model._meta.pk.name].error_messages["invalid_choice"] = gone
        if deletion := form.fields.get("DELETE"):
            deletion.label = "Withdraw"
        # A box of a table has its heading far above it, and none for who listens.
        for name, field in form.fields.items():
            field.widget.attrs.setdefault("aria-label", str(field.label or name.replace("_", " ")).capitalize())

    def clean(self):
        super().clean()
        withdrawn = [form for form in self.initial_forms if form in self.deleted_forms]
        touched = withdrawn + [form for form in self.initial_forms if form.has_changed() and form not in withdrawn]
        if touched and not self.data.get("change_reason", "").strip():
            raise ValidationError(NEEDS_REASON)
        for form in withdrawn:
            if blocked := still_in_use(form.instance):
                raise ValidationError(blocked)

    def save_through_services(self, *, by, reason: str) -> None:
        self.new_objects, self.changed_objects, self.deleted_objects = [], [], []
        for form in self.initial_forms:
            if form in self.deleted_forms:
                self.desk.remove(form.instance, by=by, reason=reason)
            elif form.has_changed():
                self._change(form, by, reason)
        for form in self.extra_forms:
            if form.has_changed() and form not in self.deleted_forms:
                self._add(form, by, reason)

    def _change(self, form, by, reason: str) -> None:
        row = self.desk.change(
            form.instance, by=by, reason=reason, seen_at=form.seen_at(), values=form.service_values()
        )
        form.after_save(row, by=by, reason=reason)

    def _add(self, form, by, reason: str) -> None:
        row = self.desk.add(by=by, parent=(self.fk.name, self.instance), values=form.service_values())
        form.after_save(row, by=by, reason=reason)
