"""Cases that were submitted and wait for the coordinator: until one lists them on a meeting, or takes note."""

import datetime as dt

from django.db import transaction
from django.db.models import Exists, F, OuterRef
from django.utils import timezone

from board.models import AgendaItem, EntryDraft
from patients.domain.roles import Capability
from patients.models import Patient
from patients.selectors import in_visible_chart
from patients.services import audit

LONGEST, SHOWN = dt.timedelta(days=90), 8


def submitted(user) -> list[EntryDraft]:
    """Of cases this user may read, the longest waiting first; empty for who does not prepare meetings."""
    if not user.may(Capability.PREPARE_MEETING):
        return []
    listed = AgendaItem.objects.filter(patient=OuterRef("patient"), added_at__gt=OuterRef("submitted_at"))
    waiting = EntryDraft.objects.filter(
        in_visible_chart(user), ~Exists(listed), submitted_at__gt=timezone.now() - LONGEST, noted_at=None
    )
    return list(waiting.select_related("patient", "submitted_by").order_by(F("submitted_at"))[:SHOWN])


def begun(user) -> list[EntryDraft]:
    """What this user has typed and not submitted, on any case they may read or one to come."""
    if not user.may(Capability.EDIT_CLINICAL):
        return []
    mine = EntryDraft.objects.filter(updated_by=user).exclude(data__values={}).select_related("patient")
    return [one for one in mine.order_by("-updated_at")[:SHOWN] if one.data.get("values")]


@transaction.atomic
def take_note(*, by, patient: Patient) -> None:
    """Off the list. Doing it twice changes nothing."""
    waiting = EntryDraft.objects.select_for_update().filter(patient=patient, noted_at=None).exclude(submitted_at=None)
    for draft in waiting:
        draft.noted_at = timezone.now()
        draft.save(update_fields=["noted_at"])
        audit(by=by, action="note_entry", obj=draft, patient=patient)
