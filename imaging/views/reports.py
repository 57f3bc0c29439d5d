"""The report of one reading, as text to copy and as PDF. A draft says on every page that it is one."""

import uuid

from django.http import HttpResponse
from django.views.decorators.http import require_GET

from imaging import access
from imaging.models import Reading
from imaging.report import build
from imaging.report_text import as_text
from imaging.views.guard import needs, visible_or_404
from patients.domain.known import NothingThen
from patients.domain.roles import Capability
from patients.known_asked import known_or_today

NOT_SIGNED = "On this day this reading was not signed: there was no report of it yet."


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
    known = known_or_today(request)
    rows = Reading.objects.filter(scan__in=access.scans_asked(request.user, known))
    rows = rows.select_related("scan__patient", "scan__pet_series", "reader", "amends", "paired_scan")
    found = visible_or_404(rows, pk)
    if known is not None and (found.signed_at is None or found.signed_at > known.moment):
        raise NothingThen(NOT_SIGNED)
    return found
