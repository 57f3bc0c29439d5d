"""An import of tables as a whole, and what became of each of its rows. No cell of the file is kept here."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone


class ImportBatch(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="import_batches")
    at = models.DateTimeField(default=timezone.now)
    sha256 = models.CharField(max_length=64)
    said = models.CharField(max_length=80, help_text="How the file was read: kind, encoding, separator.")
    is_only_good = models.BooleanField(default=False)
    counts = models.JSONField(default=dict)
    undone_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    undo_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-at"]
        indexes = [models.Index(fields=["by", "-at"])]

    def __str__(self) -> str:
        return f"import of {self.at:%Y-%m-%d %H:%M}"


class ImportRow(models.Model):
    batch = models.ForeignKey(ImportBatch, on_delete=models.PROTECT, related_name="rows")
    patient = models.ForeignKey("patients.Patient", null=True, on_delete=models.PROTECT, related_name="import_rows")
    table = models.CharField(max_length=24)
    number = models.PositiveIntegerField()
    outcome = models.CharField(max_length=16)
    code = models.CharField(max_length=40)
    column = models.CharField(max_length=40, blank=True)
    object_id = models.UUIDField(null=True, db_index=True)
    made_at = models.DateTimeField(null=True)
    undone = models.CharField(max_length=16, blank=True)

    class Meta:
        ordering = ["id"]
