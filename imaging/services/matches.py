"""Lesions of the scan before on this one: a person confirms what was proposed, or corrects it."""

import datetime as dt

from django.db import transaction
from django.utils import timezone

from imaging.models import Job, Lesion, LesionFinding, LesionMatch, Proposal
from imaging.refused import Refused
from imaging.services.proposals import accept_as_lesion
from imaging.services.requests import request_measurements
from imaging.services.vois import require_lesion_of, require_measuring, require_reason
from patients.domain.roles import Capability
from patients.services import audit, record, revise

Status = LesionFinding.Status
WITH_REGION = frozenset({Status.PRESENT, Status.SPLIT})
TO_ANOTHER = frozenset({Status.MERGED, Status.SPLIT})


@transaction.atomic
def confirm_match(
    *,
    by,
    match: LesionMatch,
    status: str = "",
    proposal: Proposal | None = None,
    related_lesion: Lesion | None = None,
    reason: str = "",
) -> tuple[LesionFinding, Job]:
    """Record the lesion's finding on this scan. Another status or region than the proposed one is a correction.

    ``proposal``: the region that is the lesion; it is accepted with it. A correction needs its reason.
    """
    match, moment = _open(by, match), timezone.now()
    chosen = status or match.status
    region = proposal if status or proposal is not None else match.proposal
    related = (related_lesion or match.related_lesion) if chosen in TO_ANOTHER else None
    if match.lesion is None or chosen not in Status.values or chosen == Status.NEW:
        raise Refused("match_without_region")
    is_correction = (chosen, region) != (match.status, match.proposal)
    is_correction |= chosen in TO_ANOTHER and related != match.related_lesion
    if is_correction:
        require_reason(reason)
    is_used = region is not None and chosen in WITH_REGION
    _check(match, region, related, chosen, is_used)
    finding = _note(by, match, chosen, related, reason)
    if is_used and region.state == Proposal.State.OPEN:
        accept_as_lesion(by=by, proposal=region, lesion=match.lesion, status=chosen)
    _close(match, by, chosen, is_correction, reason, moment=moment)
    return finding, request_measurements(scan=match.scan, by=by)


def _check(match: LesionMatch, region: Proposal | None, related: Lesion | None, status: str, is_used: bool) -> None:
    require_lesion_of(match.scan, match.lesion)
    if status in TO_ANOTHER:
        if related is None or related.pk == match.lesion_id or related.patient_id != match.scan.patient_id:
            raise Refused("match_without_region")
        require_lesion_of(match.scan, related)
    if region is not None and region.scan_id != match.scan_id:
        raise Refused("voi_of_other_scan")
    if is_used and not (region.state == Proposal.State.OPEN or _marks(region, match.lesion)):
        raise Refused("proposal_decided")


def _marks(region: Proposal, lesion: Lesion) -> bool:
    """Was the region accepted as this very lesion, and does it still mark it?"""
    voi = region.voi if region.state == Proposal.State.ACCEPTED else None
    return voi is not None and voi.superseded_at is None and voi.lesion_id == lesion.pk


def require_deciding(by) -> None:
    require_measuring(by)
    if not by.may(Capability.EDIT_CLINICAL):
        raise Refused("not_permitted")


def _open(by, match: LesionMatch) -> LesionMatch:
    require_deciding(by)
    locked = LesionMatch.objects.select_for_update(of=("self",))
    found = locked.select_related("scan__patient", "run", "lesion", "related_lesion", "proposal__voi").get(pk=match.pk)
    if found.state != LesionMatch.State.OPEN:
        raise Refused("match_decided")
    if found.run.superseded_at is not None:
        raise Refused("proposal_outdated")
    return found


def _note(by, match: LesionMatch, status: str, related: Lesion | None, reason: str) -> LesionFinding:
    values = {"status": status, "related_lesion": related}
    row = LesionFinding.objects.filter(scan=match.scan, lesion=match.lesion).first()
    if row is None:
        return record(LesionFinding, by=by, scan=match.scan, lesion=match.lesion, reason=reason, **values)
    return revise(row, by=by, reason=reason or "match confirmed", **values)


def _close(match: LesionMatch, by, status: str, is_correction: bool, reason: str, *, moment: dt.datetime) -> None:
    """``moment``: before anything was recorded for this decision, so that it can be told from what was there."""
    before = {"status": match.status, "confidence": match.confidence, "state": match.state}
    match.state = LesionMatch.State.CORRECTED if is_correction else LesionMatch.State.CONFIRMED
    match.decided_status, match.decided_by, match.decided_at = status, by, moment
    match.decision_reason = reason[:200]
    match.save(update_fields=["state", "decided_status", "decided_by", "decided_at", "decision_reason"])
    after = {"status": status, "state": match.state}
    audit(by=by, action="confirm_match", obj=match, before=before, after=after, reason=reason)
