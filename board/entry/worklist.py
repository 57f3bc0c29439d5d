"""Cases that were submitted and wait for the coordinator: until one lists them on a meeting, or takes note."""

import datetime as dt

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, Subquery
from django.utils import timezone

from board.models import AgendaItem, EntryDraft, EntryReturn, ReturnAnswer
from patients.domain.roles import Capability
from patients.models import Patient
from patients.selectors import in_visible_chart, readers_of
from patients.services import audit

LONGEST, SHOWN = dt.timedelta(days=90), 8


def submitted(user) -> list[EntryDraft]:
    """Of cases this user may read, the longest waiting first; empty for who does not prepare meetings.

    Those that were returned wait elsewhere (``returning``).
    """
    if not user.may(Capability.PREPARE_MEETING):
        return []
    listed = AgendaItem.objects.filter(patient=OuterRef("patient"), added_at__gt=OuterRef("submitted_at"))
    returned = EntryReturn.objects.filter(patient=OuterRef("patient"), answer=None)
    waiting = EntryDraft.objects.filter(
        in_visible_chart(user),
        ~Exists(listed),
        ~Exists(returned),
        submitted_at__gt=timezone.now() - LONGEST,
        noted_at=None,
    )
    answers = ReturnAnswer.objects.filter(about__patient=OuterRef("patient")).order_by("-answered_at")
    told = waiting.annotate(
        asked=Subquery(answers.values("about__question")[:1]), answered=Subquery(answers.values("text")[:1])
    )
    return list(told.select_related("patient", "submitted_by").order_by(F("submitted_at"))[:SHOWN])


def begun(user) -> list[EntryDraft]:
    """What this user has typed and not submitted: of cases they may still read, and of cases to come."""
    if not user.may(Capability.EDIT_CLINICAL):
        return []
    theirs = Q(patient=None, user=user) | Q(in_visible_chart(user))
    mine = (
        EntryDraft.objects.filter(theirs, updated_by=user)
        .exclude(data__values={})
        .select_related("patient", "updated_by")
    )
    return list(mine.order_by("-updated_at")[:SHOWN])


def is_seen_by_a_coordinator(patient: Patient) -> bool:
    """Whether anybody who keeps this list may read the case."""
    return any(user.may(Capability.PREPARE_MEETING) for user in readers_of(patient))


@transaction.atomic
def take_note(*, by, patient: Patient) -> None:
    """Off the list. Doing it twice changes nothing."""
    waiting = EntryDraft.objects.select_for_update().filter(patient=patient, noted_at=None).exclude(submitted_at=None)
    for draft in waiting:
        draft.noted_at = timezone.now()
        draft.save(update_fields=["noted_at"])
        audit(by=by, action="note_entry", obj=draft, patient=patient)
