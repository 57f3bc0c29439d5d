"""The report of one reading, as text to copy and as PDF. A draft says on every page that it is one."""

import uuid

from django.http import HttpResponse
from django.views.decorators.http import require_GET

from imaging import access
from imaging.models import Reading
from imaging.report import build
from imaging.report_text import as_text
from imaging.views.guard import needs, visible_or_404
from patients.domain.roles import Capability


@needs(Capability.READ_CHART)
@require_GET
def text(request, pk: uuid.UUID):
    return HttpResponse(as_text(build(_reading(request, pk))), content_type="text/plain; charset=utf-8")


@needs(Capability.READ_CHART)
@require_GET
def pdf(request, pk: uuid.UUID):
    from imaging.report_pdf import as_pdf  # a second to import, and most pages never need it

    reading = _reading(request, pk)
    name = f"reading-{reading.pk}-v{reading.version}.pdf"
    headers = {"Content-Disposition": f'inline; filename="{name}"'}
    return HttpResponse(as_pdf(build(reading)), content_type="application/pdf", headers=headers)


def _reading(request, pk: uuid.UUID) -> Reading:
    rows = Reading.objects.filter(scan__in=access.visible_scans(request.user))
    rows = rows.select_related("scan__patient", "scan__pet_series", "reader", "amends", "paired_scan")
    return visible_or_404(rows, pk)
