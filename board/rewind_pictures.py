"""Pictures of a scan as they were in use at an earlier moment; a scan without one says why."""

from collections.abc import Iterable
from typing import Any

from django.urls import reverse

from board.chart import Chart, ScanView
from imaging.models import ImageProduct
from imaging.selectors import in_force
from imaging.views.picture_rows import slices_by_lesion
from imaging.views.series_page import mip


def pictures_then(chart: Chart, view: ScanView) -> dict[str, Any]:
    known = ImageProduct.objects.filter(in_force(chart.case.known_at), scan=view.scan.lineage)
    products = list(known) if view.suv.result else []
    still = next((row for row in products if row.kind == ImageProduct.Kind.MIP_STILL), None)
    return {"mip": _front_view(view, still), "pictures": {"key_slices": _key_slices(chart, products)}}


def _front_view(view: ScanView, still: ImageProduct | None) -> dict[str, Any]:
    if still is None:
        return mip(view.scan.pet_series, view.suv.result)
    return {
        "url": reverse("imaging:product", args=[still.pk]),
        "width": still.meta["width"],
        "height": still.meta["height"],
        "suv_max": int(still.meta["window_suv"][1]),
    }


def _key_slices(chart: Chart, products: Iterable[ImageProduct]) -> list[dict]:
    """Under the names the lesions had then."""
    lesions = {lesion.lineage: lesion for lesion in chart.lesions}
    drawn = [row for row in products if row.kind == ImageProduct.Kind.KEY_SLICE and row.lesion_id in lesions]
    for row in drawn:
        row.lesion = lesions[row.lesion_id]
    return slices_by_lesion(drawn)
