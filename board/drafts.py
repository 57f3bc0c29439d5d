"""A decision while it is written. Whoever saves says which version was on the screen; nothing is overwritten unseen."""

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from board.decision_content import EMPTY, clean
from board.draft_prefill import prefill, standing
from board.meeting_rights import check_case, held_item
from board.models import AgendaItem, DecisionDraft
from patients.domain.roles import Capability
from patients.services import Conflict, audit

REFUSED = "Your role may not write decisions. Nuclear medicine, clinicians, coordinators and the chair may."
SIGNED = "This decision is signed. It can be amended, with a reason."
OFF = "This case is not on the agenda any more."


class DraftConflict(Conflict):
    """Somebody else has saved since. ``current``: the draft as it stands now, with its author."""

    def __init__(self, current: DecisionDraft):
        super().__init__("Someone else has changed this decision meanwhile. Both texts are kept: choose.")
        self.current = current


def draft_of(item: AgendaItem) -> DecisionDraft:
    """Made on first use, with what is known already. Version 0: nobody has written in it."""
    found = DecisionDraft.objects.filter(item=item).select_related("updated_by").first()
    if found:
        return found
    made = {"content": prefill(item), "replaces": standing(item.patient)}
    return DecisionDraft.objects.get_or_create(item=item, defaults=made)[0]


@transaction.atomic
def save_draft(*, by, item: AgendaItem, seen_version: int, content: dict[str, Any]) -> DecisionDraft:
    """Store what ``content`` names; other keys stay as they were. Saving what stands there already changes nothing.

    Raises PermissionDenied, ValidationError for each wrong key, or DraftConflict.
    """
    check_may_write(by, item)
    kept = clean(content)
    item = held_item(item)
    check_open(item, is_cleared=not any(kept.values()))
    return write(by, held_draft(item), seen_version, kept)


def write(by, draft: DecisionDraft, seen_version: int, kept: dict[str, Any]) -> DecisionDraft:
    """Into a held draft, under the version that was seen."""
    after = {**EMPTY, **draft.content, **kept}
    if draft.version != seen_version:
        raise DraftConflict(draft)
    if after == draft.content:
        return draft
    begins = draft.updated_by_id != by.pk
    draft.content, draft.version, draft.updated_by, draft.updated_at = after, draft.version + 1, by, timezone.now()
    draft.save(update_fields=["content", "version", "updated_by", "updated_at"])
    if begins:  # one row for each hand that takes the pen, not one for every two seconds of typing
        audit(by=by, action="write_draft", obj=draft, after={"version": draft.version})
    return draft


def held_draft(item: AgendaItem) -> DecisionDraft:
    """Held until the transaction ends. The caller holds the item: signing waits for the same rows in the same order."""
    held = DecisionDraft.objects.select_for_update(of=("self",)).select_related("updated_by")
    draft = held.filter(item=item).first() or held.get(pk=draft_of(item).pk)
    draft.item = item
    return draft


def check_may_write(by, item: AgendaItem) -> None:
    if not (by.may(Capability.RECORD_DECISION) or by.may(Capability.RUN_MEETING)):
        raise PermissionDenied(REFUSED)
    check_case(by, item.patient)


def check_open(item: AgendaItem, *, is_cleared: bool = False) -> None:
    """Raises ValidationError once the case is decided or taken off. ``item`` is held, so its meeting is open.

    ``is_cleared``: fields are only emptied, which a case that was put off allows.
    """
    if item.decisions.exists():
        raise ValidationError(SIGNED)
    if item.state == AgendaItem.State.REMOVED or (item.state == AgendaItem.State.POSTPONED and not is_cleared):
        raise ValidationError(OFF)
