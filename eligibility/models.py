"""An assessment is computed on demand; a row exists only where one was frozen under a decision."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone

from patients.models import Patient


class AppendOnlyQuerySet(models.QuerySet):
    def update(self, **values):
        raise TypeError(f"{self.model._meta.verbose_name_plural} are append-only")

    def delete(self):
        raise TypeError(f"{self.model._meta.verbose_name_plural} are append-only")


class Assessment(models.Model):
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

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        ordering = ["guideline_id"]

    def __str__(self) -> str:
        return self.verdict_text

    def save(self, *args, **kwargs):
        if not self._state.adding:
            raise TypeError("assessments are append-only")
        super().save(*args, **kwargs)

    def delete(self, *args, **kwargs):
        raise TypeError("assessments are append-only")


class OutboxCursor(models.Model):
    """How far a reader of the audit trail has come."""

    name = models.CharField(max_length=40, primary_key=True)
    last_id = models.BigIntegerField(default=0)
    updated_at = models.DateTimeField(default=timezone.now)
