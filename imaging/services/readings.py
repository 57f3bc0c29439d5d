"""Readings: scored as drafts, signed by their reader, then only amended by a new version."""

import uuid

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from imaging.domain import krenning
from imaging.models import Lesion, LesionReading, Reading, Scan
from imaging.refused import Refused
from patients.domain.roles import Capability
from patients.services import audit, snapshot

HIGHEST_SCORE = 4


@transaction.atomic
def start_reading(*, by, scan: Scan, scale_id: str | None = None, comment: str = "") -> Reading:
    """A draft of this reader for this scan; an open draft on the same scale is continued."""
    _require(by, Capability.EDIT_CLINICAL, Capability.SIGN_READING)
    scale = scale_id or settings.KRENNING_SCALE
    if scale not in krenning.SCALES:
        raise Refused("scale_unknown")
    draft = Reading.objects.filter(scan=scan, reader=by, scale_id=scale, state=Reading.State.DRAFT).first()
    if draft is not None:
        return draft
    reading = Reading(scan=scan, reader=by, scale_id=scale, comment=comment)
    reading.save(force_insert=True)
    audit(by=by, action="start_reading", obj=reading, after=snapshot(reading))
    return reading


@transaction.atomic
def score_lesion(
    *,
    by,
    reading: Reading,
    lesion: Lesion,
    score_low: int | None,
    score_high: int | None,
    relation: str = "",
    text: str = "",
    difference_reason: str = "",
) -> LesionReading:
    """The reader's score of one lesion, an interval where it was stated as one; replaces an earlier draft score."""
    _require(by, Capability.EDIT_CLINICAL, Capability.SIGN_READING)
    reading = _open_draft(reading.pk)
    if lesion.patient_id != reading.scan.patient_id:
        raise Refused("voi_of_other_patient")
    _check_score(reading.scale_id, score_low, score_high, relation)
    row = LesionReading.objects.filter(reading=reading, lesion=lesion).first()
    before = snapshot(row) if row else None
    row = row or LesionReading(reading=reading, lesion=lesion)
    row.score_low, row.score_high, row.relation_to_liver, row.text = score_low, score_high, relation, text
    row.difference_reason = difference_reason
    row.full_clean()
    row.save()
    audit(by=by, action="score_lesion", obj=row, before=before, after=snapshot(row))
    return row


@transaction.atomic
def remove_score(*, by, score: LesionReading) -> None:
    """Take a lesion out of a draft."""
    _require(by, Capability.EDIT_CLINICAL, Capability.SIGN_READING)
    _open_draft(score.reading_id)
    audit(by=by, action="remove_score", obj=score, before=snapshot(score))
    score.delete()


@transaction.atomic
def comment_reading(*, by, reading: Reading, comment: str) -> Reading:
    _require(by, Capability.EDIT_CLINICAL, Capability.SIGN_READING)
    current = _open_draft(reading.pk)
    before, current.comment = snapshot(current, ["comment"]), comment
    current.save(update_fields=["comment"])
    audit(by=by, action="comment_reading", obj=current, before=before, after=snapshot(current, ["comment"]))
    return current


@transaction.atomic
def sign_reading(*, by, reading: Reading) -> Reading:
    """The signer answers for every score and becomes the reader. After this nothing in it changes."""
    _require(by, Capability.SIGN_READING)
    draft = _open_draft(reading.pk)
    scores = list(draft.lesions.order_by("pk"))
    if not scores:
        raise Refused("reading_empty")
    for score in scores:
        _check_score(draft.scale_id, score.score_low, score.score_high, score.relation_to_liver)
    before = snapshot(draft)
    Reading.objects.filter(pk=draft.pk, state=Reading.State.DRAFT).update(
        state=Reading.State.SIGNED, signed_at=timezone.now(), reader=by
    )
    signed = Reading.objects.get(pk=draft.pk)
    after = snapshot(signed) | {"lesions": [snapshot(score) for score in scores]}
    audit(by=by, action="sign_reading", obj=signed, before=before, after=after)
    return signed


@transaction.atomic
def amend_reading(*, by, reading: Reading, reason: str) -> Reading:
    """A new draft version with the same scores; the signed one stays as it is and stays valid until this is signed."""
    _require(by, Capability.SIGN_READING)
    if not reason.strip():
        raise Refused("reason_missing")
    signed = Reading.objects.select_for_update().get(pk=reading.pk)
    if signed.state != Reading.State.SIGNED:
        raise Refused("reading_not_signed")
    if signed.amendments.exists():
        raise Refused("reading_amended")
    amendment = Reading(
        scan=signed.scan,
        reader=by,
        scale_id=signed.scale_id,
        version=signed.version + 1,
        amends=signed,
        comment=signed.comment,
    )
    amendment.save(force_insert=True)
    for score in signed.lesions.all():
        score.pk, score.reading, score._state.adding = None, amendment, True
        score.save(force_insert=True)
    audit(by=by, action="amend_reading", obj=amendment, after=snapshot(amendment), reason=reason)
    return amendment


def _open_draft(pk: uuid.UUID) -> Reading:
    """The draft, held against a signature until this transaction ends."""
    if not Reading.objects.filter(pk=pk, state=Reading.State.DRAFT).update(version=F("version")):
        raise Refused("reading_signed")
    return Reading.objects.select_related("scan").get(pk=pk)


def _check_score(scale: str, low: int | None, high: int | None, relation: str) -> None:
    if low is None and high is None:
        return
    if low is None or high is None or not 0 <= low <= high <= HIGHEST_SCORE:
        raise Refused("score_out_of_range")
    if relation and relation not in krenning.relations_for(scale, low, high):
        raise Refused("score_contradicts_relation")


def _require(by, *capabilities: Capability) -> None:
    if not any(by.may(capability) for capability in capabilities):
        raise Refused("not_permitted")
