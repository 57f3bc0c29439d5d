"""After an update: what an earlier version computed in another way is asked for again, without anybody's doing.

Results carry the version of their method in the digest of their inputs. Where that has moved, none of them is shown as
current, and nobody would ask: work is asked for where an input changes.
"""

from django.core.cache import cache

from imaging import digests, selectors
from imaging.models import Job, Scan, Series
from imaging.services.requests import (
    request_look,
    request_measurements,
    request_series,
    request_stale_contours,
)

PET = "PT"
BATCH = 200


def catch_up_once() -> list[Job]:
    """Once for each set of methods; twice does no harm."""
    key = f"caught-up:{digests.METHODS}"
    if cache.get(key):
        return []
    found = catch_up()
    cache.set(key, True, timeout=None)
    return found


def catch_up() -> list[Job]:
    """The SUV of every series that is neither current nor being computed; where it is, what rests on it; outlines."""
    rows = Series.objects.filter(modality=PET).exclude(identity=Series.Identity.REJECTED)
    fetched = rows.prefetch_related("suv_inputs", "suv_results").order_by("pk").iterator(BATCH)
    stale = [series for series in fetched if selectors.current_suv(series).state == selectors.RECOMPUTING]
    return [*(request_series(series=series) for series in stale), *_resting_on_suv(), *request_stale_contours()]


def _resting_on_suv() -> list[Job]:
    """Measurements, proposals and pictures; those of a series that is computed again follow it by themselves."""
    found = []
    for pk in list(Scan.objects.filter(pet_series__isnull=False).values_list("pk", flat=True)):
        scan = Scan.objects.select_related("pet_series").get(pk=pk)
        if selectors.current_suv(scan.pet_series).result is None:
            continue
        if any(item.state == selectors.RECOMPUTING for item in selectors.measurements(scan)):
            found.append(request_measurements(scan=scan))
        found += request_look(scan=scan)
    return found
