"""Regions of a scan on the grid of its compact PET volume, voxel by voxel, for a page to draw.

Only what today's numbers and proposals rest on: an outline that is being computed again is not drawn.
"""

import base64
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from imaging import masks
from imaging.domain import compact_mask
from imaging.domain.errors import ImagingRefusal
from imaging.domain.voi import Mask
from imaging.models import Proposal, Scan, Voi
from imaging.selectors import CURRENT, CurrentMeasurement

LESION, REFERENCE, FOCUS, PHYSIOLOGIC, IMPORTED = "lesion", "reference", "focus", "physiologic", "imported"


def regions(scan: Scan, measured: Iterable[CurrentMeasurement], grid: dict[str, Any]) -> list[dict[str, Any]]:
    """``grid``: ``affine`` and ``shape`` of the compact volume. One entry per region; ``why`` it has no bits, if so."""
    proposed = ((row.mask_sha256, _of_proposal(row)) for row in open_proposals(scan))
    return of_measured(measured, grid) + _on_grid(proposed, grid)


def of_measured(measured: Iterable[CurrentMeasurement], grid: dict[str, Any]) -> list[dict[str, Any]]:
    return _on_grid(_drawn(measured), grid)


def _on_grid(drawn: Iterable[tuple[str, dict[str, Any]]], grid: dict[str, Any]) -> list[dict[str, Any]]:
    affine = np.array(grid["affine"], np.float64)
    shape = (grid["shape"][0], grid["shape"][1], grid["shape"][2])
    return [about | _bits(sha256, affine, shape) for sha256, about in drawn]


def open_proposals(scan: Scan) -> list[Proposal]:
    """Foci of the current look and contours of other workstations that nobody decided about yet."""
    waiting = scan.proposals.filter(state=Proposal.State.OPEN).exclude(kind=Proposal.Kind.REFERENCE)
    waiting = waiting.exclude(mask_sha256="").select_related("lesion", "run")
    return [row for row in waiting if row.run is None or row.run.superseded_at is None]


def kind_of(proposal: Proposal) -> str:
    if proposal.kind == Proposal.Kind.IMPORTED:
        return IMPORTED
    return PHYSIOLOGIC if proposal.is_physiologic else FOCUS


def _drawn(measured: Iterable[CurrentMeasurement]) -> Iterator[tuple[str, dict[str, Any]]]:
    for item in measured:
        if item.state == CURRENT and item.measurement.mask_sha256:
            yield item.measurement.mask_sha256, _of_voi(item)


def _of_voi(item: CurrentMeasurement) -> dict[str, Any]:
    voi = item.voi
    is_lesion = voi.role == Voi.Role.LESION
    return {
        "id": str(voi.pk),
        "kind": LESION if is_lesion else REFERENCE,
        "label": voi.lesion.label if is_lesion else voi.get_role_display(),
        "lesion": str(voi.lesion_id) if is_lesion else "",
        "point": item.measurement.hottest_voxel["lps_mm"],
    }


def _of_proposal(row: Proposal) -> dict[str, Any]:
    return {
        "id": str(row.pk),
        "kind": kind_of(row),
        "label": row.label or f"segment {row.number}",
        "lesion": str(row.lesion_id or ""),
        "point": row.centre_lps_mm,
    }


def _bits(sha256: str, affine, shape: tuple[int, int, int]) -> dict[str, Any]:
    try:
        stored = masks.load(sha256)
        return packed(compact_mask.onto(stored.mask, stored.affine, affine, shape))
    except ImagingRefusal as refusal:
        return {"start": [0, 0, 0], "shape": [0, 0, 0], "bits": "", "why": refusal.message}


def packed(mask: Mask) -> dict[str, Any]:
    """Voxels [z, y, x] of a box, eight to a byte, the first one in the highest bit."""
    bits = base64.b64encode(np.packbits(mask.voxels).tobytes()).decode()
    return {"start": list(mask.bounds.start), "shape": list(mask.bounds.shape), "bits": bits, "why": ""}
