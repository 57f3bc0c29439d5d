"""The weight in the chart that the weight of a scan is compared with: noted beside the header's values, so that it is
part of what the SUV was computed from. Nothing is calculated with it.
"""

import datetime as dt

from django.db import transaction

from imaging import selectors
from imaging.models import Job, Scan, Series
from imaging.services.requests import request_series
from patients.models import BodyMeasure, Patient
from patients.selectors import counted_rows

PET, NAME = "PT", "chart_weight_kg"
WITHIN_DAYS = 180


@transaction.atomic
def compare_weights(*, patient: Patient) -> list[Job]:
    """Where another weight of the chart is nearest to a scan than when its SUV was computed: that SUV again."""
    attached = list(Series.objects.filter(candidate_patient=patient, identity=Series.Identity.ATTACHED, modality=PET))
    if not attached:
        return []
    days = dict(Scan.objects.filter(pet_series__in=attached).values_list("pet_series", "clinical_date"))
    weights = _weights(patient)
    moved = [s for s in attached if _noted(s) != _nearest(weights, days.get(s.pk) or s.series_date)]
    locked = Series.objects.select_for_update().filter(pk__in=[series.pk for series in moved]).order_by("pk")
    return [request_series(series=series) for series in locked if note_weight(series)]


def note_weight(series: Series, *, is_revised: bool = False) -> bool:
    """Whether another weight than before is noted. Of a series in no chart there is none. Call with the row locked.

    ``is_revised``: its images have just changed, so its results are out of date already.
    """
    if series.modality != PET:
        return False
    patient, scan = selectors.patient_of(series), Scan.objects.filter(pet_series=series).first()
    wanted = _nearest(_weights(patient), (scan and scan.clinical_date) or series.series_date) if patient else None
    if wanted == _noted(series):
        return False
    inputs = {name: item for name, item in (series.header.get("suv") or {}).items() if name != NAME}
    series.header = series.header | {"suv": inputs | ({NAME: wanted} if wanted else {})}
    if not is_revised and series.suv_results.exists():
        series.revision += 1  # going back to an earlier weight is a new computation
    series.save(update_fields=["header", "revision"])
    return True


def _noted(series: Series) -> dict | None:
    return (series.header.get("suv") or {}).get(NAME)


def _weights(patient: Patient) -> list[BodyMeasure]:
    rows = counted_rows(BodyMeasure, patient)
    return [row for row in rows if row.kind == BodyMeasure.Kind.WEIGHT and row.clinical_span]


def _nearest(weights: list[BodyMeasure], day: dt.date | None) -> dict | None:
    """The one recorded last of those equally near; a date known to the month counts by its day furthest away."""
    away = {row: max(abs((day - end).days) for end in row.clinical_span) for row in weights} if day else {}
    near = [row for row, days in away.items() if days <= WITHIN_DAYS]
    row = min(near, key=lambda row: (away[row], -row.recorded_at.timestamp(), str(row.pk)), default=None)
    return {"value": float(row.value), "source": f"chart, {row.when()}"} if row else None
