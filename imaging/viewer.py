"""What the reading workspace shows of a scan and of the scan it is read against: which volumes, where, how linked.

Places are LPS mm. Nothing here is a number of its own: volumes, outlines and points are those that workers stored.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from imaging import digests, selectors
from imaging.domain.field_of_view import FieldOfView, one_size
from imaging.domain.vocabulary import SUV_UNITS
from imaging.models import ImageProduct, Lesion, LesionMatch, Scan, Voi
from imaging.selectors import CURRENT, CurrentMeasurement, CurrentSuv

Kind = ImageProduct.Kind
UNIT_WORDS = {SUV_UNITS["bw"]: "SUVbw g/mL"}
NO_PICTURES = {
    selectors.RECOMPUTING: "The SUV is being computed; the volumes follow.",
    selectors.NOT_MEASURED: "This scan has no PET images.",
    selectors.CURRENT: "The volumes of this scan are not made yet.",
}
SHIFT = "No registration of these two scans: both move by the same mm, from the top of each field of view."


@dataclass
class Side:
    """One of the two scans. ``products`` by name; empty, with ``why``, where today's SUV allows no picture."""

    scan: Scan
    suv: CurrentSuv
    measured: list[CurrentMeasurement]
    products: dict[str, ImageProduct]
    why: str

    @property
    def field_of_view(self) -> FieldOfView | None:
        sprite = self.products.get(Kind.MIP_SPRITE)
        if sprite is None:
            return None
        return FieldOfView(**sprite.meta["mip"]["field_of_view"])


def side(scan: Scan) -> Side:
    suv = selectors.current_suv(scan.pet_series)
    products = _products(scan) if suv.state == CURRENT else {}
    why = "" if products else (suv.message or NO_PICTURES.get(suv.state, NO_PICTURES[CURRENT]))
    return Side(scan, suv, selectors.measurements(scan), products, why)


def _products(scan: Scan) -> dict[str, ImageProduct]:
    """Volumes by their name, the other pictures of the whole scan by their kind."""
    rows = scan.products.filter(superseded_at=None, lesion=None)
    return {row.name if row.kind == Kind.PET_VOLUME else row.kind: row for row in rows}


def earlier_scans(scan: Scan) -> list[Scan]:
    """What the scan may be read against, the newest first; scans without a date come last."""
    others = Scan.objects.filter(patient_id=scan.patient_id).exclude(pk=scan.pk)
    if scan.clinical_date is not None:
        others = others.exclude(clinical_date__gt=scan.clinical_date)
    found = others.select_related("patient", "pet_series", "ct_series")
    return sorted(found, key=lambda s: (s.clinical_date is not None, str(s.clinical_date), s.recorded_at), reverse=True)


def default_earlier(scan: Scan) -> Scan | None:
    return digests.previous_scan(scan)


def common_size(sides: list[Side]) -> dict[Any, FieldOfView]:
    """By scan: its own middle and top, all as large as the largest, so that both have one scale."""
    having = [one for one in sides if one.field_of_view is not None]
    if not having:
        return {}
    views = one_size([one.field_of_view for one in having if one.field_of_view])
    return {one.scan.pk: view for one, view in zip(having, views, strict=True)}


def link(new: Scan, old: Scan | None) -> dict[str, Any]:
    """How a place of the earlier scan is found on the new one: LPS matrix where one is stored, else equal shifts."""
    run = new.proposal_runs.filter(superseded_at=None).first()
    laid_over = (run.registration or {}) if run else {}
    is_of_pair = old is not None and run is not None and run.matches.filter(previous_scan=old).exists()
    if not is_of_pair or not laid_over.get("matrix"):
        return {"matrix": None, "sentence": SHIFT}
    return {"matrix": laid_over["matrix"], "sentence": laid_over["sentence"]}


def lesion_points(lesions: list[Lesion], sides: list[Side], matrix: list | None) -> dict:
    """By lesion and scan: ``lps`` and ``how`` it is known; ``registered`` is a place to look at, not a finding."""
    found: dict = {lesion.pk: {} for lesion in lesions}
    for one in sides:
        for pk, place in _points(one).items():
            if pk in found:
                found[pk][one.scan.pk] = place
    if matrix and len(sides) == 2:
        _fill_gaps(found, sides[0].scan.pk, sides[1].scan.pk, np.array(matrix, np.float64))
    return found


def _points(one: Side) -> dict:
    """Least certain first, so that what is surer replaces it."""
    matches = LesionMatch.objects.filter(
        scan=one.scan, run__superseded_at=None, lesion__isnull=False, proposal__isnull=False
    ).select_related("proposal")
    found = {row.lesion_id: _place(row.proposal.centre_lps_mm, "proposed") for row in matches}
    vois = [item.voi for item in one.measured if item.voi.role == Voi.Role.LESION]
    found |= {
        voi.lesion_id: _place([float(voi.centre_x_mm), float(voi.centre_y_mm), float(voi.centre_z_mm)], "marked")
        for voi in vois
    }
    hottest: dict = {}
    for item in one.measured:
        if item.voi.role == Voi.Role.LESION and item.state == CURRENT:
            best = hottest.get(item.voi.lesion_id)
            if best is None or item.measurement.suv_max > best.suv_max:
                hottest[item.voi.lesion_id] = item.measurement
    return found | {pk: _place(row.hottest_voxel["lps_mm"], "measured") for pk, row in hottest.items()}


def _place(lps: list, how: str) -> dict[str, Any]:
    return {"lps": [float(v) for v in lps], "how": how}


def _fill_gaps(found: dict, old, new, matrix) -> None:
    back = np.linalg.inv(matrix)
    for places in found.values():
        if old in places and new not in places:
            places[new] = _place(_moved(matrix, places[old]["lps"]), "registered")
        elif new in places and old not in places:
            places[old] = _place(_moved(back, places[new]["lps"]), "registered")


def _moved(matrix, lps: list[float]) -> list[float]:
    return [round(float(v), 3) for v in (matrix @ np.array([*lps, 1.0]))[:3]]
