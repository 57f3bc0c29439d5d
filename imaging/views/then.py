"""The way to a scan as it was known on a day: its page is one of the case, where the whole chart is rewound."""

import uuid
from urllib.parse import urlencode

from django.shortcuts import redirect
from django.urls import reverse

from imaging.models import Scan
from imaging.views.guard import visible_or_404
from patients.domain.known import PARAMETER
from patients.selectors import in_visible_chart


def as_known(request, pk: uuid.UUID):
    """A scan that has left the chart since was known then: it is looked for among the withdrawn ones too."""
    scans = Scan.versions.filter(in_visible_chart(request.user)).select_related("patient")
    scan = visible_or_404(scans, pk)
    query = urlencode({PARAMETER: request.GET[PARAMETER]})
    return redirect(f"{reverse('board:scan_then', args=[scan.patient.case_number, scan.lineage])}?{query}")
