"""The way to a scan as it was known on a day: its page is one of the case, where the whole chart is rewound."""

import uuid
from urllib.parse import urlencode

from django.db.models import Q
from django.shortcuts import redirect
from django.urls import reverse

from imaging.models import Scan, Series
from imaging.views.guard import visible_or_404
from patients.domain.known import PARAMETER, NothingThen
from patients.known_asked import known_in
from patients.selectors import in_visible_chart

NO_SCAN = "On this day this series belonged to no scan of a case: nothing of it was known there yet."


def as_known(request, pk: uuid.UUID):
    """A scan that has left the chart since was known then: it is looked for among the withdrawn ones too."""
    scans = Scan.versions.filter(in_visible_chart(request.user)).select_related("patient")
    return _to(visible_or_404(scans, pk), request)


def series_as_known(request, series: Series):
    """A series has no page of an earlier day: what was known of it stands on the page of its scan."""
    then = Scan.versions.known_at(known_in(request).moment).filter(in_visible_chart(request.user))
    scan = then.filter(Q(pet_series=series) | Q(ct_series=series)).select_related("patient").first()
    if scan is None:
        raise NothingThen(NO_SCAN)
    return _to(scan, request)


def _to(scan: Scan, request):
    query = urlencode({PARAMETER: request.GET[PARAMETER]})
    return redirect(f"{reverse('board:scan_then', args=[scan.patient.case_number, scan.lineage])}?{query}")
