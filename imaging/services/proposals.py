"""What people make of proposals: accept as a lesion or reference, reject, call physiologic, or open again.

A proposal is never a lesion until a person accepts it. Every decision is kept with its author; a decided proposal
stays, so that the same outline is not asked about twice.
"""

import re
import uuid
from decimal import Decimal

import numpy as np
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from imaging import masks
from imaging.models import Job, Lesion, LesionFinding, LesionMatch, Proposal, Voi
from imaging.refused import Refused
from imaging.services.lesions import first_status, new_lesion, note_finding
from imaging.services.requests import request_measurements
from imaging.services.vois import require_lesion_of, require_measuring, require_reason, to_stored
from patients.services import audit, record, revise

OWN_UID = re.compile(r"2\.25\.\d+\Z", re.ASCII)  # of a lesion that came with none: its row's own number


@transaction.atomic
def accept_as_lesion(
    *,
    by,
    proposal: Proposal,
    lesion: Lesion | None = None,
    organ: str = "",
    kind: str = Lesion.Kind.UNKNOWN,
    segment: str = "",
    status: str | None = None,
) -> tuple[Lesion, Voi, Job]:
    """The region marks this lesion, or a new one in ``organ``. Its finding on the scan is recorded if there is none."""
    proposal, moment = _open(by, proposal), timezone.now()
    if proposal.role != Voi.Role.LESION:
        raise Refused("proposal_not_lesion")
    if not proposal.mask_sha256:
        raise Refused("proposal_refused")
    require_lesion_of(proposal.scan, lesion)
    is_new = lesion is None
    if is_new:
        uid = _free_tracking_uid(proposal)
        lesion = new_lesion(by=by, scan=proposal.scan, organ=organ, kind=kind, segment=segment, given_tracking_uid=uid)
    voi = _mark(by, proposal, lesion)
    piece = _close_as_new(by, proposal) if is_new else None
    related = piece.related_lesion if piece else None
    chosen = LesionFinding.Status.SPLIT if related else status or first_status(proposal.scan, is_new)
    note_finding(by=by, scan=proposal.scan, lesion=lesion, status=chosen, related=related)
    _decide(proposal, Proposal.State.ACCEPTED, by, "", voi, moment=moment)
    return lesion, voi, request_measurements(scan=proposal.scan, by=by)


@transaction.atomic
def accept_reference(*, by, proposal: Proposal) -> tuple[Voi, Job]:
    """Use the proposed sphere as the reference of this organ, in place of the present one."""
    proposal = _open(by, proposal)
    if proposal.role == Voi.Role.LESION or proposal.refusal_code:
        raise Refused("proposal_refused")
    shape = sphere_of(proposal)
    present = Voi.objects.filter(scan=proposal.scan, role=proposal.role).order_by("-recorded_at").first()
    if present is None:
        voi = record(Voi, by=by, scan=proposal.scan, role=proposal.role, **shape)
    else:
        voi = revise(present, by=by, reason="proposed reference accepted", **shape)
    _decide(proposal, Proposal.State.ACCEPTED, by, "", voi)
    return voi, request_measurements(scan=proposal.scan, by=by)


@transaction.atomic
def reject_proposal(*, by, proposal: Proposal, reason: str = "", is_physiologic: bool = False) -> Proposal:
    """Not a lesion: noise, spill, or the normal uptake of an organ."""
    proposal = _open(by, proposal)
    state = Proposal.State.PHYSIOLOGIC if is_physiologic else Proposal.State.REJECTED
    return _decide(proposal, state, by, reason, None)


@transaction.atomic
def reopen_proposal(*, by, proposal: Proposal, reason: str) -> Proposal:
    """Take a rejection back, or an acceptance whose region was withdrawn since: the focus would be in no list else."""
    require_measuring(by)
    require_reason(reason)
    locked = Proposal.objects.select_for_update(of=("self",)).select_related("scan", "run").get(pk=proposal.pk)
    if not may_reopen(locked):
        raise Refused("proposal_decided")
    return reopen_accepted(by=by, proposal=locked, reason=reason)


def reopen_accepted(*, by, proposal: Proposal, reason: str) -> Proposal:
    """With the match that called it new, or a piece of another lesion: accepting it had confirmed that."""
    waiting = {"state": LesionMatch.State.OPEN, "decided_status": "", "decided_by": None, "decided_at": None}
    LesionMatch.objects.filter(proposal=proposal, lesion=None, state=LesionMatch.State.CONFIRMED).update(**waiting)
    return _decide(proposal, Proposal.State.OPEN, by, reason, None)


def may_reopen(proposal: Proposal) -> bool:
    if proposal.state == Proposal.State.ACCEPTED:
        return proposal.voi is not None and proposal.voi.superseded_at is not None
    return proposal.state in {Proposal.State.REJECTED, Proposal.State.PHYSIOLOGIC}


def is_sphere_of(voi: Voi, proposal: Proposal) -> bool:
    """Is the region the very sphere that is proposed?"""
    wanted = sphere_of(proposal)
    names = ("method", "centre_x_mm", "centre_y_mm", "centre_z_mm", "radius_mm")
    return all(getattr(voi, name) == wanted[name] for name in names)


def sphere_of(proposal: Proposal) -> dict:
    """The fields of a region that is this reference's sphere."""
    x, y, z = (to_stored(value) for value in proposal.centre_lps_mm)
    return {
        "method": Voi.Method.SPHERE,
        "parameter": None,
        "mask_sha256": "",
        "centre_x_mm": x,
        "centre_y_mm": y,
        "centre_z_mm": z,
        "radius_mm": to_stored(proposal.radius_mm),
        "origin": origin_of(proposal),
    }


def origin_of(proposal: Proposal) -> dict:
    """Where a region comes from that was proposed by the software or drawn elsewhere."""
    found = {"how": proposal.kind, "proposal": str(proposal.pk), "label": proposal.label}
    if proposal.run:
        return found | {"method": proposal.run.method_version, "parameters": proposal.run.parameters}
    source = {"sop_uid": proposal.source.sop_uid, "segment": proposal.number} if proposal.source else {}
    return found | source | {"tracking_uid": proposal.tracking_uid}


def _outline(proposal: Proposal) -> dict:
    x, y, z = (to_stored(value) for value in proposal.centre_lps_mm)
    return {
        "method": Voi.Method.MASK,
        "mask_sha256": proposal.mask_sha256,
        "centre_x_mm": x,
        "centre_y_mm": y,
        "centre_z_mm": z,
        "radius_mm": max(to_stored(proposal.radius_mm), Decimal(1)),
        "origin": origin_of(proposal),
    }


def _mark(by, proposal: Proposal, lesion: Lesion) -> Voi:
    """The region of this lesion. One that is already drawn where the proposal lies is redrawn, not doubled."""
    shape = _outline(proposal)
    for voi in Voi.objects.filter(scan=proposal.scan, lesion=lesion, role=Voi.Role.LESION):
        if _overlap(voi, proposal):
            return revise(voi, by=by, reason="proposed outline accepted", parameter=None, **shape)
    return record(Voi, by=by, scan=proposal.scan, lesion=lesion, role=Voi.Role.LESION, **shape)


def _overlap(voi: Voi, proposal: Proposal) -> bool:
    """By the voxels that were measured; a region that is not measured yet is not known to overlap."""
    measured = voi.measurements.filter(superseded_at=None).exclude(mask_sha256="").first()
    if measured is None:
        return False
    one, other = masks.load(measured.mask_sha256), masks.load(proposal.mask_sha256)
    is_one_grid = one.shape == other.shape and np.array_equal(one.affine, other.affine)
    return is_one_grid and bool((one.mask.voxels & other.mask.over(one.mask.bounds)).any())


def _open(by, proposal: Proposal) -> Proposal:
    """The proposal, held against another decision until this transaction ends."""
    require_measuring(by)
    locked = Proposal.objects.select_for_update(of=("self",)).select_related("scan__patient", "run", "source")
    found = locked.filter(pk=proposal.pk).first()
    if found is None or (found.source is not None and found.source.scan_id != found.scan_id):
        raise Refused("proposal_outdated")
    if found.state != Proposal.State.OPEN:
        raise Refused("proposal_decided")
    if found.run is not None and found.run.superseded_at is not None:
        raise Refused("proposal_outdated")
    return found


def _decide(proposal: Proposal, state: str, by, reason: str, voi: Voi | None, *, moment=None) -> Proposal:
    """``moment``: before anything was recorded for this decision, so that it can be told from what was there."""
    before = {"state": proposal.state}
    proposal.state, proposal.decided_by, proposal.decided_at = state, by, moment or timezone.now()
    proposal.decision_reason, proposal.voi = reason[:200], voi
    proposal.save(update_fields=["state", "decided_by", "decided_at", "decision_reason", "voi"])
    after = {"state": state, "voi": str(voi.pk) if voi else None}
    audit(by=by, action="decide_proposal", obj=proposal, before=before, after=after, reason=reason)
    return proposal


def _free_tracking_uid(proposal: Proposal) -> str:
    """The UID the contour came with, unless a lesion has it already: one UID is one lesion."""
    uid = proposal.tracking_uid
    own = Q(lineage=uuid.UUID(int=int(uid[5:]))) if OWN_UID.match(uid) and int(uid[5:]) < 1 << 128 else Q(pk=None)
    return "" if not uid or Lesion.versions.filter(own | Q(given_tracking_uid=uid)).exists() else uid


def _close_as_new(by, proposal: Proposal) -> LesionMatch | None:
    """The match that called this region new, or a piece of another lesion: accepting it confirms that."""
    match = LesionMatch.objects.filter(proposal=proposal, lesion=None, state=LesionMatch.State.OPEN).first()
    if match is not None:
        match.state, match.decided_status = LesionMatch.State.CONFIRMED, match.status
        match.decided_by, match.decided_at = by, timezone.now()
        match.save(update_fields=["state", "decided_status", "decided_by", "decided_at"])
    return match
