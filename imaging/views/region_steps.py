"""Taking one step on a region and answering: the page again for a form, JSON for a viewer. Refusals have a sentence."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponseRedirect, JsonResponse
from django.urls import reverse

from imaging import region_rows, viewer_regions
from imaging.domain.errors import ImagingRefusal
from imaging.models import Job, Scan, Voi
from imaging.refused import Refused, sentence
from imaging.services import measure_at_once
from imaging.tasks import ring
from imaging.views.answers import refused, said_by, wants_json
from imaging.views.viewer_data import grid_of
from patients.services import Conflict

CHANGED, INVALID = "region_changed", "input_invalid"


@dataclass(frozen=True)
class Taken:
    """``other``: the second region of a split; ``absorbed``: the one that a merge took away."""

    voi: Voi
    job: Job
    other: Voi | None = None
    absorbed: Voi | None = None
    is_gone: bool = False
    is_lesion_gone: bool = False


def take(request, scan: Scan, form, step: Callable[[], Taken], *, before: Voi | None = None):
    """Take the step wholly or not at all, ring for what follows, and answer in the way that was asked for.

    ``before``: the region as it was; a viewer needs its version to undo the step.
    """
    version = before and before.recorded_at
    if not form.is_valid():
        return _refused(request, scan, 422, INVALID, said_by(form))
    try:
        with transaction.atomic():
            taken = step()
            ring([taken.job.pk])
    except Conflict as conflict:
        return _refused(request, scan, 409, CHANGED, [str(conflict)])
    except (Refused, ImagingRefusal) as refusal:
        return _refused(request, scan, 422, refusal.code, [refusal.message])
    return JsonResponse(said_of(request, scan, taken, version)) if wants_json(request) else _back(scan)


def require_seen(voi: Voi, seen_at: dt.datetime) -> dt.datetime:
    """Nobody changes a region they have not seen as it is now; the services check it again when they write."""
    if voi.recorded_at != seen_at:
        raise Conflict(sentence(CHANGED))
    return seen_at


def require_other_seen(other: Voi, seen_at: dt.datetime) -> None:
    """Of several regions offered on one page ``seen_at`` is the newest; whatever came later was on no page."""
    if other.recorded_at > seen_at:
        raise Conflict(sentence(CHANGED))


def said_of(request, scan: Scan, taken: Taken, before: dt.datetime | None) -> dict:
    """What a viewer shows at once: numbers of this very version, and its voxels."""
    said = {"ok": True, "voi": str(taken.voi.pk), "before": before and before.isoformat()}
    if taken.is_gone:
        return {**said, "state": "withdrawn", "is_lesion_gone": taken.is_lesion_gone}
    said["restored"] = taken.voi.origin.get("restored", {}).get("recorded_at")
    mine = [voi for voi in (taken.voi, taken.other) if voi is not None]
    measured = measure_at_once(scan, *mine)
    drawn = _drawn(scan, measured, {str(voi.pk) for voi in mine})
    rows = region_rows.rows(scan, request.user, measured)
    found = {row["voi"]: row | {"outline": drawn.get(row["voi"])} for row in rows}
    said |= found.get(said["voi"], {"state": region_rows.OUTDATED})
    if taken.other is not None:
        said["other"] = found.get(str(taken.other.pk))
    if taken.absorbed is not None:
        said["absorbed"] = {"voi": str(taken.absorbed.pk), "before": taken.absorbed.recorded_at.isoformat()}
    return said


def _drawn(scan: Scan, measured: list, wanted: set[str]) -> dict[str, dict]:
    grid = grid_of(scan)
    shown = [item for item in measured if str(item.voi.pk) in wanted]
    return {row["id"]: row for row in viewer_regions.of_measured(shown, grid)} if grid else {}


def _refused(request, scan: Scan, status: int, code: str, sentences: list[str]):
    if wants_json(request):
        return refused(status, code, " ".join(sentences))
    for words in sentences:
        messages.error(request, words)
    return _back(scan)


def _back(scan: Scan):
    return HttpResponseRedirect(f"{reverse('imaging:scan', args=[scan.pk])}#regions")
