"""Reading scans, uptake, readings and imports. A number computed from other inputs than today's is never returned.

Where a number is missing, its ``state`` says why: ``recomputing``, ``failed``, ``refused`` or ``not_measured``.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise

from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet

from imaging import digests
from imaging.domain import krenning
from imaging.domain.errors import MeasurementRefused
from imaging.domain.krenning import KrenningProposal
from imaging.domain.vocabulary import is_sstr
from imaging.models import (
    ForeignObject,
    Job,
    Lesion,
    LesionFinding,
    LesionMatch,
    LesionReading,
    Proposal,
    Reading,
    Scan,
    Series,
    SuvResult,
    Upload,
    UploadItem,
    UptakeMeasurement,
    Voi,
)
from patients.models import Patient
from patients.selectors import rows

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


@dataclass(frozen=True)
class ScoreProposal:
    """Computed beside the reader's score, never in its place. ``proposal`` is None where it was refused."""

    lesion: Lesion
    proposal: KrenningProposal | None = None
    code: str = ""
    message: str = ""
    is_provisional: bool = False


@dataclass
class LesionOnScan:
    scan: Scan
    finding: LesionFinding | None = None
    uptake: CurrentMeasurement | None = None
    score: LesionReading | None = None
    reading: Reading | None = None
    proposal: ScoreProposal | None = None
    uptake_change_percent: float | None = None
    size_change_percent: float | None = None


@dataclass
class LesionRow:
    lesion: Lesion
    on_scans: list[LesionOnScan] = field(default_factory=list)


def scans(patient: Patient, *, known_at: dt.datetime | None = None) -> list[Scan]:
    """Scans in the order of acquisition. At an earlier ``known_at`` use ``scan.lineage`` to follow references."""
    found = rows(Scan, patient, known_at=known_at).select_related("pet_series__study", "ct_series", "patient")
    found = found.prefetch_related("pet_series__suv_inputs__recorded_by", "pet_series__suv_results")
    return list(found.order_by("clinical_date", "recorded_at"))


def patient_of(series: Series) -> Patient | None:
    """Whose series it is; None while it is unassigned, held or rejected."""
    return series.candidate_patient if series.identity == Series.Identity.ATTACHED else None


def current_suv(series: Series | None) -> CurrentSuv:
    """The SUV result for today's images, header and corrections, or the state of its computation."""
    if series is None:
        return CurrentSuv(NOT_MEASURED)
    digest = digests.of_series(series)
    for result in series.suv_results.all():
        if result.superseded_at is None and result.input_digest == digest:
            if result.refusal_code:
                return CurrentSuv(REFUSED, result, result.refusal_code, result.refusal_message)
            return CurrentSuv(CURRENT, result)
    return _pending(series, digest)


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
    liver = digests.liver_reference(vois)
    return [_current_measurement(voi, found.result, liver) for voi in vois]


def _current_measurement(voi: Voi, suv_result: SuvResult, liver: digests.LiverReference) -> CurrentMeasurement:
    digest = digests.of_measurement(voi, suv_result, liver)
    for row in voi.measurements.all():
        if row.superseded_at is None and row.input_digest == digest:
            state = REFUSED if row.refusal_code else CURRENT
            return CurrentMeasurement(voi, state, row, suv_result.is_provisional)
    return CurrentMeasurement(voi, RECOMPUTING)


def _measurements_as_known(scan: Scan, known_at: dt.datetime) -> list[CurrentMeasurement]:
    """Each region as it was placed then, with the number that was in force then."""
    in_force = UptakeMeasurement.objects.filter(
        Q(superseded_at__isnull=True) | Q(superseded_at__gt=known_at),
        voi__scan_id=scan.lineage,
        computed_at__lte=known_at,
    )
    known = {row.voi_id: row for row in in_force.select_related("suv_result")}
    regions = Voi.versions.known_at(known_at).filter(scan_id=scan.lineage).select_related("lesion")
    return [_as_known(voi, known.get(voi.lineage)) for voi in regions]


def _as_known(voi: Voi, row: UptakeMeasurement | None) -> CurrentMeasurement:
    """A number made before the region was placed like this is that of an earlier placement."""
    if row is None or row.computed_at < voi.recorded_at:
        return CurrentMeasurement(voi, NOT_MEASURED)
    return CurrentMeasurement(voi, REFUSED if row.refusal_code else CURRENT, row, row.suv_result.is_provisional)


def open_decisions(of_scans: QuerySet[Scan]) -> dict:
    """By the scan's id, where there are any: foci, and lesions of the scan before, that wait for a person."""
    foci = Proposal.objects.filter(
        state=Proposal.State.OPEN, run__superseded_at=None, kind=Proposal.Kind.FOCUS, is_physiologic=False
    )
    matches = LesionMatch.objects.filter(state=LesionMatch.State.OPEN, run__superseded_at=None, lesion__isnull=False)
    found: dict = {}
    for place, rows_ in enumerate((foci, matches)):
        counted = (
            rows_.filter(Exists(of_scans.filter(pk=OuterRef("scan"))))
            .values_list("scan")
            .annotate(n=Count("pk"))
            .order_by()
        )
        for pk, number in counted:
            found.setdefault(pk, [0, 0])[place] = number
    return {pk: tuple(counts) for pk, counts in found.items()}


def scan_drawn_on(found: ForeignObject) -> Scan | None:
    """The scan of its patient that an outline or report belongs to: by the series it names, else by its frame."""
    patient = patient_of(found.series)
    if patient is None:
        return None
    mine = list(scans(patient))
    named = [scan for scan in mine if _is_named(found, scan)]
    return next(iter(named or [scan for scan in mine if _shares_frame(found, scan)]), None)


def is_drawn_on(found: ForeignObject, scan: Scan) -> bool:
    return _is_named(found, scan) or _shares_frame(found, scan)


def _is_named(found: ForeignObject, scan: Scan) -> bool:
    named = set(found.series.header.get("referenced_series_uids", []))
    return any(series.series_uid in named for series in (scan.pet_series, scan.ct_series) if series)


def _shares_frame(found: ForeignObject, scan: Scan) -> bool:
    frame = found.series.frame_of_reference_uid
    return bool(frame and scan.pet_series and scan.pet_series.frame_of_reference_uid == frame)


def signed_reading(scan: Scan, known_at: dt.datetime | None = None) -> Reading | None:
    """The reading that counts: the one signed last (an amendment replaces what it amends), with its scores."""
    return signed_readings([scan], known_at=known_at).get(scan.lineage)


def signed_readings(of_scans: Iterable[Scan], *, known_at: dt.datetime | None = None) -> dict:
    """``signed_reading`` for several scans in two queries, keyed by the scan's lineage."""
    found = Reading.objects.filter(scan_id__in=[s.lineage for s in of_scans], state=Reading.State.SIGNED)
    if known_at is not None:
        found = found.filter(signed_at__lte=known_at)
    found = found.select_related("reader").prefetch_related("lesions__lesion").order_by("signed_at", "version")
    return {reading.scan_id: reading for reading in found}


def may_be_sstr(scan: Scan) -> bool:
    """A scan whose tracer nobody recorded may be one."""
    return not scan.tracer or is_sstr(scan.tracer)


def krenning_proposals(
    scan: Scan, *, scale: str | None = None, measured: list[CurrentMeasurement] | None = None
) -> list[ScoreProposal]:
    """The computed score of each lesion with a region, from SUVpeak against the reference organs' SUVmean.

    None for a tracer that is known to be another than SSTR: Krenning is a scale of SSTR uptake.
    """
    from django.conf import settings

    if not may_be_sstr(scan):
        return []
    measured = measurements(scan) if measured is None else measured
    means = {role: _reference_mean(measured, role) for role in ("liver", "spleen", "blood_pool")}
    hottest: dict = {}
    for item in measured:
        if item.voi.role == Voi.Role.LESION:
            hottest.setdefault(item.voi.lesion, []).append(item)
    return [_propose(lesion, items, means, scale or settings.KRENNING_SCALE) for lesion, items in hottest.items()]


def _propose(lesion: Lesion, items: list[CurrentMeasurement], means: dict, scale: str) -> ScoreProposal:
    is_provisional = any(item.is_provisional for item in items)
    if refused := next((item.measurement for item in items if item.state == REFUSED), None):
        return ScoreProposal(lesion, None, refused.refusal_code, refused.refusal_message, is_provisional)
    try:
        proposed = krenning.propose(
            _hottest_peak(items),
            means["liver"],
            means["spleen"],
            means["blood_pool"],
            scale=scale,
            is_in_liver=lesion.organ.casefold() == "liver",
        )
    except MeasurementRefused as refusal:
        return ScoreProposal(lesion, None, refusal.code, refusal.message, is_provisional)
    return ScoreProposal(lesion, proposed, is_provisional=is_provisional)


def _hottest_peak(items: list[CurrentMeasurement]) -> Decimal | None:
    """A lesion marked by several regions counts by its hottest; none while one of them is not measured."""
    if any(item.state != CURRENT for item in items):
        return None
    values = [_peak_or_max(item.measurement) for item in items]
    return krenning.exact(max(values)) if values else None


def _peak_or_max(row: UptakeMeasurement) -> float:
    return row.suv_max if row.suv_peak_local is None else row.suv_peak_local


def _reference_mean(measured: list[CurrentMeasurement], role: str) -> Decimal | None:
    newest = placed_last(measured, role)
    if newest is None or any(item.state != CURRENT for item in measured if item.voi.role == role):
        return None
    return krenning.exact(newest.measurement.suv_mean)


def placed_last(measured: list[CurrentMeasurement], role: str) -> CurrentMeasurement | None:
    """Of several regions of a reference organ the one that counts."""
    own = [item for item in measured if item.voi.role == role]
    return max(own, key=lambda item: (item.voi.recorded_at, str(item.voi.pk)), default=None)


def lesion_table(patient: Patient) -> list[LesionRow]:
    """Every lesion across the patient's scans: size, uptake, signed score, proposal, change from scan to scan."""
    all_scans = scans(patient)
    measured = measurements_of(all_scans)
    readings = signed_readings(all_scans)
    proposals = {
        scan.pk: {p.lesion.pk: p for p in krenning_proposals(scan, measured=measured[scan.pk])} for scan in all_scans
    }
    findings = {(f.lesion_id, f.scan_id): f for f in LesionFinding.objects.filter(scan__in=all_scans)}
    table = []
    for lesion in rows(Lesion, patient).order_by("label"):
        row = LesionRow(lesion)
        for scan in all_scans:
            reading = readings.get(scan.lineage)
            row.on_scans.append(
                LesionOnScan(
                    scan=scan,
                    finding=findings.get((lesion.pk, scan.pk)),
                    uptake=_hottest(measured[scan.pk], lesion),
                    reading=reading,
                    score=_score_of(reading, lesion),
                    proposal=proposals[scan.pk].get(lesion.pk),
                )
            )
        _note_changes(row.on_scans)
        table.append(row)
    return table


def _hottest(measured: list[CurrentMeasurement], lesion: Lesion) -> CurrentMeasurement | None:
    own = [item for item in measured if item.voi.lesion_id == lesion.pk]
    missing = [item for item in own if item.state != CURRENT]
    if missing:
        return missing[0]
    return max(own, key=lambda item: item.measurement.suv_max, default=None)


def _score_of(reading: Reading | None, lesion: Lesion) -> LesionReading | None:
    return next((s for s in reading.lesions.all() if s.lesion_id == lesion.pk), None) if reading else None


def _note_changes(cells: list[LesionOnScan]) -> None:
    """Change against the scan before, where both have the number; never across a scan without it.

    Of uptake against the scan before with the same tracer: SUVs of two tracers are never compared.
    """
    last: dict[str, LesionOnScan] = {}
    for after in cells:
        if before := last.get(after.scan.tracer):
            after.uptake_change_percent = _change(_suv_max(before), _suv_max(after))
        last[after.scan.tracer] = after
    for before, after in pairwise(cells):
        after.size_change_percent = _change(_long_axis(before), _long_axis(after))


def _suv_max(cell: LesionOnScan) -> float | None:
    return cell.uptake.measurement.suv_max if cell.uptake and cell.uptake.state == CURRENT else None


def _long_axis(cell: LesionOnScan) -> float | None:
    return float(cell.finding.long_axis_mm) if cell.finding and cell.finding.long_axis_mm is not None else None


def _change(before: float | None, after: float | None) -> float | None:
    return None if not before or after is None else 100 * (after - before) / before


def upload_progress(upload: Upload) -> dict:
    """What the import page shows while it runs and after: stages, files by outcome, one entry per series."""
    job = Job.objects.filter(kind=Job.Kind.IMPORT, subject_id=upload.pk).first()
    counts = dict(upload.items.values_list("outcome").annotate(n=Count("pk")).order_by())
    return {
        "state": upload.state,
        "reason_code": upload.reason_code,
        "files": {outcome: counts.get(outcome, 0) for outcome in UploadItem.Outcome.values},
        "file_count": sum(counts.values()),
        "job": job_progress(job),
        "series": [series_progress(series) for series in series_of(upload)],
        "is_finished": _is_finished(upload, job),
    }


def series_of(upload: Upload) -> QuerySet[Series]:
    touched = Series.objects.filter(upload_items__upload=upload).distinct()
    return touched.select_related("study", "candidate_patient").order_by("modality", "series_uid", "split_key")


def series_progress(series: Series) -> dict:
    """One series for the import page: whose it is, its volume, its SUV, and the job behind them."""
    job = latest_job(series.pk)
    suv = current_suv(series) if series.modality == "PT" else None
    return {
        "id": str(series.pk),
        "modality": series.modality,
        "instance_count": series.instance_count,
        "identity": series.identity,
        "identity_reason": series.identity_reason,
        "refusal_code": series.refusal_code,
        "refusal_message": series.refusal_message,
        "suv_state": suv.state if suv else None,
        "suv_code": suv.code if suv else "",
        "suv_message": suv.message if suv else "",
        "object": _object_progress(series),
        "job": job_progress(job),
    }


def _object_progress(series: Series) -> dict | None:
    """Of an outline or report of another workstation: was it read, and what became of it."""
    found = series.foreign_objects.select_related("scan").first()
    if found is None:
        return None
    job = latest_job(found.pk)
    failed = job.message if job and job.state in Job.WITHOUT_RESULT else ""
    return {
        "is_on_scan": found.scan is not None,
        "is_read": bool(found.input_digest),
        "message": failed or found.refusal_message,
    }


def job_progress(job: Job | None) -> dict | None:
    if job is None:
        return None
    return {
        "state": job.state,
        "stage": job.stage,
        "done": job.progress_done,
        "total": job.progress_total,
        "attempts": job.attempts,
        "reason_code": job.reason_code,
        "message": job.message,
    }


def has_failed(series: Series) -> bool:
    """Whether the last job of the series ended without a result."""
    job = latest_job(series.pk)
    return job is not None and job.state in Job.WITHOUT_RESULT


def latest_job(subject_id) -> Job | None:
    return Job.objects.filter(subject_id=subject_id).order_by("-created_at").first()


def _is_finished(upload: Upload, job: Job | None) -> bool:
    if job is None or job.state in Job.OPEN:
        return False
    series = series_of(upload).values("pk")
    objects = ForeignObject.objects.filter(series__in=series).values("pk")
    about = Q(subject_id__in=series) | Q(subject_id__in=objects)
    return not Job.objects.filter(about, state__in=Job.OPEN).exists()


def _pending(series: Series, digest: str) -> CurrentSuv:
    """``series.jobs_at_hand``, where a page has fetched the jobs of many series at once, spares a query for each."""
    jobs = getattr(series, "jobs_at_hand", None)
    if jobs is None:
        jobs = Job.objects.filter(kind=Job.Kind.SERIES, subject_id=series.pk, input_digest=digest)
    failed = next((job for job in jobs if job.input_digest == digest and job.state in Job.WITHOUT_RESULT), None)
    return CurrentSuv(FAILED, None, failed.reason_code, failed.message) if failed else CurrentSuv(RECOMPUTING)
