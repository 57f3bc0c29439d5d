"""Who must have a next date, as the lists say it, and when that was looked at."""

from django.db import models
from django.utils import timezone

from patients.models import Patient


class WatchState(models.Model):
    """What the lists say of a patient: derived from the rows of the case, made again whenever they change."""

    class SstrClass(models.TextChoices):
        """Of the last SSTR scan; "" only in a state made before classes were kept, until it is made again."""

        RICH = "RICH", "RICH"
        MIXED = "MIXED", "MIXED"
        POOR = "POOR", "POOR"
        UNKNOWN = "UNKNOWN", "UNKNOWN"
        NO_SCAN = "NO_SCAN", "no SSTR scan"

    patient = models.OneToOneField(Patient, primary_key=True, on_delete=models.CASCADE, related_name="watch_state")
    is_open = models.BooleanField()
    has_no_date = models.BooleanField(help_text="The invariant is broken: open, and nobody has given a date.")
    has_unsettled_change = models.BooleanField(default=False, help_text="Of SSTR uptake: no two readers agree on it.")
    opens = models.DateField(null=True, help_text="First day on which the most pressing reason asks for something.")
    due = models.DateField(null=True)
    reasons = models.JSONField()
    sstr_class = models.CharField(max_length=8, choices=SstrClass.choices, blank=True)
    sstr_scan_day = models.DateField(null=True, blank=True, help_text="Of the scan that has this class, if dated.")
    digest = models.CharField(max_length=64)
    changed_at = models.DateTimeField(db_index=True)
    checked_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["is_open", "has_no_date"]),
            models.Index(fields=["is_open", "due"]),
            models.Index(fields=["is_open", "opens"]),
            models.Index(fields=["sstr_class"]),
            models.Index(fields=["is_open", "has_unsettled_change"]),
        ]

    def __str__(self) -> str:
        return f"watch state of {self.patient}"


class MissedLookQuerySet(models.QuerySet):
    def missed(self) -> "MissedLookQuerySet":
        """Without those that are being looked at for the first time, at this moment."""
        return self.filter(models.Q(tries__gt=0) | models.Q(unreturned__gt=1))


class MissedLook(models.Model):
    """A patient whose case could not be read when it was looked at; kept until it can.

    ``unreturned``: looks begun since the last one that came back, well or not; more than one: they ended their process.
    """

    patient = models.OneToOneField(Patient, primary_key=True, on_delete=models.CASCADE, related_name="+")
    first_at = models.DateTimeField(default=timezone.now)
    last_at = models.DateTimeField(default=timezone.now)
    tries = models.PositiveIntegerField(default=0)
    unreturned = models.PositiveSmallIntegerField(default=0)

    objects = MissedLookQuerySet.as_manager()

    def __str__(self) -> str:
        return f"could not be looked at: {self.patient}"


class WatchCheck(models.Model):
    """One look at every patient. ``last_case``: how far it came, so that one that was cut off is taken up again."""

    started_at = models.DateTimeField(default=timezone.now)
    alive_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, db_index=True)
    last_case = models.CharField(max_length=32, blank=True)
    checked = models.PositiveIntegerField(default=0)
    without_date = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    edition = models.CharField(max_length=64, blank=True, help_text="Of the rule sets it was made under.")

    missed: int | None = None  # asked for with the last check: cases that still wait to be read

    class Meta:
        ordering = ["started_at"]

    def __str__(self) -> str:
        return f"check of {self.started_at:%Y-%m-%d}"
