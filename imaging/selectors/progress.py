"""How far an import and the jobs behind a series have come."""

from django.db.models import Count, Q, QuerySet

from imaging import digests
from imaging.models import ForeignObject, Job, Scan, Series, Upload, UploadItem
from imaging.selectors.measurements import current_suv


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


def measuring_without_result(scan: Scan) -> Job | None:
    """The job that was to measure the regions as they are now and failed or was cancelled: only a person starts it."""
    found = current_suv(scan.pet_series)
    if found.result is None:
        return None
    digest = digests.of_scan(scan.vois.all(), found.result)
    mine = Job.objects.filter(kind=Job.Kind.MEASURE, subject_id=scan.pk, input_digest=digest)
    return mine.filter(state__in=Job.WITHOUT_RESULT).first()


def latest_job(subject_id) -> Job | None:
    return Job.objects.filter(subject_id=subject_id).order_by("-created_at").first()


def _is_finished(upload: Upload, job: Job | None) -> bool:
    if job is None or job.state in Job.OPEN:
        return False
    series = series_of(upload).values("pk")
    objects = ForeignObject.objects.filter(series__in=series).values("pk")
    about = Q(subject_id__in=series) | Q(subject_id__in=objects)
    return not Job.objects.filter(about, state__in=Job.OPEN).exists()
