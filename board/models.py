"""What people decided."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone

from eligibility.models import AppendOnlyQuerySet, Assessment
from patients.models import Patient


class BoardDecision(models.Model):
    """Append-only: a later decision supersedes an earlier one and never edits it."""

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

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        ordering = ["decided_on", "recorded_at"]
        indexes = [models.Index(fields=["due_date"]), models.Index(fields=["outcome"])]

    def __str__(self) -> str:
        return f"{self.get_outcome_display()}, {self.decided_on.isoformat()}"

    def save(self, *args, **kwargs):
        if not self._state.adding:
            raise TypeError("board decisions are append-only")
        super().save(*args, **kwargs)

    def delete(self, *args, **kwargs):
        raise TypeError("board decisions are append-only")


class DecisionNotice(models.Model):
    """Noticed by the machine: what a decision rested on has changed since."""

    decision = models.ForeignKey(BoardDecision, on_delete=models.PROTECT, related_name="notices")
    noticed_at = models.DateTimeField(default=timezone.now)
    assessment_digest = models.CharField(max_length=64)
    changes = models.JSONField()

    class Meta:
        ordering = ["noticed_at"]
        constraints = [models.UniqueConstraint(fields=["decision", "assessment_digest"], name="one_notice_per_change")]

    def __str__(self) -> str:
        return f"changed since: {self.decision}"

    @property
    def patient(self):
        return self.decision.patient
