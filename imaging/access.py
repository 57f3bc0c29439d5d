"""Which uploads, series and scans a user may open. Invisible and absent are the same to the caller.

Everything rests on ``Patient.objects.visible_to``. What has no confirmed patient yet (unassigned, held, rejected)
is for the person who brought it in and for those who may resolve identities; where a case was named, that case
must be visible as well.
"""

from django.db.models import Exists, OuterRef, Q, QuerySet

from imaging.models import Job, Scan, Series, Upload
from patients.domain.known import Known
from patients.domain.roles import Capability
from patients.models import User
from patients.selectors import in_visible_chart

NOTHING = Q(pk__in=[])
EVERYTHING = ~NOTHING


def _works_on(user: User, owner_field: str) -> Q:
    """Imports this user works on: every one with the right to resolve identities, else the user's own."""
    if user.may(Capability.RESOLVE_IDENTITY):
        return EVERYTHING
    if user.may(Capability.IMPORT_SCAN):
        return Q(**{owner_field: user})
    return NOTHING


def visible_uploads(user: User) -> QuerySet[Upload]:
    if not (user.may(Capability.IMPORT_SCAN) or user.may(Capability.RESOLVE_IDENTITY)):
        return Upload.objects.none()
    return Upload.objects.filter(in_visible_chart(user) | Q(patient__isnull=True) & _works_on(user, "by"))


def visible_series(user: User) -> QuerySet[Series]:
    of_candidate = in_visible_chart(user, "candidate_patient")
    attached = Q(identity=Series.Identity.ATTACHED) & of_candidate
    waiting = (
        ~Q(identity=Series.Identity.ATTACHED)
        & (Q(candidate_patient__isnull=True) | of_candidate)
        & _works_on(user, "uploaded_by")
    )
    return Series.objects.filter(attached | waiting)


def visible_scans(user: User) -> QuerySet[Scan]:
    return Scan.objects.filter(in_visible_chart(user))


def scans_asked(user: User, known: Known | None) -> QuerySet[Scan]:
    """Of an earlier day also those that have left the chart since: they were there then."""
    return visible_scans(user) if known is None else Scan.versions.filter(in_visible_chart(user))


def visible_jobs(user: User) -> QuerySet[Job]:
    """Work on a case the user may see; without a case, on an import or a series the user works on."""
    of_import = Q(kind=Job.Kind.IMPORT) & Exists(visible_uploads(user).filter(pk=OuterRef("subject_id")))
    of_series = Q(kind=Job.Kind.SERIES) & Exists(visible_series(user).filter(pk=OuterRef("subject_id")))
    unassigned = Q(patient__isnull=True) & (of_import | of_series)
    return Job.objects.filter(in_visible_chart(user) | unassigned)
