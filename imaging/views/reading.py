"""The reading workspace: a scan beside an earlier one of the same patient, and the data its scripts draw.

The page brings the data along, so that volumes are asked for at once; the address of its own is for what changes later.
"""

import uuid

from django.http import Http404, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from imaging import access, viewer
from imaging.models import Scan
from imaging.views import viewer_data, viewer_rows
from imaging.views.grading import grading_context
from imaging.views.guard import needs, visible_or_404
from imaging.views.then import as_known
from patients.domain.known import PARAMETER
from patients.domain.roles import Capability

ALONE = "none"


@needs(Capability.READ_CHART)
@require_GET
def read(request, pk: uuid.UUID):
    if PARAMETER in request.GET:
        return as_known(request, pk)
    scan, old = _pair(request, pk)
    sides = [viewer.side(one) for one in (old, scan) if one is not None]
    found = grading_context(scan, request.user)
    context = viewer_rows.context(scan, old, sides, request.user, found["grading"]) | found
    context["viewer_data"] = viewer_data.pair(scan, old, sides)
    return render(request, "imaging/read.html", context)


@needs(Capability.READ_CHART)
@require_GET
def data(request, pk: uuid.UUID):
    scan, old = _pair(request, pk)
    sides = [viewer.side(one) for one in (old, scan) if one is not None]
    return JsonResponse(viewer_data.pair(scan, old, sides))


@needs(Capability.READ_CHART)
@require_GET
def lists(request, pk: uuid.UUID):
    """The lesions, foci and computed scores of the page as they are now, for the page to take over."""
    scan, old = _pair(request, pk)
    sides = [viewer.side(one) for one in (old, scan) if one is not None]
    found = grading_context(scan, request.user)
    context = viewer_rows.lists(scan, old, sides, request.user, found["grading"]) | found
    return render(request, "imaging/_read_lists.html", context)


def _pair(request, pk: uuid.UUID) -> tuple[Scan, Scan | None]:
    """The scan and the one it is read against: ``?with=`` an earlier scan of the same patient, or ``none``."""
    rows = access.visible_scans(request.user).select_related("patient", "pet_series", "ct_series")
    scan = visible_or_404(rows, pk)
    wanted = request.GET.get("with", "")
    if wanted == ALONE:
        return scan, None
    if not wanted:
        return scan, viewer.default_earlier(scan)
    earlier = {str(other.pk): other for other in viewer.earlier_scans(scan)}
    if wanted not in earlier:
        raise Http404("Not found.")
    return scan, earlier[wanted]
