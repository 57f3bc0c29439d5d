"""The audit trail in words, for the history pages."""

import datetime as dt
from dataclasses import dataclass

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist

from patients.domain.dates import in_words
from patients.domain.trail_words import write_words
from patients.models import AuditEvent

_HIDDEN = {"id", "lineage", "recorded_at", "recorded_by_id", "superseded_at", "patient_id"}


@dataclass(frozen=True)
class TrailEntry:
    event: AuditEvent
    what: str
    before: list[tuple[str, str]]
    after: list[tuple[str, str]]


def as_entry(event: AuditEvent) -> TrailEntry:
    model = _model(event.object_type)
    return TrailEntry(
        event,
        f"{write_words(event.action)}: {kind_of(event)}",
        values_shown(model, event.before),
        values_shown(model, event.after),
    )


def kind_of(event: AuditEvent) -> str:
    """What kind of row it was about."""
    model = _model(event.object_type)
    return str(model._meta.verbose_name) if model else event.object_type


def _model(label: str):
    try:
        return apps.get_model(label)
    except (LookupError, ValueError):
        return None


def values_shown(model, stored) -> list[tuple[str, str]]:
    if not isinstance(stored, dict):
        return []
    shown = [name for name, value in stored.items() if name not in _HIDDEN and value not in (None, "", [])]
    joined = {f"{name}_precision" for name in shown}
    return [(_label(model, name), _text(model, name, stored)) for name in shown if name not in joined]


def _label(model, name: str) -> str:
    field = _field(model, name)
    return str(field.verbose_name) if field else name


def _text(model, name: str, stored: dict) -> str:
    field, value = _field(model, name), stored[name]
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
