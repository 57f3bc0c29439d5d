"""Readings: scored as drafts, signed by their reader, then only amended by a new version."""

import uuid

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from imaging.domain import krenning
from imaging.domain.vocabulary import Tracer, is_sstr
from imaging.models import Lesion, LesionReading, Reading, Scan, Series
from imaging.refused import Refused
from patients.domain.roles import Capability
from patients.services import audit, snapshot

HIGHEST_SCORE = 4
FDG_SCALE = "FDG"  # by eye, beside SSTR; there is no Krenning score of an FDG scan


@transaction.atomic
def start_reading(*, by, scan: Scan, scale_id: str | None = None, comment: str = "") -> Reading:
    """A draft of this reader for this scan; an open draft on the same scale is continued."""
    _require(by, Capability.EDIT_CLINICAL, Capability.SIGN_READING)
    scale = FDG_SCALE if scan.tracer == Tracer.F18_FDG else scale_id or settings.KRENNING_SCALE
    if scale not in (*krenning.SCALES, FDG_SCALE):
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
    fdg_relation: str = "",
) -> LesionReading:
    """The reader's score of one lesion, an interval where it was stated as one; replaces an earlier draft score."""
    _require(by, Capability.EDIT_CLINICAL, Capability.SIGN_READING)
    reading = _open_draft(reading.pk)
    if lesion.patient_id != reading.scan.patient_id:
        raise Refused("voi_of_other_patient")
    _check_tracer(reading)
    _check_score(reading.scale_id, score_low, score_high, relation)
    if fdg_relation and reading.scale_id != FDG_SCALE:
        raise Refused("fdg_only_on_fdg")
    row = LesionReading.objects.filter(reading=reading, lesion=lesion).first()
    before = snapshot(row) if row else None
    row = row or LesionReading(reading=reading, lesion=lesion)
    row.score_low, row.score_high, row.relation_to_liver, row.text = score_low, score_high, relation, text
    row.difference_reason, row.fdg_relation = difference_reason, fdg_relation
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
    return _set(by, current, "comment_reading", comment=comment)


@transaction.atomic
def answer_cold_lesions(*, by, reading: Reading, answer: str) -> Reading:
    """Lesions on CT, FDG or the scan before without uptake: none, listed among the lesions, or not assessed."""
    _require(by, Capability.EDIT_CLINICAL, Capability.SIGN_READING)
    if answer not in Reading.ColdLesions.values:
        raise Refused("cold_lesions_not_answered")
    return _set(by, reading, "answer_cold_lesions", cold_lesions=answer)


@transaction.atomic
def confirm_netpet(*, by, reading: Reading, netpet_class: str, paired_scan: Scan) -> Reading:
    """The reader's NETPET class of this FDG scan with one SSTR scan of the same patient."""
    _require(by, Capability.SIGN_READING)
    if reading.scale_id != FDG_SCALE or not is_sstr(paired_scan.tracer):
        raise Refused("netpet_needs_pair")
    if paired_scan.patient_id != reading.scan.patient_id or netpet_class not in Reading.Netpet.values:
        raise Refused("netpet_needs_pair")
    return _set(by, reading, "confirm_netpet", netpet_class=netpet_class, paired_scan=paired_scan)


@transaction.atomic
def sign_reading(*, by, reading: Reading, cold_lesions: str = "") -> Reading:
    """The signer answers for every score and becomes the reader. After this nothing in it changes.

    ``cold_lesions`` answers, with the signature, whether lesions without uptake were looked for.
    """
    _require(by, Capability.SIGN_READING)
    if cold_lesions:
        answer_cold_lesions(by=by, reading=reading, answer=cold_lesions)
    draft = _open_draft(reading.pk)
    scores = list(draft.lesions.order_by("pk"))
    if not scores:
        raise Refused("reading_empty")
    _check_tracer(draft)
    if draft.scale_id != FDG_SCALE and not draft.cold_lesions:
        raise Refused("cold_lesions_not_answered")
    for score in scores:
        _check_score(draft.scale_id, score.score_low, score.score_high, score.relation_to_liver)
    before = snapshot(draft)
    Reading.objects.filter(pk=draft.pk, state=Reading.State.DRAFT).update(
        state=Reading.State.SIGNED, signed_at=timezone.now(), reader=by
    )
    signed = Reading.objects.get(pk=draft.pk)
    Series.objects.filter(pet_of_scans=signed.scan_id, read_at=None).update(read_at=signed.signed_at)
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
        cold_lesions=signed.cold_lesions,
        netpet_class=signed.netpet_class,
        paired_scan=signed.paired_scan,
    )
    amendment.save(force_insert=True)
    for score in signed.lesions.all():
        score.pk, score.reading, score._state.adding = None, amendment, True
        score.save(force_insert=True)
    audit(by=by, action="amend_reading", obj=amendment, after=snapshot(amendment), reason=reason)
    return amendment


def _set(by, reading: Reading, action: str, **values) -> Reading:
    current = _open_draft(reading.pk)
    before = snapshot(current, list(values))
    for name, value in values.items():
        setattr(current, name, value)
    current.save(update_fields=list(values))
    audit(by=by, action=action, obj=current, before=before, after=snapshot(current, list(values)))
    return current


def _open_draft(pk: uuid.UUID) -> Reading:
    """The draft, held against a signature until this transaction ends."""
    if not Reading.objects.filter(pk=pk, state=Reading.State.DRAFT).update(version=F("version")):
        raise Refused("reading_signed")
    return Reading.objects.select_related("scan").get(pk=pk)


def _check_tracer(reading: Reading) -> None:
    """The tracer may have been corrected while the draft lay open."""
    is_fdg = reading.scan.tracer == Tracer.F18_FDG
    if is_fdg and reading.scale_id != FDG_SCALE:
        raise Refused("fdg_has_no_krenning")
    if reading.scale_id == FDG_SCALE and not is_fdg:
        raise Refused("fdg_only_on_fdg")


def _check_score(scale: str, low: int | None, high: int | None, relation: str) -> None:
    if scale == FDG_SCALE:
        if low is not None or high is not None or relation:
            raise Refused("fdg_has_no_krenning")
        return
    if low is None and high is None:
        return
    if low is None or high is None or not 0 <= low <= high <= HIGHEST_SCORE:
        raise Refused("score_out_of_range")
    if relation and relation not in krenning.relations_for(scale, low, high):
        raise Refused("score_contradicts_relation")


def _require(by, *capabilities: Capability) -> None:
    if not any(by.may(capability) for capability in capabilities):
        raise Refused("not_permitted")
