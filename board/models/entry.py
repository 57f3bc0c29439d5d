"""Data on their way into a chart: the draft of the proforma, its way back, and what was stated to be unknown."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone

from eligibility.models import AppendOnly
from patients.models import Patient


class EntryDraft(models.Model):
    """What is typed and not yet submitted: of a case one draft for everybody, of a case to come one of its writer.

    ``data`` holds only what differs from the chart: ``values`` by field name, ``base`` what the chart said where each
    was typed, ``rows`` the names under which submitted rows are known on open pages, ``answers`` about other cases.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    key = models.UUIDField(default=uuid.uuid4, help_text="Made by the page of a case to come; its writer's own.")
    patient = models.OneToOneField(Patient, null=True, on_delete=models.PROTECT, related_name="entry_draft")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    version = models.PositiveIntegerField(default=0)
    data = models.JSONField(default=dict)
    updated_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    updated_at = models.DateTimeField(default=timezone.now)
    submitted_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    submitted_at = models.DateTimeField(null=True)
    missing = models.PositiveSmallIntegerField(default=0, help_text="Core fields without an answer when submitted.")
    noted_at = models.DateTimeField(null=True, help_text="When the coordinator took it off the list.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="one_entry_per_writer_and_key")]
        indexes = [models.Index(fields=["submitted_at"]), models.Index(fields=["user", "updated_at"])]

    def __str__(self) -> str:
        return f"entry {self.pk}, version {self.version}"


class StatedUnknown(AppendOnly):
    """Somebody said that a value is not known, where the chart itself can only be empty. The last row counts."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="stated_unknowns")
    lineage = models.UUIDField(null=True, help_text="The row it is about; empty for the case itself.")
    name = models.CharField(max_length=40)
    is_unknown = models.BooleanField(default=True, help_text="False: it is known now, or the answer was taken back.")
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["recorded_at", "pk"]
        indexes = [models.Index(fields=["patient", "name"])]

    def __str__(self) -> str:
        return f"{self.name}: {'unknown' if self.is_unknown else 'answered'}"


class EntryReturn(AppendOnly):
    """A submitted entry goes back to its author with a question; open until somebody submits it with an answer."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="entry_returns")
    question = models.CharField(max_length=300)
    asked_of = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="entries_returned")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["asked_at", "pk"]

    def __str__(self) -> str:
        return f"entry returned {self.asked_at:%Y-%m-%d %H:%M}"


class ReturnAnswer(AppendOnly):
    """What was answered when the entry was submitted again."""

    about = models.OneToOneField(EntryReturn, on_delete=models.PROTECT, related_name="answer")
    text = models.CharField(max_length=300)
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    answered_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["answered_at", "pk"]

    def __str__(self) -> str:
        return f"answer of {self.answered_at:%Y-%m-%d %H:%M}"
