"""Patients a user may see, and their rows as they are or were."""

import datetime as dt

from django.db.models import Exists, F, ForeignKey, OuterRef, Q, QuerySet
from django.utils import timezone

from patients import reads
from patients.domain.dates import age_range
from patients.domain.roles import Capability
from patients.models import AccessGrant, AuditEvent, BodyMeasure, ClinicalRow, LabResult, Patient, User, Versioned
from patients.prepared import Prepared


def visible_patients(user) -> QuerySet[Patient]:
    return Patient.objects.visible_to(user)


def cohort_patients(user) -> QuerySet[Patient]:
    return Patient.objects.in_cohort_of(user)


# A row without a day stands before all with one, on every database: it overrules none of them.
OLDEST_FIRST = (F("clinical_date").asc(nulls_first=True), "recorded_at")


def readers_of(patient: Patient) -> list[User]:
    """Who may read this case now, by name: ``visible_to`` the other way round. One query."""
    grants = AccessGrant.objects.active().filter(patient=patient)
    granted = Q(pk__in=grants.exclude(user=None).values("user")) | Q(teams__in=grants.exclude(team=None).values("team"))
    found = User.objects.filter(granted, is_active=True).distinct().order_by("last_name", "username")
    return [user for user in found if user.may(Capability.READ_CHART)]


def in_visible_chart(user, patient: str = "patient") -> Exists:
    """A condition on rows of any table: the patient they name is visible.

    Asked for each row by index: a list of every visible patient would make ten rows cost what the registry costs.
    """
    return Exists(visible_patients(user).filter(pk=OuterRef(patient)))


def get_visible_patient(user, case_number: str) -> Patient:
    """Raises Patient.DoesNotExist alike for a case that is not there and one this user may not see."""
    if not Patient.objects.may_be_read_by(user):
        raise Patient.DoesNotExist
    found = next(iter(Patient.objects.raw(*_NAMED.statement(user.pk, case_number, timezone.now()))), None)
    if found is None:
        raise Patient.DoesNotExist
    reads.note(found)
    return found


def _named(user: int, case_number: str, at: dt.datetime) -> QuerySet[Patient]:
    return Patient.objects.filter(case_number=case_number).granted_to(User(pk=user), at)


# ``visible_to`` for one case, as every page of a case asks it.
_NAMED = Prepared(_named, User._meta.pk, Patient._meta.get_field("case_number"), AccessGrant._meta.get_field("until"))


def rows(model: type[Versioned], patient: Patient, *, known_at: dt.datetime | None = None) -> QuerySet:
    """Current rows of one patient, or the rows as they stood at ``known_at`` (system time).

    An older version has its own id and the ``lineage`` of the current one; a foreign key from another row
    (an IHC result's ``specimen_id``) holds that lineage.
    """
    versions = model.versions.current() if known_at is None else model.versions.known_at(known_at)
    return versions.filter(**{patient_lookup(model): patient})


def counted_rows(model: type[ClinicalRow], patient: Patient, *, known_at: dt.datetime | None = None) -> list:
    """The same to compute with: what contradicts itself in a row is unknown, as written in its ``as_written``."""
    found = list(rows(model, patient, known_at=known_at))
    for row in found:
        row.patient = patient
    return [row.as_counted() for row in found]


def patient_lookup(model) -> str:
    """Query path from a row to its patient: "patient", or through the row it belongs to ("specimen__patient")."""
    names = {f.name for f in model._meta.concrete_fields}
    if "patient" in names:
        return "patient"
    for field in model._meta.concrete_fields:
        if isinstance(field, ForeignKey) and _has_patient(field.related_model):
            return f"{field.name}__patient"
    raise TypeError(f"{model._meta.label} does not lead to a patient")


def dependants(row: Versioned, *, parts: bool) -> list[Versioned]:
    """Current rows that point at this one: its own parts (IHC of a specimen), or all others."""
    found: list[Versioned] = []
    for relation in row._meta.related_objects:
        model = relation.related_model
        if issubclass(model, Versioned) and (model.part_of == relation.field.name) is parts:
            found.extend(model.objects.filter(**{relation.field.name: row}))
    return found


def latest(model, patient, *, as_of: dt.date | None = None, known_at: dt.datetime | None = None, **filters):
    """The row with the newest clinical date (not after ``as_of``), the last recorded among equals, or None.

    A day before the birth counts as unknown.
    """
    found = rows(model, patient, known_at=known_at).filter(clinical_date__isnull=False, **filters)
    found = found.exclude(before_birth(patient))
    if as_of is not None:
        found = found.filter(clinical_date__lte=as_of)
    return found.order_by(F("clinical_date").desc(), F("recorded_at").desc()).first()


def before_birth(patient: Patient) -> Q:
    """Rows that lie surely before it: their day counts as unknown."""
    born = patient.birth_span
    if born is None:
        return Q(pk__in=[])
    first = born[0]
    ends = {"day": first, "month": first.replace(day=1), "year": first.replace(month=1, day=1)}
    found = Q(pk__in=[])
    for precision, end in ends.items():
        found |= Q(clinical_date_precision=precision, clinical_date__lt=end)
    return found


def latest_lab(patient, analyte: str, *, as_of=None, known_at=None) -> LabResult | None:
    return latest(LabResult, patient, as_of=as_of, known_at=known_at, analyte=analyte)


def latest_body_measure(patient, kind: str, *, as_of=None, known_at=None) -> BodyMeasure | None:
    return latest(BodyMeasure, patient, as_of=as_of, known_at=known_at, kind=kind)


def age_range_on(patient: Patient, day: dt.date) -> tuple[int, int] | None:
    """Lowest and highest possible age: they differ by one where only the month or year of birth is known."""
    return age_range(patient.birth_span, day)


def age_on(patient: Patient, day: dt.date) -> int | None:
    """Age in completed years, the lower one where the birth date is partial; None when unknown."""
    ages = age_range_on(patient, day)
    return None if ages is None else ages[0]


def patient_as_known(patient: Patient, known_at: dt.datetime) -> Patient | None:
    """The case's own fields as they stood at ``known_at``, unsaved; None before it was opened."""
    events = AuditEvent.objects.filter(object_type=Patient._meta.label, object_id=str(patient.pk))
    as_known = Patient.objects.get(pk=patient.pk)
    for event in events.filter(action="update_patient").order_by("-id"):
        if as_known.recorded_at <= known_at:
            break
        for name, value in event.before.items():
            setattr(as_known, name, Patient._meta.get_field(name).to_python(value))
    return as_known if as_known.recorded_at <= known_at else None


def opened_at(patient: Patient) -> dt.datetime:
    """When the case was opened: its row carries the day on which its own fields were last changed."""
    changed = AuditEvent.objects.filter(object_type=Patient._meta.label, object_id=str(patient.pk))
    first = changed.filter(action="update_patient").order_by("id").first()
    before = first.before.get("recorded_at") if first else None
    return Patient._meta.get_field("recorded_at").to_python(before) if before else patient.recorded_at


def _has_patient(model) -> bool:
    return any(f.name == "patient" for f in model._meta.concrete_fields)
