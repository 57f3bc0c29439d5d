"""What the machine noticed under a standing decision."""

from django.db import models
from django.utils import timezone

from board.models.decisions import BoardDecision, DecisionFollowUp
from patients.models import Patient


class DayNotice(models.Model):
    """Everything noticed about one patient on one day (local time), worst first: one event, however much changed."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="day_notices")
    day = models.DateField()
    decision = models.ForeignKey(
        BoardDecision, on_delete=models.PROTECT, related_name="+", help_text="The one the worst change is under."
    )
    severity = models.PositiveSmallIntegerField()
    lines = models.JSONField(help_text="Every change told on that day, with its decision and severity, worst first.")
    first_at = models.DateTimeField(default=timezone.now)
    last_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["first_at"]
        constraints = [models.UniqueConstraint(fields=["patient", "day"], name="one_event_per_patient_and_day")]

    def __str__(self) -> str:
        return f"changed on {self.day.isoformat()}: {self.decision}"


def answers_to_changes(decision: str) -> models.QuerySet:
    """Follow-ups that answered what changed under ``decision`` (an outer field); to assign it is no answer yet."""
    told = DecisionFollowUp.objects.filter(decision=models.OuterRef(decision)).exclude(changes_digest="")
    return told.exclude(kind=DecisionFollowUp.Kind.ASSIGNED)


class NoticeQuerySet(models.QuerySet):
    def unanswered(self):
        """Those under standing decisions whose changes nobody has acknowledged, listed again or followed up since.

        An answer names the changes its author saw: it answers its own notice and every one before it.
        """
        same = models.Q(changes_digest=models.OuterRef("assessment_digest"))
        later = models.Q(recorded_at__gte=models.OuterRef("noticed_at"))
        answered = answers_to_changes("decision").filter(same | later)
        return self.filter(~models.Exists(answered), decision__superseded_by=None)


class DecisionNotice(models.Model):
    """Noticed by the machine: what a decision rested on has changed since."""

    decision = models.ForeignKey(BoardDecision, on_delete=models.PROTECT, related_name="notices")
    event = models.ForeignKey(DayNotice, null=True, on_delete=models.PROTECT, related_name="notices")
    noticed_at = models.DateTimeField(default=timezone.now)
    assessment_digest = models.CharField(max_length=64)
    changes = models.JSONField()

    objects = NoticeQuerySet.as_manager()

    class Meta:
        ordering = ["noticed_at"]
        constraints = [models.UniqueConstraint(fields=["decision", "assessment_digest"], name="one_notice_per_change")]

    def __str__(self) -> str:
        return f"changed since: {self.decision}"

    @property
    def patient(self):
        return self.decision.patient
