"""The outcome of an import, file by file and series by series, as the command prints it."""

from django.db.models import Q

from imaging import selectors
from imaging.models import ForeignObject, Job, Scan, Series, Upload, UploadItem
from imaging.reasons import REASONS
from imaging.refused import SENTENCES


def of_upload(upload: Upload) -> dict:
    files = [_file(item) for item in upload.items.all()]
    counts = {outcome: sum(f["outcome"] == outcome for f in files) for outcome in UploadItem.Outcome.values}
    return {
        "upload": str(upload.pk),
        "state": upload.state,
        "counts": counts,
        "files": files,
        "series": [_series(series) for series in selectors.series_of(upload)],
    }


def jobs_of(upload: Upload, job: Job) -> list:
    """The import, the series it touched, their scans, and what others drew on the images of these patients."""
    series = list(selectors.series_of(upload).values_list("pk", flat=True))
    scans = Scan.objects.filter(pet_series__in=series)
    of_these = Q(series__in=series) | Q(series__candidate_patient__in=scans.values("patient"))
    objects = ForeignObject.objects.filter(of_these).values_list("pk", flat=True)
    subjects = [*series, *scans.values_list("pk", flat=True), *objects]
    return [job.pk, *Job.objects.filter(subject_id__in=subjects).values_list("pk", flat=True)]


def explain(code: str, detail: str = "") -> str:
    """The sentence of any code a file or a series may carry."""
    if code in SENTENCES:
        return SENTENCES[code]
    return REASONS[code].sentence.replace("{detail}", detail) if code in REASONS else ""


def line_of(series: dict) -> str:
    what = " ".join(word for word in (series["modality"], series["tracer"], series["date"]) if word)
    facts = [f"{series['instances']} images", series["identity"]]
    if series["reason"]:
        facts.append(series["reason"])
    if series["volume_refusal"]:
        facts.append(series["volume_refusal"]["message"])
    if series["suv"]:
        facts.append(_suv_words(series["suv"]))
    return f"Series {what}: {'; '.join(facts)}"


def _suv_words(suv: dict) -> str:
    if suv["factor_bw"] is None:
        return suv["message"] or f"SUV {suv['state']}"
    shown = suv["factor_bw"]
    provisional = " (provisional)" if suv["is_provisional"] else ""
    return f"SUVbw factor {shown if isinstance(shown, list) else format(shown, '.6g')}{provisional}"


def _file(item: UploadItem) -> dict:
    return {
        "label": item.label,
        "outcome": item.outcome,
        "code": item.reason_code,
        "sentence": explain(item.reason_code, item.detail),
        "detail": item.detail,
        "differences": item.differences,
    }


def _series(series: Series) -> dict:
    return {
        "id": str(series.pk),
        "series_uid": series.series_uid,
        "modality": series.modality,
        "tracer": series.tracer,
        "date": series.series_date.isoformat() if series.series_date else None,
        "instances": series.instance_count,
        "identity": series.identity,
        "code": series.identity_reason,
        "reason": explain(series.identity_reason),
        "volume_refusal": {"code": series.refusal_code, "message": series.refusal_message}
        if series.refusal_code
        else None,
        "warnings": series.warnings,
        "suv": _suv(series) if series.modality == "PT" else None,
    }


def _suv(series: Series) -> dict:
    found = selectors.current_suv(series)
    result = found.result
    return {
        "state": found.state,
        "code": found.code,
        "message": found.message,
        "factor_bw": result.factors.get("bw") if result else None,
        "is_provisional": result.is_provisional if result else False,
        "statistics": result.statistics if result else {},
        "warnings": result.warnings if result else [],
    }
