"""The audit trail in words, for the history pages."""

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db.models import DateTimeField
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from patients.domain.dates import in_words
from patients.domain.trail_words import write_words
from patients.models import AuditEvent, User

_KEY = re.compile(r"\b([0-9a-f]{8})-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")
_HIDDEN = {"id", "lineage", "recorded_at", "recorded_by_id", "superseded_at", "patient_id"}


@dataclass(frozen=True)
class TrailEntry:
    event: AuditEvent
    what: str
    before: list[tuple[str, str]]
    after: list[tuple[str, str]]

    @property
    def reason(self) -> str:
        return _short(self.event.reason)


def as_entries(events: Iterable[AuditEvent]) -> list[TrailEntry]:
    """With the names of the people who stand in their values, asked for at once."""
    found = list(events)
    names = _names(found)
    return [_as_entry(event, names) for event in found]


def _as_entry(event: AuditEvent, names: Mapping[int, str]) -> TrailEntry:
    model = _model(event.object_type)
    return TrailEntry(
        event,
        f"{write_words(event.action)}: {kind_of(event)}",
        values_shown(model, event.before, names),
        values_shown(model, event.after, names),
    )


def _names(events: list[AuditEvent]) -> dict[int, str]:
    keys = {
        value
        for event in events
        for stored in (event.before, event.after)
        if isinstance(stored, dict)
        for name, value in stored.items()
        if isinstance(value, int) and _is_person(_field(_model(event.object_type), name))
    }
    return {one.pk: one.shown_name for one in User.objects.filter(pk__in=keys)} if keys else {}


def _is_person(field) -> bool:
    return field is not None and field.related_model is User


def _short(text: str) -> str:
    """Keys of rows by their beginning, which is enough to tell one from another."""
    return _KEY.sub(r"\1…", text)


def kind_of(event: AuditEvent) -> str:
    """What kind of row it was about."""
    model = _model(event.object_type)
    return str(model._meta.verbose_name) if model else event.object_type


def _model(label: str):
    try:
        return apps.get_model(label)
    except (LookupError, ValueError):
        return None


def values_shown(model, stored, names: Mapping[int, str] | None = None) -> list[tuple[str, str]]:
    if not isinstance(stored, dict):
        return []
    shown = [name for name, value in stored.items() if name not in _HIDDEN and value not in (None, "", [])]
    joined = {f"{name}_precision" for name in shown}
    told = names or {}
    return [(_label(model, name), _short(_text(model, name, stored, told))) for name in shown if name not in joined]


def _label(model, name: str) -> str:
    field = _field(model, name)
    return str(field.verbose_name) if field else name


def _text(model, name: str, stored: dict, names: Mapping[int, str]) -> str:
    field, value = _field(model, name), stored[name]
    if _is_person(field):
        return names.get(value, str(value))
    if isinstance(field, DateTimeField) and (at := parse_datetime(str(value))):
        return timezone.localtime(at).strftime("%Y-%m-%d %H:%M")
    if f"{name}_precision" in stored:
        return in_words(dt.date.fromisoformat(value), stored[f"{name}_precision"])
    choices = dict(field.flatchoices) if field else {}
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    return str(choices.get(value, value)) if isinstance(value, str | int) else str(value)


def _field(model, name: str):
    """The column of that name; what points back from another table is none."""
    try:
        found = model._meta.get_field(name) if model else None
    except FieldDoesNotExist:
        return None
    return found if found is not None and found.concrete else None
