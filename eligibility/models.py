"""An assessment is computed on demand; a row exists only where one was frozen under a decision."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone

from patients.added_rows import AppendOnly, AppendOnlyQuerySet
from patients.models import Patient

__all__ = ["AppendOnly", "AppendOnlyQuerySet", "Assessment", "ChangeVerdict"]


class Assessment(AppendOnly):
    """What one rule set said about one patient on one day, with every fact it used. Never changed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="assessments")
    guideline_id = models.CharField(max_length=48)
    guideline_version = models.CharField(max_length=24)
    guideline_sha256 = models.CharField(max_length=64)
    as_of = models.DateField()
    known_at = models.DateTimeField()
    facts = models.JSONField()
    rows = models.JSONField()
    verdict = models.CharField(max_length=40)
    verdict_text = models.CharField(max_length=200, default="")
    digest = models.CharField(max_length=64)
    frozen_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    frozen_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["guideline_id"]

    def __str__(self) -> str:
        return self.verdict_text


class ChangeVerdict(AppendOnly):
    """What one reader says of the change between two scans. Each reader's first verdict on an assessment is blinded."""

    class Verdict(models.TextChoices):
        CONFIRMED = "confirmed", "confirmed"
        EXPLAINED = "explained", "explained by something else"
        UNSURE = "unsure", "unsure"

    class Kind(models.TextChoices):
        TRUE_CHANGE = "true_change", "true change"
        OPTIMISATION = "optimisation", "optimisation of the examination"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="change_verdicts")
    before_scan = models.UUIDField(help_text="Lineage of the first scan.")
    after_scan = models.UUIDField(help_text="Lineage of the second scan.")
    digest = models.CharField(max_length=64, help_text="Of the assessment that was looked at.")
    method_version = models.CharField(max_length=24)
    change_class = models.CharField(max_length=20, help_text="The class as it was shown.")
    sentence = models.TextField(help_text="The sentence as it was shown.")
    verdict = models.CharField(max_length=12, choices=Verdict)
    kind = models.CharField("kind of change", max_length=14, choices=Kind)
    comment = models.CharField(max_length=300, blank=True)
    reader = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="change_verdicts")
    recorded_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["recorded_at", "pk"]
        indexes = [models.Index(fields=["patient", "recorded_at"])]

    def __str__(self) -> str:
        return f"{self.get_verdict_display()}, {self.get_kind_display()}"


class OutboxCursor(models.Model):
    """How far a reader of the audit trail has come."""

    name = models.CharField(max_length=40, primary_key=True)
    last_id = models.BigIntegerField(default=0)
    updated_at = models.DateTimeField(default=timezone.now)
