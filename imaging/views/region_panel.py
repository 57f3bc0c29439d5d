"""What a reader can do with the regions of a scan, for the forms of its page. Nothing for those who may not measure."""

from imaging import region_rows
from imaging.models import Lesion, Scan, Voi
from imaging.region_forms import RULE_CHOICES
from imaging.selectors import CurrentMeasurement
from imaging.views.voi_rows import contour, where
from patients.domain.roles import Capability

MOST_VERSIONS = 50


def panel(scan: Scan, user, measured: list[CurrentMeasurement], chosen: str) -> dict | None:
    """``chosen``: the region whose forms are shown. Those of all at once would grow with the square of their number."""
    if not user.may(Capability.MEASURE) or scan.pet_series_id is None:
        return None
    past = list(Voi.versions.filter(scan=scan, superseded_at__isnull=False).select_related("lesion", "recorded_by"))
    present = sorted((item.voi for item in measured), key=lambda voi: (Voi.Role.values.index(voi.role), where(voi)))
    return {
        "rules": RULE_CHOICES,
        "references": [choice for choice in Voi.Role.choices if choice[0] != Voi.Role.LESION],
        "lesions": list(scan.patient.lesion_rows.order_by("label")),
        "kinds": Lesion.Kind.choices,
        "present": [{"voi": voi, "where": where(voi)} for voi in present],
        "newest": max((voi.recorded_at.isoformat() for voi in present), default=""),
        "chosen": next((_chosen(voi, user, scan, past) for voi in present if str(voi.pk) == chosen), None),
        "taken": [_version(voi) for voi in _taken(past, present)],
    }


def _chosen(voi: Voi, user, scan: Scan, past: list[Voi]) -> dict:
    signed_at = region_rows.last_signed_at(scan)
    usual = {
        "reason": region_rows.ADJUSTED,
        "reason_away": region_rows.TAKEN_AWAY,
        "reason_back": region_rows.BROUGHT_BACK,
    }
    reasons = {name: region_rows.usual_reason(user, voi, signed_at, words) for name, words in usual.items()}
    mine = sorted((old for old in past if old.lineage == voi.pk), key=lambda old: old.recorded_at, reverse=True)
    earlier = [_version(old) for old in mine[:MOST_VERSIONS]]
    return {**_version(voi), **reasons, "may_move": voi.method != Voi.Method.MASK, "earlier": earlier}


def _version(voi: Voi) -> dict:
    who = voi.recorded_by.get_username() if voi.recorded_by else "system"
    place = ", ".join(f"{n:.1f}" for n in (voi.centre_x_mm, voi.centre_y_mm, voi.centre_z_mm))
    return {
        "voi": voi,
        "where": where(voi),
        "version": voi.recorded_at.isoformat(),
        "words": f"{contour(voi)} at {place} mm, by {who}, {voi.recorded_at:%-d %b %Y, %H:%M:%S}",
    }


def _taken(past: list[Voi], present: list[Voi]) -> list[Voi]:
    """Regions that were taken away and not brought back since, newest first."""
    traces = ((voi.lineage, (voi.origin or {}).get("restored", {}).get("voi")) for voi in (*past, *present))
    back = {came_from for lineage, came_from in traces if came_from != str(lineage)}
    gone = [voi for voi in past if voi.pk == voi.lineage and str(voi.pk) not in back]
    return sorted(gone, key=lambda voi: voi.superseded_at, reverse=True)[:MOST_VERSIONS]
