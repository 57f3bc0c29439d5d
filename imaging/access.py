"""Which uploads, series and scans a user may open. Invisible and absent are the same to the caller.

Everything rests on ``Patient.objects.visible_to``. What has no confirmed patient yet (unassigned, held, rejected)
is for the person who brought it in and for those who may resolve identities; where a case was named, that case
must be visible as well.
"""

from django.db.models import Q, QuerySet

from imaging.models import Job, Scan, Series, Upload
from patients.domain.roles import Capability
from patients.models import Patient, User

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
    patients = Patient.objects.visible_to(user)
    return Upload.objects.filter(Q(patient__in=patients) | Q(patient__isnull=True) & _works_on(user, "by"))


def visible_series(user: User) -> QuerySet[Series]:
    patients = Patient.objects.visible_to(user)
    attached = Q(identity=Series.Identity.ATTACHED, candidate_patient__in=patients)
    waiting = (
        ~Q(identity=Series.Identity.ATTACHED)
        & (Q(candidate_patient__isnull=True) | Q(candidate_patient__in=patients))
        & _works_on(user, "uploaded_by")
    )
    return Series.objects.filter(attached | waiting)


def visible_scans(user: User) -> QuerySet[Scan]:
    return Scan.objects.filter(patient__in=Patient.objects.visible_to(user))


def visible_jobs(user: User) -> QuerySet[Job]:
    """Work on a case the user may see; without a case, on an import or a series the user works on."""
    of_import = Q(kind=Job.Kind.IMPORT, subject_id__in=visible_uploads(user).values("pk"))
    of_series = Q(kind=Job.Kind.SERIES, subject_id__in=visible_series(user).values("pk"))
    unassigned = Q(patient__isnull=True) & (of_import | of_series)
    return Job.objects.filter(Q(patient__in=Patient.objects.visible_to(user)) | unassigned)
