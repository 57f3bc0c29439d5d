"""Cancelling work and trying it again. The job's row says who did it and when; the trail keeps both."""

import uuid

from django.db import transaction

from imaging import jobs
from imaging.models import Job
from imaging.refused import Refused
from patients.domain.roles import Capability
from patients.services import audit

MAY_STEER = (Capability.IMPORT_SCAN, Capability.MEASURE)


def cancel_job(*, by, job: Job) -> None:
    """Waiting work ends at once; running work is fenced off and stops at its next step."""
    _steer(by, job, "cancel_job", jobs.cancel, "job_has_ended")


def retry_job(*, by, job: Job) -> uuid.UUID:
    """Queue failed or cancelled work again with the inputs it had; the job to ring for."""
    _steer(by, job, "retry_job", jobs.retry, "job_not_ended")
    return job.pk


def may_steer(user) -> bool:
    return any(user.may(capability) for capability in MAY_STEER)


@transaction.atomic
def _steer(by, job: Job, action: str, step, refusal: str) -> None:
    if not may_steer(by):
        raise Refused("not_permitted")
    before = {"state": job.state}
    if not step(job.pk, by=by):
        raise Refused(refusal)
    job.refresh_from_db()
    audit(by=by, action=action, obj=job, before=before, after={"state": job.state})
