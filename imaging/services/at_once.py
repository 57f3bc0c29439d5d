"""The numbers of a region at once, for the person who has just marked it. They are not stored: the worker's are."""

from imaging import digests, selectors
from imaging.domain.errors import ImagingRefusal
from imaging.models import Scan, Voi
from imaging.selectors import CURRENT, RECOMPUTING, REFUSED, CurrentMeasurement
from imaging.services.measuring import measure_region, unmeasured
from imaging.services.voxels import open_around


def measure_at_once(scan: Scan, *wanted: Voi) -> list[CurrentMeasurement]:
    """Today's measurements of the scan; those of ``wanted`` are made now where they are not stored yet."""
    pks = {voi.pk for voi in wanted}
    measured = selectors.measurements(scan)
    suv_result = selectors.current_suv(scan.pet_series).result
    if suv_result is None or suv_result.refusal_code:
        return measured
    liver = digests.liver_reference([item.voi for item in measured])
    return [
        _now(item.voi, suv_result, liver) if item.voi.pk in pks and item.state == RECOMPUTING else item
        for item in measured
    ]


def _now(voi: Voi, suv_result, liver: digests.LiverReference) -> CurrentMeasurement:
    digest = digests.of_measurement(voi, suv_result, liver)
    try:
        row = measure_region(open_around(voi), voi, suv_result, digest, liver.voi)
    except ImagingRefusal as refusal:
        row = unmeasured(voi, suv_result, digest, code=refusal.code, text=refusal.message)
    return CurrentMeasurement(voi, REFUSED if row.refusal_code else CURRENT, row, suv_result.is_provisional)
