"""Readings: scored as drafts, signed by their reader, then only amended by a new version."""

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from imaging import digests, selectors
from imaging.domain import krenning
from imaging.domain.vocabulary import Tracer, is_sstr
from imaging.models import Lesion, LesionReading, Reading, Scan, Series
from imaging.reading_gaps import FDG_SCALE, gaps
from imaging.refused import Refused
from imaging.services.reading_answers import ANSWERS, answer_reading, open_draft, require, set_values
from imaging.services.reading_lock import check_seen, check_whole, token_of_reading, token_of_score
from patients.domain.roles import Capability
from patients.services import audit, snapshot

HIGHEST_SCORE = 4
RADS_VERSION = "SSTR-RADS 1.0"


@transaction.atomic
def start_reading(*, by, scan: Scan, scale_id: str | None = None, comment: str = "") -> Reading:
    """A draft of this reader for this scan; an open draft on the same scale is continued."""
    require(by, Capability.EDIT_CLINICAL, Capability.SIGN_READING)
    scale = FDG_SCALE if scan.tracer == Tracer.F18_FDG else scale_id or settings.KRENNING_SCALE
    if scale not in (*krenning.SCALES, FDG_SCALE):
        raise Refused("scale_unknown")
    Scan.objects.select_for_update().get(pk=scan.pk)  # two starts at once take turns and meet in one draft
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
    relation: str | None = None,
    text: str = "",
    difference_reason: str = "",
    fdg_relation: str = "",
    rads: str = "",
    seen: str | None = None,
) -> LesionReading:
    """The reader's score of one lesion, an interval where it was stated as one; replaces an earlier draft score.

    ``relation`` to liver; None where the reader was not asked: what is stored stays, unless the score contradicts it.
    ``seen``: token of what the reader had before them; what somebody else changed meanwhile is not written over.
    """
    require(by, Capability.EDIT_CLINICAL, Capability.SIGN_READING)
    reading = open_draft(reading.pk)
    if lesion.patient_id != reading.scan.patient_id:
        raise Refused("voi_of_other_patient")
    _check_tracer(reading)
    row = LesionReading.objects.filter(reading=reading, lesion=lesion).first()
    if relation is None:
        relation = _kept_relation(row, score_low, score_high)
    _check_score(reading.scale_id, score_low, score_high, relation)
    if fdg_relation and reading.scale_id != FDG_SCALE:
        raise Refused("fdg_only_on_fdg")
    check_seen(seen, token_of_score(row), row)
    before = snapshot(row) if row else None
    row = row or LesionReading(reading=reading, lesion=lesion)
    row.score_low, row.score_high, row.relation_to_liver, row.text = score_low, score_high, relation, text
    row.difference_reason, row.fdg_relation = difference_reason, fdg_relation
    row.rads, row.rads_version = rads, RADS_VERSION if rads else ""
    row.full_clean()
    row.save()
    audit(by=by, action="score_lesion", obj=row, before=before, after=snapshot(row))
    return row


def _kept_relation(row: LesionReading | None, low: int | None, high: int | None) -> str:
    if row is None or not row.relation_to_liver:
        return ""
    try:
        _check_score(row.reading.scale_id, low, high, row.relation_to_liver)
    except Refused:
        return ""
    return row.relation_to_liver


@transaction.atomic
def remove_score(*, by, score: LesionReading) -> None:
    """Take a lesion out of a draft."""
    require(by, Capability.EDIT_CLINICAL, Capability.SIGN_READING)
    open_draft(score.reading_id)
    audit(by=by, action="remove_score", obj=score, before=snapshot(score))
    score.delete()


@transaction.atomic
def confirm_netpet(*, by, reading: Reading, netpet_class: str, paired_scan: Scan) -> Reading:
    """The reader's NETPET class of this FDG scan with one SSTR scan of the same patient."""
    require(by, Capability.SIGN_READING)
    if reading.scale_id != FDG_SCALE or not is_sstr(paired_scan.tracer):
        raise Refused("netpet_needs_pair")
    if paired_scan.patient_id != reading.scan.patient_id or netpet_class not in Reading.Netpet.values:
        raise Refused("netpet_needs_pair")
    return set_values(by, reading, "confirm_netpet", netpet_class=netpet_class, paired_scan=paired_scan)


@transaction.atomic
def sign_reading(*, by, reading: Reading, cold_lesions: str = "", seen: str | None = None) -> Reading:
    """The signer answers for every score and becomes the reader. After this nothing in it changes.

    ``cold_lesions`` answers, with the signature, whether lesions without uptake were looked for. Everything that is
    missing is named at once: ``NotReady.gaps``.
    """
    require(by, Capability.SIGN_READING)
    if cold_lesions:
        answer_reading(by=by, reading=reading, cold_lesions=cold_lesions)
    draft = open_draft(reading.pk)
    measured = selectors.measurements(draft.scan)
    check_whole(seen, token_of_reading(draft, measured), draft)
    scores = list(draft.lesions.order_by("pk"))
    for score in scores:
        _check_score(draft.scale_id, score.score_low, score.score_high, score.relation_to_liver)
    _check_tracer(draft)
    if missing := gaps(draft, measured):
        raise NotReady(missing)
    before = snapshot(draft)
    Reading.objects.filter(pk=draft.pk, state=Reading.State.DRAFT).update(
        state=Reading.State.SIGNED,
        signed_at=timezone.now(),
        reader=by,
        inputs_sha256=digests.of_reading(draft.scan, measured),
    )
    signed = Reading.objects.get(pk=draft.pk)
    Series.objects.filter(pet_of_scans=signed.scan_id, read_at=None).update(read_at=signed.signed_at)
    after = snapshot(signed) | {"lesions": [snapshot(score) for score in scores]}
    audit(by=by, action="sign_reading", obj=signed, before=before, after=after)
    return signed


class NotReady(Refused):
    """Everything that keeps a reading from being signed; its code is that of the only gap, where there is one."""

    def __init__(self, missing):
        super().__init__("reading_incomplete")
        self.gaps = missing
        self.code = missing[0].code if len(missing) == 1 else self.code
        self.message = " ".join(gap.message for gap in missing)


@transaction.atomic
def amend_reading(*, by, reading: Reading, reason: str) -> Reading:
    """A new draft version with the same scores; the signed one stays as it is and stays valid until this is signed."""
    require(by, Capability.SIGN_READING)
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
        **{name: getattr(signed, name) for name in (*ANSWERS, "ssa_injection", "netpet_class", "paired_scan")},
    )
    amendment.save(force_insert=True)
    for score in signed.lesions.all():
        score.pk, score.reading, score._state.adding = None, amendment, True
        score.save(force_insert=True)
    audit(by=by, action="amend_reading", obj=amendment, after=snapshot(amendment), reason=reason)
    return amendment


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
