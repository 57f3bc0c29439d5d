"""Questions to many cases that are kept, and exports with what was asked, agreed and handed out."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone


class CohortQuestion(models.Model):
    """A saved question of one user: its choices, its words and digest, and what it found when it was last kept."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="cohort_questions")
    name = models.CharField(max_length=60)
    choices = models.JSONField()
    text = models.CharField(max_length=600)
    digest = models.CharField(max_length=64)
    found = models.JSONField(default=dict, help_text="Case id -> what was said of it, when it was last kept.")
    found_at = models.DateTimeField(default=timezone.now)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["user", "name"], name="one_cohort_question_of_a_name")]

    def __str__(self) -> str:
        return self.name


class CohortExport(models.Model):
    """One de-identified export. The row is the truth about it; a message of the broker only says that one waits."""

    class State(models.TextChoices):
        ASKED = "asked", "waiting for second approval"
        REFUSED = "refused", "refused"
        QUEUED = "queued", "waiting"
        RUNNING = "running", "running"
        DONE = "done", "done"
        FAILED = "failed", "stopped"

    OPEN = (State.QUEUED, State.RUNNING)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    choices = models.JSONField()
    query_text = models.CharField(max_length=600)
    query_digest = models.CharField(max_length=64)
    tables = models.JSONField()
    known_at = models.DateTimeField(null=True, help_text="Only what was recorded by then; empty: when the job begins.")
    has_free_text = models.BooleanField(default=False)
    agreement = models.CharField("data use agreement", max_length=80)
    reason = models.CharField(max_length=300)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="cohort_exports")
    asked_at = models.DateTimeField(default=timezone.now)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)
    refusal = models.CharField(max_length=300, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.ASKED)
    token = models.PositiveIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    last_rung_at = models.DateTimeField(null=True)
    stage = models.CharField(max_length=40, blank=True)
    progress_done = models.PositiveIntegerField(default=0)
    progress_total = models.PositiveIntegerField(default=0)
    reason_code = models.CharField(max_length=40, blank=True)
    patients = models.PositiveIntegerField(null=True)
    rows = models.JSONField(default=dict, help_text="Table -> number of rows.")
    members = models.JSONField(default=dict, help_text="Case id -> digest of its rows before they were de-identified.")
    sha256 = models.CharField(max_length=64, blank=True)
    size = models.PositiveBigIntegerField(default=0)
    finished_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    removed_at = models.DateTimeField(null=True, help_text="When the file was deleted.")

    class Meta:
        ordering = ["-asked_at"]
        indexes = [models.Index(fields=["state", "lease_until"]), models.Index(fields=["asked_by", "asked_at"])]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(decided_by=None) | ~models.Q(decided_by=models.F("asked_by")),
                name="export_decided_by_another_person",
            )
        ]

    def __str__(self) -> str:
        return f"export of {self.asked_at:%Y-%m-%d %H:%M}"

    @property
    def is_there(self) -> bool:
        """Whether the file can still be fetched."""
        return self.state == self.State.DONE and self.removed_at is None and not self.is_expired

    @property
    def is_expired(self) -> bool:
        return self.expires_at is not None and self.expires_at <= timezone.now()

    @property
    def percent(self) -> int:
        if self.state == self.State.DONE:
            return 100
        return 100 * self.progress_done // self.progress_total if self.progress_total else 0
