"""What the software proposes for a scan, and what people made of it. A proposal is never a fact by itself."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from imaging.models.foreign import ForeignObject
from imaging.models.regions import Voi
from imaging.models.scans import Lesion, LesionFinding, Scan
from imaging.models.series import SuvResult


class ProposalRun(models.Model):
    """One look at a scan under one SUV result: reference organs, foci, lesions of the scan before."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    scan = models.ForeignKey(Scan, on_delete=models.PROTECT, related_name="proposal_runs")
    suv_result = models.ForeignKey(SuvResult, on_delete=models.PROTECT, related_name="+")
    input_digest = models.CharField(max_length=64)
    method_version = models.CharField(max_length=80)
    parameters = models.JSONField(default=dict, help_text="Thresholds and limits used, each with its unit.")
    registration = models.JSONField(null=True, help_text="How the scan before was laid over this one.")
    warnings = models.JSONField(default=list)
    refusal_code = models.CharField(max_length=40, blank=True, help_text="Why no foci were looked for.")
    refusal_message = models.CharField(max_length=300, blank=True)
    computed_at = models.DateTimeField(default=timezone.now)
    superseded_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["scan", "input_digest", "method_version"], name="one_run_per_input"),
            models.UniqueConstraint(
                fields=["scan"], condition=Q(superseded_at__isnull=True), name="one_current_run_per_scan"
            ),
        ]

    @property
    def patient(self):
        return self.scan.patient


class Proposal(models.Model):
    """A region nobody has accepted yet: a reference organ, a focus, or a contour drawn elsewhere."""

    class Kind(models.TextChoices):
        REFERENCE = "reference", "reference organ"
        FOCUS = "focus", "focus"
        IMPORTED = "imported", "contour of another workstation"

    class State(models.TextChoices):
        OPEN = "open", "open"
        ACCEPTED = "accepted", "accepted"
        REJECTED = "rejected", "rejected"
        PHYSIOLOGIC = "physiologic", "physiologic"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    scan = models.ForeignKey(Scan, on_delete=models.PROTECT, related_name="proposals")
    run = models.ForeignKey(ProposalRun, null=True, on_delete=models.PROTECT, related_name="proposals")
    source = models.ForeignKey(ForeignObject, null=True, on_delete=models.PROTECT, related_name="proposals")
    kind = models.CharField(max_length=10, choices=Kind)
    role = models.CharField(max_length=12, choices=Voi.Role, default=Voi.Role.LESION)
    number = models.PositiveIntegerField(default=0, help_text="Foci: hottest first. Imported: the segment's number.")
    label = models.CharField(max_length=64, blank=True)
    tracking_uid = models.CharField(max_length=64, blank=True)
    lesion = models.ForeignKey(
        Lesion,
        null=True,
        on_delete=models.PROTECT,
        related_name="proposals",
        help_text="The known lesion it may be: by tracking UID, or by its place on the scan before.",
    )
    mask_sha256 = models.CharField(max_length=64, blank=True)
    centre_lps_mm = models.JSONField(null=True)
    radius_mm = models.FloatField(null=True)
    numbers = models.JSONField(default=dict, help_text="SUV in g/mL, volume in mL.")
    guess = models.CharField(max_length=24, blank=True)
    reason = models.CharField(max_length=300, blank=True)
    is_physiologic = models.BooleanField(default=False)
    must_ask = models.BooleanField(default=False)
    refusal_code = models.CharField(max_length=40, blank=True)
    refusal_message = models.CharField(max_length=300, blank=True)
    state = models.CharField(max_length=12, choices=State, default=State.OPEN)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)
    decision_reason = models.CharField(max_length=200, blank=True)
    voi = models.ForeignKey(Voi, null=True, on_delete=models.PROTECT, related_name="proposals")

    class Meta:
        ordering = ["kind", "number"]
        indexes = [
            models.Index(fields=["scan", "state"]),
            models.Index(fields=["state", "scan"]),
            models.Index(fields=["mask_sha256"]),
        ]

    def __str__(self) -> str:
        return self.label or f"{self.get_kind_display()} {self.number}"

    @property
    def patient(self):
        return self.scan.patient


class LesionMatch(models.Model):
    """Where a lesion of the scan before is on this one, as proposed; a person confirms or corrects it."""

    class State(models.TextChoices):
        OPEN = "open", "to be confirmed"
        CONFIRMED = "confirmed", "confirmed"
        CORRECTED = "corrected", "corrected"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    run = models.ForeignKey(ProposalRun, on_delete=models.PROTECT, related_name="matches")
    scan = models.ForeignKey(Scan, on_delete=models.PROTECT, related_name="matches")
    previous_scan = models.ForeignKey(Scan, on_delete=models.PROTECT, related_name="+")
    lesion = models.ForeignKey(Lesion, null=True, on_delete=models.PROTECT, related_name="matches")
    proposal = models.ForeignKey(Proposal, null=True, on_delete=models.PROTECT, related_name="matches")
    related_lesion = models.ForeignKey(
        Lesion,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="The lesion it merged into, or was split from.",
    )
    status = models.CharField(max_length=16, choices=LesionFinding.Status)
    confidence = models.FloatField(null=True, help_text="0 to 1; empty where nothing could be compared.")
    parts = models.JSONField(default=dict, help_text="What the confidence is made of, and the place in LPS mm.")
    reason = models.CharField(max_length=300, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    decided_status = models.CharField(max_length=16, choices=LesionFinding.Status, blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)
    decision_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["lesion__label", "-confidence"]
        indexes = [models.Index(fields=["scan", "state"]), models.Index(fields=["state", "scan"])]

    def __str__(self) -> str:
        return f"{self.lesion.label if self.lesion else 'new focus'} on {self.scan}"

    @property
    def patient(self):
        return self.scan.patient
