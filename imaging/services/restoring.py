"""Bringing back what a region was, or one that was taken away: always a new version, so that the history only grows.

A merge is undone by restoring both regions, a split by restoring the first and taking the second away.
"""

import datetime as dt
import uuid

from django.db import transaction
from django.db.models import F, Q

from imaging.models import Job, Lesion, LesionFinding, Proposal, Voi
from imaging.refused import Refused
from imaging.services.requests import request_measurements
from imaging.services.vois import require_lesion_of, require_measuring, require_reason
from patients.domain.roles import Capability
from patients.services import record, revise, revive

SHAPE = ("method", "parameter", "mask_sha256", "centre_x_mm", "centre_y_mm", "centre_z_mm", "radius_mm")


@transaction.atomic
def restore(
    *, by, voi: Voi, version: dt.datetime, reason: str, expected_recorded_at=None, with_lesion: bool = False
) -> tuple[Voi, Job]:
    """The region as it was in the version recorded at ``version``; one that was taken away comes back as a new row.

    ``with_lesion``: and its lesion, which went with it.
    """
    require_measuring(by)
    require_reason(reason)
    present = Voi.versions.select_for_update().get(pk=voi.lineage)
    if with_lesion and present.lesion is not None:
        _bring_lesion_back(by, present, reason)
    require_lesion_of(present.scan, present.lesion)
    earlier = Voi.versions.filter(lineage__in=family_of(present), recorded_at=version).first()
    if earlier is None:
        raise Refused("version_unknown")
    if present.superseded_at is not None:
        restored = _bring_back(by, present, earlier, reason)
    elif earlier.pk == present.pk:
        raise Refused("version_is_current")
    else:
        shape = _as_it_was(earlier, {})
        restored = revise(present, by=by, reason=reason, expected_recorded_at=expected_recorded_at, **shape)
    return restored, request_measurements(scan=restored.scan, by=by)


def _bring_back(by, taken: Voi, earlier: Voi, reason: str) -> Voi:
    first = _first_of(taken)
    if Voi.objects.filter(lineage__in=family_of(taken)).exists():
        raise Refused("region_back_already")
    who = {name: getattr(taken, name) for name in ("scan", "lesion", "role")}
    restored = record(Voi, by=by, reason=reason, **who, **_as_it_was(earlier, {"first": first}))
    Proposal.objects.filter(voi=taken).update(voi=restored)  # what was accepted as that region is accepted as this one
    return restored


def _as_it_was(earlier: Voi, more: dict) -> dict:
    trace = {"voi": str(earlier.lineage), "recorded_at": earlier.recorded_at.isoformat(), **more}
    return {name: getattr(earlier, name) for name in SHAPE} | {"origin": {**earlier.origin, "restored": trace}}


def _first_of(taken: Voi) -> str:
    """The region that was there before any was taken away and brought back; later changes do not hide it."""
    oldest = Voi.versions.filter(lineage=taken.lineage).order_by("recorded_at").first()
    return oldest.origin.get("restored", {}).get("first") or str(taken.lineage)


def family_of(voi: Voi) -> list[uuid.UUID | str]:
    """The region under every name it had: one that was brought back, or accepted again, got a new one."""
    first, scan = _first_of(voi), Voi.versions.filter(scan_id=voi.scan_id)
    came = Q(origin__restored__first=first)
    oldest = scan.filter(lineage=first).order_by("recorded_at").first()
    if oldest is not None and oldest.origin.get("proposal"):
        came |= Q(origin__proposal=oldest.origin["proposal"])
    return [first, *scan.filter(came).values_list("lineage", flat=True)]


def _bring_lesion_back(by, taken: Voi, reason: str) -> None:
    """The lesion that was taken back with this region, under its own name, and what the scan showed of it."""
    lesion = Lesion.versions.get(pk=taken.lesion_id)
    if lesion.superseded_at is None:
        return
    if not by.may(Capability.EDIT_CLINICAL):
        raise Refused("not_permitted")
    went = LesionFinding.versions.filter(pk=F("lineage"), lesion=lesion, scan_id=taken.scan_id)
    for finding in went.filter(superseded_at__range=(taken.superseded_at, lesion.superseded_at)):
        revive(finding, by=by, reason=reason)
    revive(lesion, by=by, reason=reason)
