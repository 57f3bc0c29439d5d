"""Measuring the volumes of interest of a scan on its current SUV."""

import uuid
from collections.abc import Iterable
from dataclasses import asdict

from django.utils import timezone

from imaging import digests, jobs, masks, selectors, volumes
from imaging.domain import uptake
from imaging.domain.errors import ImagingRefusal
from imaging.domain.volume import Volume
from imaging.models import ImageProduct, Job, ProposalRun, Scan, Series, SuvResult, UptakeMeasurement, Voi
from imaging.services import relative, thresholds
from imaging.services.requests import request_look, request_measurements
from imaging.services.voxels import region_of
from patients.services import audit

NUMBERS = (
    "suv_max",
    "suv_mean",
    "suv_sd",
    "suv_peak_global",
    "suv_peak_local",
    "volume_ml",
    "total_lesion_sstr_expression",
    "voxel_count",
)


def run_measure(job: Job, lease: jobs.Lease) -> list[uuid.UUID]:
    """Measure what is not measured yet; ends quietly where the scan or its SUV changed meanwhile."""
    scan = Scan.objects.select_related("pet_series").filter(pk=job.subject_id).first()
    found = selectors.current_suv(scan.pet_series) if scan else None
    if found is None or found.result is None:
        with lease.effect():
            lease.finish()
        return []
    lease.progress("measuring regions")
    measured = measure_scan(scan, scan.pet_series, found.result)
    with lease.effect():
        lock(scan.pet_series)
        scan = as_of_now(scan)
        if scan is not None and selectors.current_suv(scan.pet_series).result == found.result:
            store(measured, found.result)
            announce(scan, found.result)
        lease.finish()
        return [*follow_up(scan), *_redraw(scan)] if scan is not None else []


def as_of_now(scan: Scan) -> Scan | None:
    """The scan and its series as they are now, after a worker has been away; None where it left the chart."""
    found = Scan.objects.select_related("pet_series", "ct_series", "patient").filter(pk=scan.pk).first()
    return found if found is not None and found.pet_series_id == scan.pet_series_id else None


def measure_scan(
    scan: Scan, series: Series, suv_result: SuvResult, volume: Volume | ImagingRefusal | None = None
) -> list[UptakeMeasurement]:
    """Unsaved measurements of every region that has none for these inputs. Reads the volume only if needed."""
    vois = list(scan.vois.all())
    liver = digests.liver_reference(vois)
    wanted = {digests.of_measurement(voi, suv_result, liver): voi for voi in vois}
    done = UptakeMeasurement.objects.filter(voi__in=vois, superseded_at__isnull=True, input_digest__in=wanted)
    missing = wanted.keys() - set(done.values_list("input_digest", flat=True))
    if not missing:
        return []
    if suv_result.refusal_code:
        plain = relative.volume_in_image_unit(series, suv_result)
        return [_ratios_only(plain, wanted[digest], suv_result, digest, liver.voi) for digest in sorted(missing)]
    volume = volume or _load(series, suv_result)
    if isinstance(volume, ImagingRefusal):
        return [unmeasured(wanted[d], suv_result, d, code=volume.code, text=volume.message) for d in missing]
    return [measure_region(volume, wanted[digest], suv_result, digest, liver.voi) for digest in sorted(missing)]


def _load(series: Series, suv_result: SuvResult) -> Volume | ImagingRefusal:
    try:
        return volumes.load_volume(series, suv_result)
    except ImagingRefusal as refusal:
        return refusal


def store(measured: Iterable[UptakeMeasurement], suv_result: SuvResult) -> None:
    """Keep new numbers as the current ones of their region; what they replace stays as superseded.

    A region that was moved or withdrawn while it was being measured keeps its digest for the next job instead.
    """
    now = timezone.now()
    for row in measured:
        if not _is_still_wanted(row, suv_result):
            continue
        UptakeMeasurement.objects.filter(voi=row.voi, superseded_at__isnull=True).update(superseded_at=now)
        row.computed_at = now
        row.save(force_insert=True)


def announce(scan: Scan, suv_result: SuvResult) -> None:
    """News for the rooms above: what this scan says may have changed."""
    audit(by=None, action="compute", obj=scan, after={"suv_result": str(suv_result.pk)})


def retire(scan: Scan, suv_result: SuvResult) -> None:
    """Nothing measured, proposed or drawn under another SUV result stays current, not even of a withdrawn region."""
    now = timezone.now()
    stale = UptakeMeasurement.objects.filter(voi__scan=scan, superseded_at__isnull=True)
    stale.exclude(suv_result=suv_result).update(superseded_at=now)
    runs = ProposalRun.objects.filter(scan=scan, superseded_at__isnull=True)
    runs.exclude(suv_result=suv_result).update(superseded_at=now)
    ImageProduct.objects.filter(scan=scan, superseded_at__isnull=True).update(superseded_at=now)


def follow_up(scan: Scan) -> list[uuid.UUID]:
    """A region placed or moved while this job was running is measured by the next one."""
    if all(item.state != selectors.RECOMPUTING for item in selectors.measurements(scan)):
        return []
    return [request_measurements(scan=scan).pk]


def _redraw(scan: Scan) -> list[uuid.UUID]:
    """Key slices show where the lesions are now; the next scan looks for lesions where they are now."""
    following = Scan.objects.filter(patient_id=scan.patient_id, clinical_date__gt=scan.clinical_date)
    after = following.order_by("clinical_date").first() if scan.clinical_date else None
    return [job.pk for one in (scan, after) if one and one.pet_series for job in request_look(scan=one)]


def lock(series: Series) -> Series:
    """Corrections and results of one series take turns."""
    return Series.objects.select_for_update().get(pk=series.pk)


def _is_still_wanted(row: UptakeMeasurement, suv_result: SuvResult) -> bool:
    vois = list(Voi.objects.filter(scan_id=row.voi.scan_id))
    voi = next((voi for voi in vois if voi.pk == row.voi_id), None)
    if voi is None:
        return False
    return row.input_digest == digests.of_measurement(voi, suv_result, digests.liver_reference(vois))


def _ratios_only(
    volume: Volume | None, voi: Voi, suv_result: SuvResult, digest: str, liver: Voi | None
) -> UptakeMeasurement:
    row = unmeasured(voi, suv_result, digest, code=suv_result.refusal_code, text=suv_result.refusal_message)
    if volume is not None and (found := relative.numbers(volume, voi, liver)):
        row.relative, mask = found
        row.mask_sha256 = masks.keep(mask, volume)
    return row


def measure_region(
    volume: Volume, voi: Voi, suv_result: SuvResult, digest: str, liver: Voi | None
) -> UptakeMeasurement:
    """Unsaved numbers of one region, or why there are none."""
    try:
        mask, notes = region_of(volume, voi, liver)
        found = uptake.measure(volume, mask)
    except ImagingRefusal as refusal:
        return unmeasured(voi, suv_result, digest, code=refusal.code, text=refusal.message)
    row = unmeasured(voi, suv_result, digest)
    row.mask_sha256 = masks.keep(mask, volume)  # on this grid, whichever grid it was drawn on
    for name in NUMBERS:
        setattr(row, name, getattr(found, name))
    row.hottest_voxel = {"index": list(found.hottest_index), "lps_mm": list(found.hottest_lps)}
    row.warnings = [
        asdict(note) for note in (*notes, *thresholds.changed_since(volume, voi, suv_result, liver), *found.warnings)
    ]
    return row


def unmeasured(voi: Voi, suv_result: SuvResult, digest: str, *, code: str = "", text: str = "") -> UptakeMeasurement:
    return UptakeMeasurement(
        voi=voi,
        suv_result=suv_result,
        input_digest=digest,
        method_version=digests.MEASURE_VERSION,
        refusal_code=code,
        refusal_message=text,
    )
