"""What people decided, and what became of it."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models.functions import Coalesce
from django.utils import timezone

from board.models.cases import of_open_cases
from eligibility.models import AppendOnly, AppendOnlyQuerySet, Assessment
from patients.models import Patient


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


class NextStep(models.TextChoices):
    """The modality a recommendation asks for next."""

    SSTR_PET = "sstr_pet", "SSTR PET/CT"
    FDG_PET = "fdg_pet", "FDG PET/CT"
    CT_MRI = "ct_mri", "CT or MRI"
    LABS = "labs", "laboratory values"
    BIOPSY = "biopsy", "biopsy"
    PRRT = "prrt", "PRRT"
    SYSTEMIC = "systemic", "other systemic treatment"
    LOCAL = "local", "surgery or local treatment"
    VISIT = "visit", "visit"
    OTHER = "other", "other, see text"
    NOTHING = "nothing", "nothing: follow-up ends"


class BoardDecision(AppendOnly):
    """What a board decided, as it was signed. A later decision, or an amendment with its reason, supersedes it.

    Fields of a meeting are empty where a decision was taken outside one, or before they were asked for.
    """

    class Outcome(models.TextChoices):
        TREAT = "treat", "treat"
        NOT_YET = "not_yet", "not yet"
        NOT_SUITABLE = "not_suitable", "not suitable"
        MORE_DATA = "more_data", "more data"
        OTHER = "other", "other"

    class Agreement(models.TextChoices):
        CONSENSUS = "consensus", "consensus"
        MAJORITY = "majority", "majority"

    CONSIDERED = ("stage", "guideline", "trial", "genetics", "supportive")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="decisions")
    item = models.ForeignKey(
        "board.AgendaItem", null=True, blank=True, on_delete=models.PROTECT, related_name="decisions"
    )
    question = models.CharField(max_length=200, blank=True)
    decided_on = models.DateField()
    outcome = models.CharField(max_length=12, choices=Outcome)
    text = models.TextField()
    owner = models.CharField(max_length=80)
    next_step = models.CharField("next step", max_length=12, choices=NextStep, blank=True)
    interval_days = models.PositiveSmallIntegerField("within days", null=True, blank=True)
    due_date = models.DateField(null=True, blank=True)
    considered = models.JSONField(default=list, blank=True, help_text="Of CONSIDERED, what the discussion covered.")
    agreement = models.CharField(max_length=10, choices=Agreement, blank=True)
    dissent = models.CharField(max_length=600, blank=True)
    quorum = models.JSONField(null=True, blank=True, help_text="Light, present and missing disciplines when signed.")
    change_class = models.CharField(max_length=20, blank=True, help_text="Of the last pair of scans, as shown.")
    ground = models.JSONField(null=True, blank=True, help_text="Measurements and readings with digests, as signed.")
    amendment_reason = models.CharField(max_length=300, blank=True)
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
