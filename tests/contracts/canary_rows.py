"""A world of which every field of the case holds its own word, day or number (canary_fields.py)."""

import uuid

from django.apps import apps
from django.db import models
from django.utils import timezone

from board.append_only import lifted
from board.export_patient.tables import PATHS
from imaging import store
from patients.models import Patient, User
from tests.contracts.canary_fields import MORE, values
from tests.contracts.world import World, make_world
from tests.processes.canary.words import WORD

# What a required field without a value of its own needs, so that pages can show the row.
NEEDED = {"patients.LabResult.analyte": "hb", "patients.LabResult.unit": "g/dL", "board.CaseClosing.reason": ""}
ONE_CASE_ONLY = "patients.PatientIdentifier.value"
WHOLE = (models.IntegerField, models.BooleanField)


def full_world(owner: User) -> World:
    world = make_world(WORD, owner)
    with lifted():
        for label in (*PATHS, *MORE):
            _fill(label, world)
    world.patient.refresh_from_db()
    for row in world.objects.values():
        if isinstance(row, models.Model):
            row.refresh_from_db()
    return world


def row_of(label: str, world: World) -> models.Model | None:
    """The row that has the values: of several versions the one that counts."""
    model = apps.get_model(label)
    if label in PATHS:
        found = model._base_manager.filter(**{PATHS[label]: world.patient.pk})
    else:
        found = model._base_manager.filter(_about(model, world))
    if any(field.name == "superseded_at" for field in model._meta.concrete_fields):
        found = found.order_by(models.F("superseded_at").asc(nulls_first=True), "pk")
    return found.order_by(*found.query.order_by or ["pk"]).first()


def _about(model: type[models.Model], world: World) -> models.Q:
    """Tables that no export of one patient has: rows of a meeting of the case, or of its owner."""
    names = {field.name for field in model._meta.concrete_fields}
    for name, path in (("item", "item__patient"), ("meeting", "meeting__items__patient")):
        if name in names:
            return models.Q(**{path: world.patient.pk})
    return models.Q(**{next(name for name in ("by", "user", "asked_by") if name in names): world.owner.pk})


def _fill(label: str, world: World) -> None:
    names = {name.rpartition(".")[2]: value for name, value in values().items() if name.rpartition(".")[0] == label}
    if not names:
        return
    row = row_of(label, world) or _made(label, world)
    row_type = apps.get_model(label)
    new = {name: _own(f"{label}.{name}", value, world) for name, value in names.items() if not _is_ours(row, name)}
    models.QuerySet(row_type).filter(pk=row.pk).update(**new)


def _own(name: str, value, world: World):
    return f"{value}-{world.patient.pk.hex[:8]}" if name == ONE_CASE_ONLY else value


def _is_ours(row: models.Model, name: str) -> bool:
    """Numbers of cases and what make_world has named already stay as addresses know them."""
    return WORD in str(getattr(row, name))


def _made(label: str, world: World) -> models.Model:
    model = apps.get_model(label)
    leads = PATHS.get(label, "item").partition("__")[0]
    given = {}
    for field in model._meta.concrete_fields:
        is_asked_for = not (field.null or field.has_default() or (field.primary_key and not field.is_relation))
        if field.name == leads or is_asked_for:
            given[field.name] = _given(f"{label}.{field.name}", field, world)
    return model._base_manager.create(**given)


def _given(name: str, field: models.Field, world: World):
    if field.is_relation:
        return _target(field.related_model, world)
    if name in values():
        return _own(name, values()[name], world)
    if name in NEEDED:
        return NEEDED[name]
    if field.name == "sha256":  # the archive of the case asks for the file
        return store.put_bytes(f"{WORD}-{name}".encode()).sha256
    if field.choices:
        return next(key for key, _ in field.flatchoices if key)
    if isinstance(field, models.DateTimeField):
        return timezone.now()
    if isinstance(field, models.UUIDField):
        return uuid.uuid4()
    if isinstance(field, models.JSONField):
        return []
    return 1 if isinstance(field, models.IntegerField) else False if isinstance(field, WHOLE) else ""


def _target(model: type[models.Model], world: World) -> models.Model:
    if model is Patient:
        return world.patient
    if model is User:
        return world.owner
    label = model._meta.label
    return row_of(label, world) or _made(label, world)
