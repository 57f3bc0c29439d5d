"""Uploads and the jobs that work on what came in."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone

from imaging.models.series import Series
from patients.models import Patient


class Job(models.Model):
    """The truth about a piece of work; a broker message only says that one is waiting."""

    class State(models.TextChoices):
        QUEUED = "queued", "waiting"
        RUNNING = "running", "running"
        DONE = "done", "done"
        FAILED = "failed", "failed"
        CANCELLED = "cancelled", "cancelled"

    OPEN = (State.QUEUED, State.RUNNING)
    WITHOUT_RESULT = (State.FAILED, State.CANCELLED)

    class Kind(models.TextChoices):
        IMPORT = "import", "import of an upload"
        SERIES = "series", "SUV and volume of a series"
        MEASURE = "measure", "measurements of a scan"
        SCAN = "scan", "proposals and pictures of a scan"
        CONTOURS = "contours", "contours of another workstation"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=12, choices=Kind)
    subject_id = models.UUIDField()
    input_digest = models.CharField(max_length=64)
    method_version = models.CharField(max_length=24)
    patient = models.ForeignKey(Patient, null=True, on_delete=models.PROTECT, related_name="jobs")
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    token = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    last_rung_at = models.DateTimeField(null=True)
    stage = models.CharField(max_length=40, blank=True)
    progress_done = models.PositiveIntegerField(default=0)
    progress_total = models.PositiveIntegerField(default=0)
    steps = models.JSONField(default=list, help_text="Stages of the last attempt, each with the time it began.")
    reason_code = models.CharField(max_length=40, blank=True)
    message = models.CharField(max_length=300, blank=True)
    cancelled_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject_id", "input_digest", "method_version"], name="one_job_per_input"
            )
        ]
        indexes = [
            models.Index(fields=["state", "lease_until"]),
            models.Index(fields=["subject_id"]),
            models.Index(fields=["created_at"]),
            models.Index(fields=["finished_at"]),
        ]
        ordering = ["created_at"]


class Upload(models.Model):
    class State(models.TextChoices):
        RECEIVING = "receiving", "receiving files"
        RECEIVED = "received", "received, waiting"
        DONE = "done", "done"
        FAILED = "failed", "failed"

    class Source(models.TextChoices):
        BROWSER = "browser", "browser"
        COMMAND = "command", "command line"
        DEMO = "demo", "demonstration data"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="uploads")
    patient = models.ForeignKey(Patient, null=True, blank=True, on_delete=models.PROTECT, related_name="uploads")
    source = models.CharField(max_length=8, choices=Source)
    state = models.CharField(max_length=10, choices=State, default=State.RECEIVING)
    reason_code = models.CharField(max_length=40, blank=True)
    file_count = models.PositiveIntegerField(default=0, editable=False)
    byte_count = models.PositiveBigIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(default=timezone.now)
    received_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["created_at"])]

    def __str__(self) -> str:
        return f"import of {self.created_at:%Y-%m-%d %H:%M}"


class UploadItem(models.Model):
    class Outcome(models.TextChoices):
        WAITING = "waiting", "waiting"
        STORED = "stored", "stored"
        ALREADY = "already", "already here"
        REFUSED = "refused", "refused"
        HELD = "held", "held"

    upload = models.ForeignKey(Upload, on_delete=models.CASCADE, related_name="items")
    label = models.CharField(max_length=200, help_text="The sender's file name; shown to the sender, never a path.")
    sha256 = models.CharField(max_length=64, blank=True)
    size = models.PositiveBigIntegerField(default=0)
    outcome = models.CharField(max_length=8, choices=Outcome, default=Outcome.WAITING)
    reason_code = models.CharField(max_length=40, blank=True)
    detail = models.CharField(max_length=200, blank=True)
    differences = models.JSONField(
        default=list, help_text="Of a second file under one UID: tag and name of each element that differs; no values."
    )
    series = models.ForeignKey(Series, null=True, on_delete=models.SET_NULL, related_name="upload_items")
    closed_at = models.DateTimeField(null=True, help_text="Held in no series: a person has looked and left it at that.")
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    closed_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["upload", "outcome"]),
            models.Index(
                fields=["upload", "reason_code"],
                condition=models.Q(outcome="held", series=None, closed_at=None),
                name="held_files_to_look_at",
            ),
        ]
