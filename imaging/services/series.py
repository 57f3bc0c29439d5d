"""The series job: the volume, its SUV, and every measurement that rests on it, stored together or not at all."""

import threading
import uuid
from dataclasses import asdict, dataclass

from django.utils import timezone

from imaging import digests, jobs, store, volumes
from imaging.domain.activity import Notes, uptake_if_known
from imaging.domain.errors import ImagingRefusal, SuvUnavailable
from imaging.domain.plausible import judge_values
from imaging.domain.suv import SuvFactors, suv_factors
from imaging.domain.suv_inputs import SuvKind
from imaging.domain.vocabulary import SUV_UNITS
from imaging.domain.volume import Volume
from imaging.models import Job, Scan, Series, SuvResult, UptakeMeasurement
from imaging.services import measuring
from imaging.services.requests import request_contours_on, request_look

PET = "PT"
_memory = threading.local()


@dataclass
class _Computed:
    """What the job found, not yet stored."""

    volume_sha256: str
    refusal: ImagingRefusal | None
    suv_result: SuvResult | None
    measured: list[UptakeMeasurement]


def run_series(job: Job, lease: jobs.Lease) -> list[uuid.UUID]:
    """Compute for the inputs of this job; if they changed since it was asked for, a newer job has the word."""
    series = Series.objects.get(pk=job.subject_id)
    if digests.of_series(series) != job.input_digest:
        with lease.effect():
            lease.finish()
        return []
    computed = _compute(series, job.input_digest, lease)
    with lease.effect():
        current = measuring.lock(series)
        if digests.of_series(current) == job.input_digest:
            _store(current, computed)
        lease.finish()
        return _followers(series)


def _followers(series: Series) -> list[uuid.UUID]:
    """Regions placed meanwhile, proposals and pictures of its scan, outlines drawn on these images."""
    jobs_ = []
    for scan in _scans(series):
        jobs_ += measuring.follow_up(scan)
        jobs_ += [job.pk for job in (*request_look(scan=scan), *request_contours_on(scan=scan))]
    for scan in Scan.objects.filter(ct_series=series):
        jobs_ += [job.pk for job in request_look(scan=scan)]
    return jobs_


def _compute(series: Series, digest: str, lease: jobs.Lease) -> _Computed:
    lease.progress("reading images")
    values, refusal = _load(series)
    lease.progress("packing the volume")
    volume_sha256 = series.volume_sha256
    if values is not None and not volume_sha256:
        volume_sha256 = store.put_bytes(volumes.pack(values)).sha256
    if series.modality != PET:
        return _Computed(volume_sha256, refusal, None, [])
    lease.progress("calculating SUV")
    suv_result, volume = _suv(series, digest, values)
    lease.progress("measuring regions")
    measured = [
        row
        for scan in _scans(series)
        for row in measuring.measure_scan(scan, series, suv_result, volume=volume or refusal)
    ]
    return _Computed(volume_sha256, refusal, suv_result, measured)


def _store(series: Series, computed: _Computed) -> None:
    series.volume_sha256 = computed.volume_sha256
    fields = ["volume_sha256"]
    if computed.refusal is not None:
        series.refusal_code, series.refusal_message = computed.refusal.code, computed.refusal.message[:300]
        fields += ["refusal_code", "refusal_message"]
    series.save(update_fields=fields)
    result = computed.suv_result
    if result is None or SuvResult.objects.filter(series=series, input_digest=result.input_digest).exists():
        return
    result.computed_at = timezone.now()
    SuvResult.objects.filter(series=series, superseded_at__isnull=True).update(superseded_at=result.computed_at)
    result.save(force_insert=True)
    for scan in _scans(series):
        measuring.retire(scan, result)
    measuring.store(computed.measured, result)
    for scan in _scans(series):
        measuring.announce(scan, result)


def _scans(series: Series):
    return Scan.objects.filter(pet_series=series)


def _load(series: Series) -> tuple[volumes.StoredValues | None, ImagingRefusal | None]:
    if not hasattr(_memory, "buffer"):
        _memory.buffer = volumes.ReusableBuffer()
    try:
        return volumes.load_stored(series, _memory.buffer), None
    except ImagingRefusal as refusal:
        return None, refusal


def _suv(series: Series, digest: str, values: volumes.StoredValues | None) -> tuple[SuvResult, Volume | None]:
    inputs = digests.effective_inputs(series)
    result = SuvResult(series=series, input_digest=digest, method_version=digests.SUV_VERSION, inputs=inputs.to_dict())
    try:
        found = suv_factors(inputs)
        volume = values.volume(found.by_kind[SuvKind.BW], SUV_UNITS[SuvKind.BW]) if values is not None else None
        of_bw, notes = volume.statistics() if volume is not None else None, Notes(inputs.confirmed)
        if of_bw is not None:
            judge_values(of_bw, notes)
    except SuvUnavailable as refusal:
        result.refusal_code, result.refusal_message = refusal.code, refusal.message[:300]
        result.uptake_time_s = uptake_if_known(inputs, Notes(inputs.confirmed))
        return result, None
    result.factors = {kind.value: factor for kind, factor in found.by_kind.items()}
    result.absent = {kind.value: {"code": r.code, "message": r.message} for kind, r in found.absent.items()}
    result.warnings = [asdict(warning) for warning in (*found.warnings, *notes.cautions)]
    result.is_provisional = found.is_provisional
    result.uptake_time_s = found.uptake_time_s
    result.statistics = _statistics(found, asdict(of_bw)) if of_bw is not None else {}
    return result, volume


def _statistics(found: SuvFactors, of_bw: dict[str, float]) -> dict:
    """Of the whole volume; the other kinds are SUVbw times a ratio of body sizes, the same for every voxel."""
    base = _any_slice(found.by_kind[SuvKind.BW])
    return {
        kind.value: None if factor is None else {n: v * _any_slice(factor) / base for n, v in of_bw.items()}
        for kind, factor in found.by_kind.items()
    }


def _any_slice(factor) -> float:
    return factor[0] if isinstance(factor, tuple | list) else factor
