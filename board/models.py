"""What people decided."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models.functions import Coalesce
from django.utils import timezone

from eligibility.models import AppendOnly, AppendOnlyQuerySet, Assessment
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


class DecisionQuerySet(AppendOnlyQuerySet):
    def current(self):
        """Those that no later one has replaced."""
        return self.filter(superseded_by=None)

    def waiting(self):
        """Current ones whose due date still asks for something: not done, as last told, and the case open."""
        told = DecisionFollowUp.objects.filter(decision=models.OuterRef("pk"), kind__in=DecisionFollowUp.OUTCOMES)
        last = models.Subquery(told.order_by("-recorded_at").values("kind")[:1])
        open_ones = of_open_cases(self.current().exclude(due_date=None))
        return open_ones.alias(happened=Coalesce(last, models.Value(""))).exclude(happened=DecisionFollowUp.Kind.DONE)


class BoardDecision(AppendOnly):
    """A later decision supersedes an earlier one."""

    class Outcome(models.TextChoices):
        TREAT = "treat", "treat"
        NOT_YET = "not_yet", "not yet"
        NOT_SUITABLE = "not_suitable", "not suitable"
        MORE_DATA = "more_data", "more data"
        OTHER = "other", "other"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="decisions")
    decided_on = models.DateField()
    outcome = models.CharField(max_length=12, choices=Outcome)
    text = models.TextField()
    owner = models.CharField(max_length=80)
    due_date = models.DateField(null=True, blank=True)
    supersedes = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="superseded_by"
    )
    assessments = models.ManyToManyField(Assessment, related_name="decisions")
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(default=timezone.now)

    objects = DecisionQuerySet.as_manager()

    class Meta:
        ordering = ["decided_on", "recorded_at"]
        indexes = [models.Index(fields=["due_date"]), models.Index(fields=["outcome"])]

    def __str__(self) -> str:
        return f"{self.get_outcome_display()}, {self.decided_on.isoformat()}"


class DecisionFollowUp(AppendOnly):
    """What became of a decision, or what was answered when its ground moved."""

    class Kind(models.TextChoices):
        ACKNOWLEDGED = "acknowledged", "acknowledged"
        RELISTED = "relisted", "to be discussed again"
        ASSIGNED = "assigned", "assigned"
        DONE = "done", "done"
        PARTLY = "partly", "partly done"
        NOT_DONE = "not_done", "not done"

    OUTCOMES = (Kind.DONE, Kind.PARTLY, Kind.NOT_DONE)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    decision = models.ForeignKey(BoardDecision, on_delete=models.PROTECT, related_name="follow_ups")
    kind = models.CharField(max_length=12, choices=Kind)
    reason = models.CharField(max_length=300, blank=True)
    changes_digest = models.CharField(max_length=64, blank=True, help_text="Which changes the author had seen.")
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["recorded_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind="assigned", assignee__isnull=False)
                | (~models.Q(kind="assigned") & models.Q(assignee__isnull=True)),
                name="assigned_to_somebody",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.decision}"

    @property
    def tells_outcome(self) -> bool:
        """What happened, not what was answered to a change."""
        return self.kind in self.OUTCOMES

    @property
    def patient(self):
        return self.decision.patient


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


class DayNotice(models.Model):
    """Everything noticed about one patient on one day (local time), worst first: one event, however much changed."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="day_notices")
    day = models.DateField()
    decision = models.ForeignKey(
        BoardDecision, on_delete=models.PROTECT, related_name="+", help_text="The one the worst change is under."
    )
    severity = models.PositiveSmallIntegerField()
    lines = models.JSONField(help_text="Every change told on that day, with its decision and severity, worst first.")
    first_at = models.DateTimeField(default=timezone.now)
    last_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["first_at"]
        constraints = [models.UniqueConstraint(fields=["patient", "day"], name="one_event_per_patient_and_day")]

    def __str__(self) -> str:
        return f"changed on {self.day.isoformat()}: {self.decision}"


def answers_to_changes(decision: str) -> models.QuerySet:
    """Follow-ups that answered what changed under ``decision`` (an outer field); to assign it is no answer yet."""
    told = DecisionFollowUp.objects.filter(decision=models.OuterRef(decision)).exclude(changes_digest="")
    return told.exclude(kind=DecisionFollowUp.Kind.ASSIGNED)


class NoticeQuerySet(models.QuerySet):
    def unanswered(self):
        """Those under standing decisions whose changes nobody has acknowledged, listed again or followed up since.

        An answer names the changes its author saw: it answers its own notice and every one before it.
        """
        same = models.Q(changes_digest=models.OuterRef("assessment_digest"))
        later = models.Q(recorded_at__gte=models.OuterRef("noticed_at"))
        answered = answers_to_changes("decision").filter(same | later)
        return self.filter(~models.Exists(answered), decision__superseded_by=None)


class DecisionNotice(models.Model):
    """Noticed by the machine: what a decision rested on has changed since."""

    decision = models.ForeignKey(BoardDecision, on_delete=models.PROTECT, related_name="notices")
    event = models.ForeignKey(DayNotice, null=True, on_delete=models.PROTECT, related_name="notices")
    noticed_at = models.DateTimeField(default=timezone.now)
    assessment_digest = models.CharField(max_length=64)
    changes = models.JSONField()

    objects = NoticeQuerySet.as_manager()

    class Meta:
        ordering = ["noticed_at"]
        constraints = [models.UniqueConstraint(fields=["decision", "assessment_digest"], name="one_notice_per_change")]

    def __str__(self) -> str:
        return f"changed since: {self.decision}"

    @property
    def patient(self):
        return self.decision.patient


class WatchState(models.Model):
    """What the lists say of a patient: derived from the rows of the case, made again whenever they change."""

    class SstrClass(models.TextChoices):
        """Of the last SSTR scan; "" only in a state made before classes were kept, until it is made again."""

        RICH = "RICH", "RICH"
        MIXED = "MIXED", "MIXED"
        POOR = "POOR", "POOR"
        UNKNOWN = "UNKNOWN", "UNKNOWN"
        NO_SCAN = "NO_SCAN", "no SSTR scan"

    patient = models.OneToOneField(Patient, primary_key=True, on_delete=models.CASCADE, related_name="watch_state")
    is_open = models.BooleanField()
    has_no_date = models.BooleanField(help_text="The invariant is broken: open, and nobody has given a date.")
    opens = models.DateField(null=True, help_text="First day on which the most pressing reason asks for something.")
    due = models.DateField(null=True)
    reasons = models.JSONField()
    sstr_class = models.CharField(max_length=8, choices=SstrClass.choices, blank=True)
    sstr_scan_day = models.DateField(null=True, blank=True, help_text="Of the scan that has this class, if dated.")
    digest = models.CharField(max_length=64)
    changed_at = models.DateTimeField(db_index=True)
    checked_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["is_open", "has_no_date"]),
            models.Index(fields=["is_open", "due"]),
            models.Index(fields=["is_open", "opens"]),
            models.Index(fields=["sstr_class"]),
        ]

    def __str__(self) -> str:
        return f"watch state of {self.patient}"


class MissedLook(models.Model):
    """A patient whose case could not be read when it was looked at; kept until it can."""

    patient = models.OneToOneField(Patient, primary_key=True, on_delete=models.CASCADE, related_name="+")
    first_at = models.DateTimeField(default=timezone.now)
    last_at = models.DateTimeField(default=timezone.now)
    tries = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"could not be looked at: {self.patient}"


class WatchCheck(models.Model):
    """One look at every patient. ``last_case``: how far it came, so that one that was cut off is taken up again."""

    started_at = models.DateTimeField(default=timezone.now)
    alive_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, db_index=True)
    last_case = models.CharField(max_length=32, blank=True)
    checked = models.PositiveIntegerField(default=0)
    without_date = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    edition = models.CharField(max_length=64, blank=True, help_text="Of the rule sets it was made under.")

    missed: int | None = None  # asked for with the last check: cases that still wait to be read

    class Meta:
        ordering = ["started_at"]

    def __str__(self) -> str:
        return f"check of {self.started_at:%Y-%m-%d}"
