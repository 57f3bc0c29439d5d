"""The draft of an entry. Whoever saves says which version was on the screen; nothing is overwritten unseen."""

import re
import uuid
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from board.entry.fields import field_of
from board.entry.recorded import Recorded, mark_of, recorded
from board.models import EntryDraft
from patients.domain.roles import Capability
from patients.models import Patient
from patients.selectors import visible_patients
from patients.services import Conflict, audit

REFUSED = "Your role may not enter clinical data. Nuclear medicine, clinicians, coordinators and data entry may."
MOST_VALUES, LONGEST = 3000, 400
_NAME = re.compile(r"[a-z]+\.(?:[a-z0-9]{1,32}\.)?[a-z0-9_]+")
ODD = "The page has sent a field that does not exist. Reload it."


@dataclass
class Entry:
    """A draft over its chart. ``values``: what the page shows; ``clashes``: both have changed, a person chooses."""

    draft: EntryDraft
    chart: Recorded
    mark: int

    @property
    def version(self) -> str:
        return f"{self.draft.version}.{self.mark}"

    @property
    def typed(self) -> dict[str, str]:
        return self.draft.data.get("values", {})

    @property
    def values(self) -> dict[str, str]:
        return {**self.chart.values, **self.typed}

    @property
    def clashes(self) -> dict[str, str]:
        """Name -> what the chart says since, where it is neither what was replaced nor what was typed."""
        base = self.draft.data.get("base", {})
        now = self.chart.values
        return {
            name: now.get(name, "")
            for name, text in self.typed.items()
            if now.get(name, "") not in (base.get(name, ""), text)
        }


class EntryConflict(Conflict):
    """Something was saved since. ``current``: the entry as it stands now."""

    def __init__(self, current: Entry):
        super().__init__("Something was changed meanwhile. Both are shown: choose.")
        self.current = current


def check_may_enter(by, patient: Patient | None = None) -> None:
    if not by.may(Capability.EDIT_CLINICAL):
        raise PermissionDenied(REFUSED)
    if patient is not None and not visible_patients(by).filter(pk=patient.pk).exists():
        raise PermissionDenied("You have no access to this case.")


def entry_of(draft: EntryDraft) -> Entry:
    mark = mark_of(draft.patient)  # read first: what comes between is looked at once more, never missed
    return Entry(draft, recorded(draft.patient, draft.data.get("rows")), mark)


def draft_for(patient: Patient, user) -> EntryDraft:
    """The draft of this case as stored, or one that nobody has written in."""
    found = EntryDraft.objects.filter(patient=patient).select_related("updated_by", "submitted_by", "patient").first()
    return found or EntryDraft(patient=patient, user=user)


def own_draft(user, key: uuid.UUID) -> EntryDraft:
    """Of a case to come: of its writer alone. One that nobody has written in where it is not stored yet."""
    found = EntryDraft.objects.filter(user=user, key=key).select_related("patient", "updated_by").first()
    return found or EntryDraft(user=user, key=key)


def unfinished(user) -> list[EntryDraft]:
    """Cases begun and not submitted by this user, the newest first."""
    begun = (
        EntryDraft.objects.filter(user=user, patient=None, version__gt=0)
        .exclude(data__values={})
        .select_related("updated_by")
    )
    return list(begun.order_by("-updated_at")[:5])


@transaction.atomic
def save_draft(*, by, draft: EntryDraft, seen_version: str, values: dict[str, str]) -> Entry:
    """Store what ``values`` names; other fields stay as they were. Saving what stands there already changes nothing.

    Raises PermissionDenied, ValidationError, or EntryConflict with the entry as it stands.
    """
    check_may_enter(by, draft.patient)
    kept = clean(values)
    entry = entry_of(held(draft) if kept else draft)
    if entry.version != seen_version:
        raise EntryConflict(entry)
    if kept:
        write(by, entry, kept)
    return entry_of(entry.draft)


def held(draft: EntryDraft) -> EntryDraft:
    """Held until the transaction ends; stored first where it is new. The case is held before its draft."""
    if draft.patient_id:
        Patient.objects.select_for_update().get(pk=draft.patient_id)
        EntryDraft.objects.get_or_create(patient=draft.patient, defaults={"user": draft.user, "key": draft.key})
        return EntryDraft.objects.select_for_update(of=("self",)).select_related("patient").get(patient=draft.patient)
    made, _ = EntryDraft.objects.get_or_create(user=draft.user, key=draft.key)
    return EntryDraft.objects.select_for_update(of=("self",)).select_related("patient").get(pk=made.pk)


def write(by, entry: Entry, kept: dict[str, str]) -> None:
    draft, chart = entry.draft, entry.chart.values
    data: dict[str, Any] = {"values": {}, "base": {}, **draft.data}
    typed, base = dict(data["values"]), dict(data["base"])
    for name, text in kept.items():
        typed[name], base[name] = text, chart.get(name, "")
        if text == base[name]:  # back to what the chart says
            del typed[name], base[name]
    if (typed, base) == (data["values"], data["base"]):
        return
    begins = draft.updated_by_id != by.pk
    begun = (data["values"] and data.get("begun")) or timezone.now().isoformat()
    draft.data = {**data, "values": typed, "base": base, "begun": begun}
    draft.version, draft.updated_by, draft.updated_at = draft.version + 1, by, timezone.now()
    draft.save(update_fields=["data", "version", "updated_by", "updated_at"])
    if begins:  # one row for each hand that takes the pen, without what it writes
        audit(by=by, action="edit_entry", obj=draft, patient=draft.patient, after={"version": draft.version})


def clean(values: Any) -> dict[str, str]:
    """Only fields of the page, only text, none longer than it may be."""
    if not isinstance(values, dict) or len(values) > MOST_VALUES:
        raise ValidationError(ODD)
    kept = {}
    for name, text in values.items():
        found = field_of(str(name))
        if found is None or not _NAME.fullmatch(str(name)) or not isinstance(text, str) or "\0" in text:
            raise ValidationError(ODD)
        if len(text) > min(LONGEST, found.longest if found.kind not in ("many",) else LONGEST):
            raise ValidationError({name: f"At most {found.longest} characters."})
        kept[str(name)] = text.strip()
    return kept
