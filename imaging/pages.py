"""What the imaging pages read: rows already limited to what the user may see are passed in, or hang off one that is."""

import datetime as dt

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from imaging import identity
from imaging.models import Job, Scan, Series, SuvInput, SuvResult, Upload, UploadItem
from imaging.reasons import QUESTIONS

RECENT = dt.timedelta(days=7)
READY = "New values are ready."
MODALITIES = {"PT": "PET", "CT": "CT", "MR": "MR", "SC": "Picture of a screen", "US": "Ultrasound"}
WAITING = (Series.Identity.UNASSIGNED, Series.Identity.HELD)
ASKED_WORDS = {"held": "held: a question about the images", "rejected": "not used"}


def recent_uploads(uploads: QuerySet[Upload]) -> list[Upload]:
    counted = uploads.filter(created_at__gte=timezone.now() - RECENT).annotate(
        item_count=Count("items"), refused_count=Count("items", filter=Q(items__outcome=UploadItem.Outcome.REFUSED))
    )
    return list(counted.select_related("patient").order_by("-created_at")[:12])


def waiting_series(series: QuerySet[Series]) -> list[Series]:
    waiting = series.filter(identity__in=WAITING).select_related("candidate_patient").order_by("-created_at")
    return [_titled(row) for row in waiting[:12]]


def _titled(series: Series) -> Series:
    series.title, series.state_words = series_title(series), identity_words(series)
    return series


def held_words(code: str) -> str:
    """For what is held without a doubt that header and chart differ; "" for the others."""
    if code in identity.MISSING:
        return "held: identity could not be compared"
    return "held: a person has to look" if code in identity.TO_BE_LOOKED_AT else ""


def is_asked(series: Series) -> bool:
    """Held for a question about the images, not for a doubt about whose they are."""
    return series.identity == Series.Identity.HELD and series.identity_reason in QUESTIONS


def identity_words(series: Series) -> str:
    """Where the series stands, in words that fit its reason too."""
    if series.identity == Series.Identity.HELD and (words := held_words(series.identity_reason)):
        return words
    fits = is_asked(series) or series.identity_reason == "images_rejected"
    return ASKED_WORDS[series.identity] if fits else series.get_identity_display()


def series_title(series: Series) -> str:
    words = [MODALITIES.get(series.modality, series.modality or "series")]
    if series.tracer:
        words.append(series.tracer)
    if series.series_date:
        words.append(f"of {series.series_date:%-d %b %Y}")
    return " ".join(words)


def older_suv(series: Series, current: SuvResult | None) -> QuerySet[SuvResult]:
    """Every other result there was, those of inputs that have changed since included."""
    return series.suv_results.exclude(pk=current.pk if current else None).order_by("-computed_at")


def corrections(series: Series) -> QuerySet[SuvInput]:
    """What persons entered or confirmed, withdrawn and replaced values included."""
    return SuvInput.versions.filter(series=series).select_related("recorded_by").order_by("name", "recorded_at")


def is_in_force(series: Series, **values) -> bool:
    return SuvInput.objects.filter(series=series, **values).exists()


def scan_of(series: Series) -> Scan | None:
    return Scan.objects.filter(Q(pet_series=series) | Q(ct_series=series)).select_related("patient").first()


def series_computing(series: Series) -> str:
    """A sentence while SUV or volume of the series is being computed; empty when all is done."""
    return _computing(subjects_of(series))


def subjects_of(series: Series) -> list:
    """What jobs about this series are about: itself, or the object of another workstation that it holds."""
    return [series.pk, *series.foreign_objects.values_list("pk", flat=True)]


def scan_computing(scan: Scan) -> str:
    return _computing([pk for pk in (scan.pk, scan.pet_series_id) if pk])


def waiting_jobs(series: Series) -> list:
    """Jobs to ring for once it is known whose the series is: its own, and those it makes possible in that chart."""
    about = Q(subject_id__in=subjects_of(series))
    if series.candidate_patient_id:
        about |= Q(patient_id=series.candidate_patient_id)
    return list(Job.objects.filter(about, state=Job.State.QUEUED).values_list("pk", flat=True))


def failed_job(subjects) -> Job | None:
    """The last job of these subjects where it failed; a later success hides it."""
    last = Job.objects.filter(subject_id__in=subjects).order_by("-finished_at").first()
    return last if last and last.state in Job.WITHOUT_RESULT else None


def _computing(subjects) -> str:
    job = Job.objects.filter(subject_id__in=subjects, state__in=Job.OPEN).order_by("created_at").first()
    if job is None:
        return ""
    ahead = Job.objects.filter(state__in=Job.OPEN, created_at__lt=job.created_at).count()
    place = f"{ahead} ahead of it" if ahead else "next in line"
    doing = "running" if job.state == Job.State.RUNNING else f"waiting, {place}"
    return f"Values shown below may be out of date. {job.get_kind_display().capitalize()}: {doing}."
