"""Work in the background: what is open or ended within a week, one job with its stages, cancelling and trying again."""

import datetime as dt
import uuid

from django.contrib import messages
from django.db.models import F, Q
from django.http import JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_GET, require_POST

from imaging import access, pages
from imaging.job_chains import chains
from imaging.job_lines import STAGES, JobLine, job_lines
from imaging.job_state import etag_of, jobs_state
from imaging.models import Job, Series
from imaging.refused import Refused
from imaging.services import cancel_job, retry_job
from imaging.services.steering import MAY_STEER
from imaging.tasks import ring
from imaging.views.answers import back_to, wants_json
from imaging.views.guard import needs, visible_or_404
from patients import reads
from patients.domain.roles import Capability

SHOWN_JOBS, SHOWN_SCANS = 60, 12
BACK = {"home": "board:home", "jobs": "imaging:jobs"}


@needs(Capability.READ_CHART)
@require_GET
def jobs(request):
    since = timezone.now() - pages.RECENT
    found = access.visible_jobs(request.user).filter(Q(finished_at=None) | Q(finished_at__gte=since))
    found = found.order_by(F("finished_at").desc(nulls_first=True), "-created_at")
    series = access.visible_series(request.user).filter(modality="PT", created_at__gte=since).order_by("-created_at")
    lines, drawn = list(found.select_related("patient", "cancelled_by")[:SHOWN_JOBS]), list(series[:SHOWN_SCANS])
    reads.note_all([*lines, *drawn])
    context = {
        "lines": job_lines(lines, request.user),
        "chains": chains(drawn),
        "shown_jobs": SHOWN_JOBS,
        "revision": jobs_state(request.user)["revision"],
    }
    return render(request, "imaging/jobs.html", context)


@needs(Capability.READ_CHART)
@require_GET
def job(request, pk: uuid.UUID):
    found = _job(request, pk)
    drawn = list(_series_of(request.user, found))
    reads.note_all(drawn)
    context = {
        "line": job_lines([found], request.user)[0],
        "patient": found.patient,
        "stages": _stages(found),
        "chains": chains(drawn),
        "revision": jobs_state(request.user)["revision"],
    }
    return render(request, "imaging/job.html", context)


@needs(Capability.READ_CHART)
@require_GET
def state(request):
    """What the live pages ask for again and again; unchanged, it is answered by 304."""
    found = jobs_state(request.user)
    answer = JsonResponse(found, headers={"ETag": etag_of(found)})
    return get_conditional_response(request, etag=answer.headers["ETag"], response=answer)


@needs(*MAY_STEER)
@require_POST
def cancel(request, pk: uuid.UUID):
    found = _job(request, pk)
    return _steered(request, found, lambda: cancel_job(by=request.user, job=found))


@needs(*MAY_STEER)
@require_POST
def retry(request, pk: uuid.UUID):
    found = _job(request, pk)
    return _steered(request, found, lambda: ring([retry_job(by=request.user, job=found)]))


def _steered(request, found: Job, step):
    is_for_script = wants_json(request)
    status, refusal = 200, {}
    try:
        step()
    except Refused as refused:
        status, refusal = 409, {"code": refused.code, "sentence": refused.message}
        if not is_for_script:
            messages.error(request, refused.message)
    if not is_for_script:
        back = BACK.get(request.POST.get("back", ""))
        return redirect(back or back_to(request, reverse("imaging:job", args=[found.pk])))
    line: JobLine = job_lines([_job(request, found.pk)], request.user)[0]
    return JsonResponse(line.json() | refusal, status=status)


def _job(request, pk: uuid.UUID) -> Job:
    mine = access.visible_jobs(request.user)
    return visible_or_404(mine.select_related("patient", "cancelled_by", "requested_by"), pk)


def _stages(found: Job) -> list[dict]:
    """Every stage of this kind of work, with the time at which the last attempt came to it."""
    begun = {step["stage"]: dt.datetime.fromisoformat(step["at"]) for step in found.steps}
    return [{"name": name, "at": begun.get(name), "is_now": name == found.stage} for name in STAGES[found.kind]]


def _series_of(user, found: Job):
    """The PET series a job is about, directly or by its scan or import."""
    mine = access.visible_series(user).filter(modality="PT").order_by("series_date")
    if found.kind == Job.Kind.IMPORT:
        return mine.filter(upload_items__upload=found.subject_id).distinct()[:SHOWN_SCANS]
    scans = Series.objects.filter(pet_of_scans=found.subject_id) | Series.objects.filter(pk=found.subject_id)
    return mine.filter(pk__in=scans.values("pk"))[:SHOWN_SCANS]
