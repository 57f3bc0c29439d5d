"""Recording, correcting and withdrawing versioned rows. See patients/models.py for how versions are kept."""

import datetime as dt
import uuid

from django.db import transaction
from django.utils import timezone

from patients.selectors import dependants
from patients.services.audit import audit, audit_many, snapshot

BOOKKEEPING = frozenset({"id", "lineage", "recorded_at", "recorded_by", "superseded_at"})


class Conflict(Exception):
    """Somebody else changed or withdrew the row since it was read."""


class StillInUse(Exception):
    """Other current rows rest on this one; they have to be withdrawn first."""


@transaction.atomic
def record(model, *, by, patient=None, reason: str = "", **values):
    """Store a new fact. Raises ValidationError with a sentence per field."""
    row = _new(model, by, patient, values)
    row.full_clean()
    row.save(force_insert=True)
    audit(by=by, action="record", obj=row, after=snapshot(row), reason=reason)
    return row


@transaction.atomic
def record_many(model, rows_values, *, by, reason: str = "") -> list:
    """``record`` for many rows of one model in few statements; ``patient`` is among each row's values."""
    rows = [_new(model, by, None, values) for values in rows_values]
    for row in rows:
        row.clean_fields()
        row.clean()
    model.versions.bulk_create(rows, batch_size=500)
    audit_many(by=by, action="record", objs=rows, reason=reason)
    return rows


@transaction.atomic
def revise(row, *, by, reason: str, expected_recorded_at=None, **changes):
    """Change the current version; the old values stay as a superseded row. No change, no new version.

    Raises Conflict when the row is no longer current or ``expected_recorded_at`` is not its time of recording.
    """
    current = _locked(row, expected_recorded_at)
    old = _copy_of(current)
    for name, value in changes.items():
        _refuse_bookkeeping(name)
        setattr(current, name, value)
    current.full_clean(exclude=_untouched_relations(current, changes))
    changed = _changed_fields(old, current)
    if not changed:
        return current
    moment = _after(current)
    old.superseded_at = moment
    old.save(force_insert=True)
    current.recorded_at, current.recorded_by = moment, by
    current.save(force_update=True)
    audit(
        by=by,
        action="revise",
        obj=current,
        before=snapshot(old, changed),
        after=snapshot(current, changed),
        reason=reason,
    )
    return current


@transaction.atomic
def withdraw(row, *, by, reason: str, expected_recorded_at=None):
    """Take a fact back: superseded without a successor. Its parts (IHC of a specimen) go with it."""
    current = _locked(row, expected_recorded_at)
    if blocked := still_in_use(current):
        raise StillInUse(blocked)
    for part in dependants(current, parts=True):
        withdraw(part, by=by, reason=reason)
    before = snapshot(current)
    current.superseded_at = _after(current)
    current.save(force_update=True, update_fields=["superseded_at"])
    audit(by=by, action="withdraw", obj=current, before=before, reason=reason)
    return current


@transaction.atomic
def revive(row, *, by, reason: str):
    """A row that was withdrawn, as it was and under its own name, from now on; that it was away stays to be seen."""
    current = type(row).versions.select_for_update().get(pk=row.lineage)
    if current.superseded_at is None:
        raise Conflict(f"This {current._meta.verbose_name} is there again. Reload the page.")
    old = _copy_of(current)
    current.superseded_at = None
    current.full_clean(exclude=_untouched_relations(current, {}))
    old.save(force_insert=True)
    current.recorded_at, current.recorded_by = max(timezone.now(), old.superseded_at), by
    current.save(force_update=True)
    audit(by=by, action="record", obj=current, after=snapshot(current), reason=reason)
    return current


def still_in_use(row) -> str:
    """A sentence when other current rows rest on this one, else ""."""
    names = sorted({str(r._meta.verbose_name) for r in dependants(row, parts=False)})
    if not names:
        return ""
    return f"This {row._meta.verbose_name} is still used by: {', '.join(names)}. Withdraw those first."


def _new(model, by, patient, values: dict):
    for name in values:
        _refuse_bookkeeping(name)
    if patient is not None and _has_field(model, "patient"):
        values = {**values, "patient": patient}
    row = model(recorded_by=by, recorded_at=timezone.now(), **values)
    row.lineage = row.id
    return row


def _locked(row, expected_recorded_at):
    current = type(row).versions.select_for_update().get(pk=row.pk)
    if current.superseded_at is not None:
        raise Conflict(f"This {current._meta.verbose_name} was withdrawn meanwhile. Reload the page.")
    if expected_recorded_at is not None and current.recorded_at != expected_recorded_at:
        raise Conflict(f"This {current._meta.verbose_name} was changed meanwhile. Reload and look before saving.")
    return current


def _copy_of(current):
    values = {f.attname: getattr(current, f.attname) for f in current._meta.concrete_fields}
    return type(current)(**{**values, "id": uuid.uuid4()})


def _changed_fields(old, new) -> list[str]:
    return [
        f.name
        for f in new._meta.concrete_fields
        if f.name not in BOOKKEEPING and getattr(old, f.attname) != getattr(new, f.attname)
    ]


def _after(current) -> dt.datetime:
    """Now, but never at or before the version being replaced, whatever a server's clock says."""
    return max(timezone.now(), current.recorded_at + dt.timedelta(microseconds=1))


def _untouched_relations(current, changes) -> set[str]:
    """Foreign keys that are not being changed were checked when they were set."""
    return {f.name for f in current._meta.concrete_fields if f.is_relation and f.name not in changes}


def _refuse_bookkeeping(name: str) -> None:
    if name in BOOKKEEPING:
        raise TypeError(f"{name} is kept by the versioning, not set by a caller")


def _has_field(model, name: str) -> bool:
    return any(f.name == name for f in model._meta.concrete_fields)
