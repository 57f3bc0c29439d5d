"""The chain over everything signed, and the answers to forms that were sent twice."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from eligibility.models import AppendOnly


class ChainLink(AppendOnly):
    """One signed thing. ``hash`` covers its content and the link before, so that nothing can be changed quietly."""

    sequence = models.PositiveBigIntegerField(primary_key=True)
    kind = models.CharField(max_length=16)
    object_id = models.UUIDField()
    edition = models.PositiveSmallIntegerField(default=1, help_text="Of the list of columns that it seals.")
    content_hash = models.CharField(max_length=64)
    previous_hash = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64, unique=True)
    signed_at = models.DateTimeField()
    signed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["sequence"]
        constraints = [models.UniqueConstraint(fields=["kind", "object_id"], name="one_link_per_object")]

    def __str__(self) -> str:
        return f"{self.sequence}: {self.kind} {self.object_id}"


class ChainHead(models.Model):
    """The last link: held while one is added, and what shows that the end was cut off."""

    sequence = models.PositiveBigIntegerField(default=0)
    hash = models.CharField(max_length=64, blank=True)

    def __str__(self) -> str:
        return f"head {self.sequence}"


class Submission(models.Model):
    """A form that was taken: the same key from the same person again gets the same answer, and does nothing."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=64)
    kind = models.CharField(max_length=24)
    answer = models.JSONField(default=dict)
    made_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="one_effect_per_submission")]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"
