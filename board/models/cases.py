"""A case between meetings: its question, contacts with the patient, and the end of follow-up."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models.functions import Coalesce
from django.utils import timezone

from eligibility.models import AppendOnly, AppendOnlyQuerySet
from imaging.domain.vocabulary import Tracer, is_sstr
from imaging.models import Scan
from patients.models import Patient

SSTR_TRACERS = [tracer for tracer in Tracer if is_sstr(tracer)]


def of_open_cases(rows: models.QuerySet) -> models.QuerySet:
    """Rows of patients who are alive and whose case is not closed: nobody is reminded of the others."""
    last = CaseClosing.objects.filter(patient=models.OuterRef("patient")).order_by("-recorded_at", "-pk")
    closed = Coalesce(models.Subquery(last.values("is_closed")[:1]), models.Value(False))
    alive = rows.exclude(patient__vital_status=Patient.VitalStatus.DECEASED)
    return alive.alias(case_is_closed=closed).filter(case_is_closed=False)


class CaseQuestion(AppendOnly):
    """What the board is asked about a case; the newest one stands on the page."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="questions")
    text = models.CharField(max_length=200)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["recorded_at"]

    def __str__(self) -> str:
        return self.text


class ContactQuerySet(AppendOnlyQuerySet):
    def waiting(self):
        """Those whose next date still asks for something: the last contact of an open case, not met by a scan.

        The last one is that of the newest day. Met by an SSTR scan of a later day, or of the very day agreed on.
        """
        last = Contact.objects.filter(patient=models.OuterRef("patient"))
        last = last.order_by("-contacted_on", "-recorded_at", "-pk")
        later = models.Q(clinical_date__gt=models.OuterRef("contacted_on"))
        that_day = models.Q(clinical_date=models.OuterRef("contacted_on")) & models.Q(
            clinical_date=models.OuterRef("next_on")
        )
        scanned = Scan.objects.filter(later | that_day, patient=models.OuterRef("patient"), tracer__in=SSTR_TRACERS)
        told = self.filter(pk=models.Subquery(last.values("pk")[:1])).exclude(next_on=None)
        return of_open_cases(told).exclude(models.Q(next_for=Contact.NextFor.SCAN) & models.Exists(scanned))


class Contact(AppendOnly):
    """Somebody was called or written to. The last one says what comes next and when, so that nobody is lost."""

    class Who(models.TextChoices):
        PATIENT = "patient", "patient"
        RELATIVE = "relative", "relative"
        PHYSICIAN = "physician", "treating physician"
        OTHER = "other", "other"

    class Outcome(models.TextChoices):
        REACHED = "reached", "reached"
        MESSAGE = "message", "message left"
        NOT_REACHED = "not_reached", "not reached"

    class NextFor(models.TextChoices):
        SCAN = "scan", "scan"
        LABS = "labs", "laboratory values"
        VISIT = "visit", "visit"
        CONTACT = "contact", "another contact"
        NOTHING = "nothing", "nothing: follow-up ends"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="contacts")
    contacted_on = models.DateField()
    who = models.CharField("who was contacted", max_length=10, choices=Who)
    outcome = models.CharField(max_length=12, choices=Outcome)
    note = models.CharField(max_length=300, blank=True)
    next_for = models.CharField("what comes next", max_length=8, choices=NextFor)
    next_on = models.DateField("next date", null=True, blank=True)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(default=timezone.now)

    objects = ContactQuerySet.as_manager()

    class Meta:
        ordering = ["recorded_at", "pk"]
        indexes = [models.Index(fields=["next_on"]), models.Index(fields=["patient", "recorded_at"])]

    def __str__(self) -> str:
        return f"{self.get_who_display()} {self.get_outcome_display()}, {self.contacted_on.isoformat()}"


class CaseClosing(AppendOnly):
    """Follow-up of a case ends for a stated reason, or begins again. The last row counts."""

    class Reason(models.TextChoices):
        DECEASED = "deceased", "deceased"
        DECLINED = "declined", "declined by the patient"
        TRANSFERRED = "transferred", "transferred to another centre"
        DISCHARGED = "discharged", "cured or discharged"
        OTHER = "other", "other"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="closings")
    is_closed = models.BooleanField(help_text="False: opened again.")
    reason = models.CharField(max_length=12, choices=Reason, blank=True)
    text = models.CharField(max_length=300, blank=True)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["recorded_at", "pk"]
        indexes = [models.Index(fields=["patient", "recorded_at"])]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(is_closed=False, reason="") | (models.Q(is_closed=True) & ~models.Q(reason="")),
                name="closed_for_a_reason",
            )
        ]

    def __str__(self) -> str:
        return f"closed: {self.get_reason_display()}" if self.is_closed else "opened again"
