"""Regions of a scan: listed, marked, changed, taken away, brought back. The same addresses for forms and for a viewer.

A viewer asks for JSON and gets the numbers of what it marked at once; a form comes back to the page.
"""

import uuid

from django.db.models import F
from django.http import JsonResponse
from django.views.decorators.http import require_GET, require_POST

from imaging import access, region_rows, selectors
from imaging.models import Scan, Voi
from imaging.region_forms import SECOND_POINT, OutlineForm, RegionForm, RestoreForm, WithdrawForm
from imaging.services import (
    came_with_reading,
    lesion_to_mark,
    move_voi,
    outlines,
    place_voi,
    remove_voi,
    restore,
    withdraw_if_bare,
)
from imaging.views.guard import needs, visible_or_404
from imaging.views.region_steps import Taken, require_other_seen, require_seen, take
from patients.domain.roles import Capability


@needs(Capability.READ_CHART)
@require_GET
def listed(request, pk: uuid.UUID):
    scan = _scan(request, pk)
    measured = selectors.measurements(scan)
    rows = region_rows.rows(scan, request.user, measured)
    return JsonResponse({"scan": str(scan.pk), "digest": region_rows.digest_of(scan, measured), "regions": rows})


@needs(Capability.MEASURE)
@require_POST
def mark(request, pk: uuid.UUID):
    scan = _scan(request, pk)
    form = RegionForm(request.POST, scan=scan)
    return take(request, scan, form, lambda: _marked(request.user, scan, form))


@needs(Capability.MEASURE)
@require_POST
def outline(request, pk: uuid.UUID):
    voi = _region(request, pk)
    form = OutlineForm(request.POST, voi=voi)
    return take(request, voi.scan, form, lambda: _changed(request.user, voi, form), before=voi)


@needs(Capability.MEASURE)
@require_POST
def take_away(request, pk: uuid.UUID):
    voi = _region(request, pk)
    form = WithdrawForm(request.POST)

    def step() -> Taken:
        seen_at, reason = _seen(request.user, voi, form, region_rows.TAKEN_AWAY)
        job = remove_voi(by=request.user, voi=voi, reason=reason, expected_recorded_at=seen_at)
        about = {"by": request.user, "scan": voi.scan, "lesion": voi.lesion}
        is_asked = form.cleaned_data["with_lesion"] and voi.lesion is not None and came_with_reading(**about)
        return Taken(voi, job, is_gone=True, is_lesion_gone=is_asked and withdraw_if_bare(**about, reason=reason))

    return take(request, voi.scan, form, step, before=voi)


@needs(Capability.MEASURE)
@require_POST
def bring_back(request, pk: uuid.UUID):
    voi = _region(request, pk)
    form = RestoreForm(request.POST)

    def step() -> Taken:
        seen_at, reason = _seen(request.user, voi, form, region_rows.BROUGHT_BACK)
        wanted = {name: form.cleaned_data[name] for name in ("version", "with_lesion")}
        return Taken(*restore(by=request.user, voi=voi, reason=reason, expected_recorded_at=seen_at, **wanted))

    return take(request, voi.scan, form, step, before=voi)


def _marked(user, scan: Scan, form: RegionForm) -> Taken:
    wanted, point = form.cleaned_data, form.point()
    if wanted["role"] != Voi.Role.LESION:
        sphere = {"method": Voi.Method.SPHERE, "centre_lps": point, "radius_mm": wanted["radius"]}
        return Taken(*place_voi(by=user, scan=scan, role=wanted["role"], **sphere))
    lesion = lesion_to_mark(by=user, scan=scan, **form.service_values())
    if wanted["how"] == RegionForm.SPHERE:
        sphere = {"method": Voi.Method.SPHERE, "centre_lps": point, "radius_mm": wanted["radius"]}
        return Taken(*place_voi(by=user, scan=scan, role=Voi.Role.LESION, lesion=lesion, **sphere))
    about = {"by": user, "scan": scan, "lesion": lesion, "rule": wanted["rule"], "parameter": wanted["parameter"]}
    if wanted["how"] == RegionForm.BOX:
        return Taken(*outlines.threshold_box(low_lps=point, high_lps=form.point(SECOND_POINT), **about))
    return Taken(*outlines.grow(seed_lps=point, reach_mm=wanted["reach"] or outlines.SHORTEST_REACH_MM, **about))


def _changed(user, voi: Voi, form: OutlineForm) -> Taken:
    wanted = form.cleaned_data
    _, reason = _seen(user, voi, form, region_rows.ADJUSTED)
    if wanted["other"] is not None:
        require_other_seen(wanted["other"], wanted["other_recorded_at"])
    about, step = {"by": user, "voi": voi, "reason": reason}, wanted["step"]
    number = None if wanted["number"] is None else float(wanted["number"])
    if step == OutlineForm.WIDEN:
        return Taken(*outlines.widen(by_mm=number, **about))
    if step == OutlineForm.SUBTRACT:
        return Taken(*outlines.subtract(other=wanted["other"], **about))
    if step == OutlineForm.MERGE:
        return Taken(*outlines.merge(other=wanted["other"], **about), absorbed=wanted["other"])
    if step == OutlineForm.SPLIT:
        return _split(form, **about)
    if step == OutlineForm.MOVE:
        return _moved(form, **about)
    return Taken(*outlines.regrow(rule=wanted["rule"], parameter=number, **about))


def _split(form: OutlineForm, *, by, voi: Voi, reason: str) -> Taken:
    lesion = lesion_to_mark(by=by, scan=voi.scan, part_of=voi.lesion, **form.service_values())
    points = {"first_lps": form.point(), "second_lps": form.point(SECOND_POINT)}
    kept, other, job = outlines.split(by=by, voi=voi, other_lesion=lesion, reason=reason, **points)
    return Taken(kept, job, other)


def _moved(form: OutlineForm, *, by, voi: Voi, reason: str) -> Taken:
    place = {"centre_lps": form.point(), "radius_mm": form.cleaned_data["radius"]}
    return Taken(*move_voi(by=by, voi=voi, reason=reason, expected_recorded_at=voi.recorded_at, **place))


def _seen(user, voi: Voi, form, usual: str):
    """The version the person saw, which must still be the present one, and the reason, typed or usual."""
    seen_at = require_seen(voi, form.cleaned_data["recorded_at"])
    signed_at = region_rows.last_signed_at(voi.scan)
    return seen_at, form.cleaned_data["reason"] or region_rows.usual_reason(user, voi, signed_at, usual)


def _scan(request, pk: uuid.UUID) -> Scan:
    """With all that its SUV is known by: a step asks for that many times."""
    mine = access.visible_scans(request.user).select_related("patient", "pet_series")
    return visible_or_404(mine.prefetch_related("pet_series__suv_inputs", "pet_series__suv_results"), pk)


def _region(request, pk: uuid.UUID) -> Voi:
    """Also one that was taken away: it can be brought back, and every other step says that it is gone."""
    voi = visible_or_404(Voi.versions.filter(pk=F("lineage")).select_related("lesion"), pk)
    voi.scan = _scan(request, voi.scan_id)
    return voi
