"""What is kept of questions, and the way of an export from being asked for to being approved. All of it is audited."""

import datetime as dt
import hashlib
from dataclasses import asdict
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from board.cohort.changes import snapshot_of
from board.cohort.query import CohortQuery
from board.cohort.selection import Cohort
from board.cohort.tables import TABLES
from board.models import CohortExport, CohortQuestion
from board.once import once, refuse_other_words
from patients.domain.roles import Capability
from patients.models import User
from patients.services import audit

MOST_QUESTIONS = 50
OWN = "The one who asked cannot approve. A second person has to look at what leaves."
_STATE = CohortExport.State


@transaction.atomic
def keep_question(*, by: User, name: str, found: Cohort) -> CohortQuestion:
    """Save it, or under a name that is there already, save it anew; with what it finds now."""
    _check(by, Capability.SEE_COHORT)
    name = name.strip()
    if not name or len(name) > CohortQuestion._meta.get_field("name").max_length:
        raise ValidationError({"name": "Give the question a name of at most 60 characters."})
    own = CohortQuestion.objects.select_for_update().filter(user=by)
    row = own.filter(name=name).first()
    if row is None and own.count() >= MOST_QUESTIONS:
        raise ValidationError({"name": f"You keep {MOST_QUESTIONS} questions already. Delete one first."})
    row = row or CohortQuestion(user=by, name=name)
    query = found.query
    row.choices, row.text, row.digest = asdict(query), query.text, query.digest
    row.found, row.found_at = snapshot_of(found), timezone.now()
    row.save()
    audit(by=by, action="keep_cohort_question", obj=row, after=_said(query))
    return row


@transaction.atomic
def delete_question(*, by: User, question: CohortQuestion) -> None:
    audit(by=by, action="delete_cohort_question", obj=question, before={"digest": question.digest})
    question.delete()


@transaction.atomic
def ask_for_export_once(*, by: User, key: str, known_on: dt.date | None = None, **asked: Any) -> CohortExport:
    """``key``: of the form. Sent twice it is one export, and the second is led to the first.

    ``known_on``: the day that was chosen; of today what is known by now, which is another moment at each click.
    """
    words = hashlib.sha256(repr(sorted({**asked, "known_on": known_on}.items())).encode()).hexdigest()

    def act() -> dict[str, Any]:
        return {"export": str(ask_for_export(by=by, known_at=_end_of(known_on), **asked).pk), "words": words}

    told = once(by=by, key=key, kind="cohort_export", act=act)
    refuse_other_words(told, words)
    return CohortExport.objects.get(pk=told["export"])


@transaction.atomic
def ask_for_export(
    *,
    by: User,
    query: CohortQuery,
    tables: list[str],
    agreement: str,
    reason: str,
    known_at: dt.datetime | None = None,
    has_free_text: bool = False,
) -> CohortExport:
    _check(by, Capability.EXPORT_COHORT)
    query = query.coarse
    row = CohortExport(
        choices=asdict(query),
        query_text=query.text,
        query_digest=query.digest,
        tables=[name for name in TABLES if name in tables],
        known_at=known_at,
        has_free_text=has_free_text,
        agreement=agreement.strip(),
        reason=reason.strip(),
        asked_by=by,
    )
    if not row.tables:
        raise ValidationError({"tables": "Choose at least one table."})
    if known_at is not None and known_at > timezone.now():
        raise ValidationError({"known_at": "Choose a day that is not in the future."})
    row.clean_fields(exclude={field.name for field in row._meta.fields} - {"agreement", "reason"})
    row.save(force_insert=True)
    said = _said(query) | {"tables": row.tables, "has_free_text": has_free_text}
    audit(by=by, action="ask_cohort_export", obj=row, after=said, reason=row.reason)
    return row


@transaction.atomic
def approve_export(*, by: User, export: CohortExport) -> CohortExport:
    """A second person agrees, and the job may begin."""
    row = _to_decide(by, export)
    row.state, row.decided_by, row.decided_at = _STATE.QUEUED, by, timezone.now()
    row.last_rung_at = row.decided_at
    row.save(update_fields=["state", "decided_by", "decided_at", "last_rung_at"])
    audit(by=by, action="approve_cohort_export", obj=row, after={"digest": row.query_digest})
    return row


@transaction.atomic
def refuse_export(*, by: User, export: CohortExport, reason: str) -> CohortExport:
    row = _to_decide(by, export)
    if not reason.strip():
        raise ValidationError("Say why it is refused.")
    row.state, row.decided_by, row.decided_at = _STATE.REFUSED, by, timezone.now()
    row.refusal = reason.strip()[:300]
    row.save(update_fields=["state", "decided_by", "decided_at", "refusal"])
    audit(by=by, action="refuse_cohort_export", obj=row, reason=row.refusal)
    return row


@transaction.atomic
def note_download(*, by: User, export: CohortExport) -> None:
    audit(by=by, action="download_cohort_export", obj=export, after={"sha256": export.sha256})


def _to_decide(by: User, export: CohortExport) -> CohortExport:
    row = CohortExport.objects.select_for_update().get(pk=export.pk)
    if row.asked_by_id == by.pk:
        raise ValidationError(OWN)
    _check(by, Capability.APPROVE_EXPORT)
    if row.state != _STATE.ASKED:
        raise ValidationError("Somebody has decided about this export already. Reload the page.")
    return row


def _end_of(day: dt.date | None) -> dt.datetime | None:
    """Raises ValidationError for a day that has no end in this calendar."""
    if day is None or day == timezone.localdate():
        return day and timezone.now()
    try:
        return timezone.make_aware(dt.datetime.combine(day, dt.time.max))
    except (ValueError, OverflowError):
        raise ValidationError({"known_at": "Write the day as YYYY-MM-DD."}) from None


def _said(query: CohortQuery) -> dict:
    return {"digest": query.digest, "text": query.text}


def _check(by: User, capability: Capability) -> None:
    if not by.may(capability):
        raise PermissionDenied("Your role may not do this.")
