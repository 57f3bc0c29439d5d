"""Contours and measurements that another workstation made: kept beside ours, never mixed with them."""

import uuid

from django.db import models
from django.utils import timezone

from imaging.models.scans import Scan
from imaging.models.series import Series


class ForeignObject(models.Model):
    """One DICOM SEG, RTSTRUCT or SR: what it holds, and what became of each part of it."""

    class Kind(models.TextChoices):
        SEG = "seg", "segmentation (SEG)"
        RTSTRUCT = "rtstruct", "structure set (RTSTRUCT)"
        SR = "sr", "measurement report (SR)"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    series = models.ForeignKey(Series, on_delete=models.PROTECT, related_name="foreign_objects")
    scan = models.ForeignKey(Scan, null=True, on_delete=models.PROTECT, related_name="foreign_objects")
    kind = models.CharField(max_length=8, choices=Kind)
    sop_uid = models.CharField(max_length=64)
    sha256 = models.CharField(max_length=64)
    label = models.CharField(max_length=64, blank=True)
    outcomes = models.JSONField(default=list, help_text="Per segment: number, label, outcome, code, message.")
    measurements = models.JSONField(default=list, help_text="SR: groups with their values as they were sent.")
    warnings = models.JSONField(default=list)
    refusal_code = models.CharField(max_length=40, blank=True)
    refusal_message = models.CharField(max_length=300, blank=True)
    input_digest = models.CharField(max_length=64, blank=True, help_text="Of the grid the contours were laid on.")
    read_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["read_at"]
        constraints = [models.UniqueConstraint(fields=["series", "sop_uid"], name="one_row_per_foreign_object")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.label}".strip()

    @property
    def patient(self):
        return self.scan.patient if self.scan else None
