"""Uptake numbers as they stand today. A number computed from other inputs than today's is never returned.

Where a number is missing, its ``state`` says why: ``recomputing``, ``failed``, ``refused`` or ``not_measured``.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Prefetch, Q, prefetch_related_objects

from imaging import digests
from imaging.models import Job, Scan, Series, SuvInput, SuvResult, UptakeMeasurement, Voi

CURRENT, RECOMPUTING, FAILED, REFUSED, NOT_MEASURED = "current", "recomputing", "failed", "refused", "not_measured"


@dataclass(frozen=True)
class CurrentSuv:
    """``result`` only when it was computed from today's inputs (state ``current``, or ``refused`` with its reason)."""

    state: str
    result: SuvResult | None = None
    code: str = ""
    message: str = ""

    @property
    def is_fact(self) -> bool:
        """True when rules may use it: calculated, and no input still waits for a person's confirmation."""
        return self.state == CURRENT and self.result is not None and not self.result.is_provisional


@dataclass(frozen=True)
class CurrentMeasurement:
    voi: Voi
    state: str
    measurement: UptakeMeasurement | None = None
    is_provisional: bool = False


def current_suv(series: Series | None) -> CurrentSuv:
    """The SUV result for today's images, header and corrections, or the state of its computation."""
    if series is None:
        return CurrentSuv(NOT_MEASURED)
    if getattr(series, "known_at", None) is not None:
        return _suv_as_known(series)
    digest = digests.of_series(series)
    for result in series.suv_results.all():
        if result.superseded_at is None and result.input_digest == digest:
            if result.refusal_code:
                return CurrentSuv(REFUSED, result, result.refusal_code, result.refusal_message)
            return CurrentSuv(CURRENT, result)
    return _pending(series, digest)


def _suv_as_known(series: Series) -> CurrentSuv:
    """Of a series fetched for an earlier moment: what was in force then, unless a correction was newer than it."""
    result = max(series.suv_results.all(), key=lambda row: row.computed_at, default=None)
    digest = digests.of_series(series)
    if result is None or (result.input_digest != digest and _is_corrected_since(series, result)):
        return _pending(series, digest)
    if result.refusal_code:
        return CurrentSuv(REFUSED, result, result.refusal_code, result.refusal_message)
    return CurrentSuv(CURRENT, result)


def in_force(known_at: dt.datetime | None) -> Q:
    """Of rows a worker makes and a later one takes out of use: those that count, today or at an earlier moment."""
    if known_at is None:
        return Q(superseded_at__isnull=True)
    return Q(computed_at__lte=known_at) & (Q(superseded_at__isnull=True) | Q(superseded_at__gt=known_at))


def suv_as_known(series: Series, known_at: dt.datetime) -> CurrentSuv:
    """What was in force at an earlier moment. The series at hand is left as it is."""
    then = Series.objects.get(pk=series.pk)
    then.known_at = known_at
    corrected = SuvInput.versions.known_at(known_at).select_related("recorded_by")
    prefetch_related_objects(
        [then],
        Prefetch("suv_results", SuvResult.objects.filter(in_force(known_at))),
        Prefetch("suv_inputs", corrected),
    )
    for row in then.suv_inputs.all():
        row.id, row.superseded_at = row.lineage, None
    return current_suv(then)


def _is_corrected_since(series: Series, result: SuvResult) -> bool:
    """Where the digest differs for another reason, images have come since: of then it was the result in force."""
    return any(row.recorded_at >= result.computed_at for row in digests.corrections(series))


def _pending(series: Series, digest: str) -> CurrentSuv:
    """``series.jobs_at_hand``, where a page has fetched the jobs of many series at once, spares a query for each."""
    jobs = getattr(series, "jobs_at_hand", None)
    if jobs is None:
        jobs = Job.objects.filter(kind=Job.Kind.SERIES, subject_id=series.pk, input_digest=digest)
    failed = next((job for job in jobs if job.input_digest == digest and job.state in Job.WITHOUT_RESULT), None)
    return CurrentSuv(FAILED, None, failed.reason_code, failed.message) if failed else CurrentSuv(RECOMPUTING)


def measurements(scan: Scan, *, known_at: dt.datetime | None = None) -> list[CurrentMeasurement]:
    """One entry per volume of interest of the scan, with its number only where that is up to date."""
    if known_at is not None:
        return _measurements_as_known(scan, known_at)
    return measurements_of([scan])[scan.pk]


def measurements_of(of_scans: Iterable[Scan]) -> dict:
    """``measurements`` for several scans in two queries, keyed by the scan's id."""
    by_scan = {scan.pk: scan for scan in of_scans}
    vois: dict = defaultdict(list)
    now = UptakeMeasurement.objects.filter(superseded_at__isnull=True).select_related("suv_result")
    current = Prefetch("measurements", now)
    for voi in Voi.objects.filter(scan__in=by_scan).select_related("lesion").prefetch_related(current):
        voi.scan = by_scan[voi.scan_id]
        vois[voi.scan_id].append(voi)
    return {pk: measurements_from(scan, vois[pk]) for pk, scan in by_scan.items()}


def measurements_from(scan: Scan, vois: list[Voi]) -> list[CurrentMeasurement]:
    """``measurements`` from rows already fetched: no query unless a number is being computed."""
    found = current_suv(scan.pet_series)
    if found.result is None:
        return [CurrentMeasurement(voi, found.state) for voi in vois]
    if getattr(scan, "known_at", None) is not None:
        return [_in_force(voi, found.result, vois) for voi in vois]
    liver = digests.liver_reference(vois)
    return [_current_measurement(voi, found.result, liver) for voi in vois]


def _in_force(voi: Voi, suv_result: SuvResult, vois: list[Voi]) -> CurrentMeasurement:
    """Of a region fetched for an earlier moment: its number, unless it, or the liver it follows, was placed since."""
    livers = [other for other in vois if other.role == Voi.Role.LIVER] if digests.follows_liver(voi) else []
    placed = max(other.recorded_at for other in (voi, *livers))
    for row in voi.measurements.all():
        if row.suv_result_id == suv_result.pk and row.computed_at >= placed:
            return CurrentMeasurement(voi, REFUSED if row.refusal_code else CURRENT, row, suv_result.is_provisional)
    return CurrentMeasurement(voi, RECOMPUTING)


def _current_measurement(voi: Voi, suv_result: SuvResult, liver: digests.LiverReference) -> CurrentMeasurement:
    digest = digests.of_measurement(voi, suv_result, liver)
    for row in voi.measurements.all():
        if row.superseded_at is None and row.input_digest == digest:
            state = REFUSED if row.refusal_code else CURRENT
            return CurrentMeasurement(voi, state, row, suv_result.is_provisional)
    return CurrentMeasurement(voi, RECOMPUTING)


def _measurements_as_known(scan: Scan, known_at: dt.datetime) -> list[CurrentMeasurement]:
    """Each region as it was placed then, with the number that was in force then."""
    made = UptakeMeasurement.objects.filter(in_force(known_at), voi__scan_id=scan.lineage)
    known = {row.voi_id: row for row in made.select_related("suv_result")}
    regions = Voi.versions.known_at(known_at).filter(scan_id=scan.lineage).select_related("lesion")
    return [_as_known(voi, known.get(voi.lineage)) for voi in regions]


def _as_known(voi: Voi, row: UptakeMeasurement | None) -> CurrentMeasurement:
    """A number made before the region was placed like this is that of an earlier placement."""
    if row is None or row.computed_at < voi.recorded_at:
        return CurrentMeasurement(voi, NOT_MEASURED)
    return CurrentMeasurement(voi, REFUSED if row.refusal_code else CURRENT, row, row.suv_result.is_provisional)


def placed_last(measured: list[CurrentMeasurement], role: str) -> CurrentMeasurement | None:
    """Of several regions of a reference organ the one that counts."""
    own = [item for item in measured if item.voi.role == role]
    return max(own, key=lambda item: (item.voi.recorded_at, str(item.voi.pk)), default=None)
