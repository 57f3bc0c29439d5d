"""Pictures and volumes of a scan, as the worker made them."""

import datetime as dt
import uuid

from django.http import Http404, HttpResponse
from django.views.decorators.http import require_GET

from imaging import access, store
from imaging.models import ImageProduct
from imaging.views.guard import needs, visible_or_404
from patients.domain.known import NothingThen
from patients.domain.roles import Capability
from patients.known_asked import known_or_today

NOT_DRAWN = "On this day this picture had not been drawn yet."
REPLACED = "By this day this picture was out of use: the scan as known on the day shows the one of then."


@needs(Capability.READ_CHART)
@require_GET
def product(request, pk: uuid.UUID):
    """The bytes of one picture; like every page that may show a patient, a browser does not keep them."""
    known = known_or_today(request)
    rows = ImageProduct.objects.select_related("scan").filter(scan__in=access.scans_asked(request.user, known))
    found = visible_or_404(rows, pk)
    if known is not None:
        _require_in_force(found, known.moment)
    try:
        with store.open_stored(found.sha256) as file:
            return HttpResponse(file.read(), content_type=found.content_type)
    except FileNotFoundError:
        raise Http404("Not found.") from None


def _require_in_force(found: ImageProduct, moment: dt.datetime) -> None:
    if found.computed_at > moment:
        raise NothingThen(NOT_DRAWN)
    if found.superseded_at is not None and found.superseded_at <= moment:
        raise NothingThen(REPLACED)
