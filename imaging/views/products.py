"""Pictures and volumes of a scan, as the worker made them."""

import uuid

from django.http import Http404, HttpResponse
from django.views.decorators.http import require_GET

from imaging import access, store
from imaging.models import ImageProduct
from imaging.views.guard import needs, visible_or_404
from patients.domain.roles import Capability


@needs(Capability.READ_CHART)
@require_GET
def product(request, pk: uuid.UUID):
    """The bytes of one picture; like every page that may show a patient, a browser does not keep them."""
    found = visible_or_404(
        ImageProduct.objects.select_related("scan").filter(scan__in=access.visible_scans(request.user)), pk
    )
    try:
        with store.open_stored(found.sha256) as file:
            return HttpResponse(file.read(), content_type=found.content_type)
    except FileNotFoundError:
        raise Http404("Not found.") from None
