"""Readings: a reader's scores of one scan, final once signed."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone

from imaging.models.scans import Lesion, Scan
from patients.models import SsaInjection

SIGNED_IS_FINAL = "a signed reading is never changed; amend it with a new version"


class SignedQuerySet(models.QuerySet):
    """Rows of a reading. Those of a signed one are refused here too, not only in ``save``."""

    def update(self, **values):
        self._refuse_signed()
        return super().update(**values)

    def delete(self):
        self._refuse_signed()
        return super().delete()

    def _refuse_signed(self):
        if self.filter(**{self.model.SIGNED_LOOKUP: Reading.State.SIGNED}).exists():
            raise TypeError(SIGNED_IS_FINAL)


class Reading(models.Model):
    """A reader's scores for one scan. Draft until signed; a signed reading is never changed, only amended."""

    class State(models.TextChoices):
        DRAFT = "draft", "draft"
        SIGNED = "signed", "signed"

    class ColdLesions(models.TextChoices):
        """Uptake cannot find a lesion without uptake, so the reader says whether others were looked for."""

        NONE = "none", "none"
        LISTED = "listed", "listed among the lesions"
        NOT_ASSESSED = "not_assessed", "not assessed"

    class Quality(models.TextChoices):
        GOOD = "good", "good"
        LIMITED = "limited", "limited"
        NON_DIAGNOSTIC = "non_diagnostic", "non-diagnostic"

    class Ssa(models.TextChoices):
        """Which one and when is an injection of the chart; it is kept there, once."""

        GIVEN = "given", "given"
        NONE = "none", "none"
        UNKNOWN = "unknown", "unknown"

    class Extravasation(models.TextChoices):
        NONE = "none", "none"
        SUSPECTED = "suspected", "suspected"
        SEEN = "seen", "seen"
        UNKNOWN = "unknown", "unknown"

    class Netpet(models.TextChoices):
        P0 = "P0", "P0"
        P1 = "P1", "P1"
        P2A = "P2a", "P2a"
        P2B = "P2b", "P2b"
        P3A = "P3a", "P3a"
        P3B = "P3b", "P3b"
        P4A = "P4a", "P4a"
        P4B = "P4b", "P4b"
        P5 = "P5", "P5"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    scan = models.ForeignKey(Scan, on_delete=models.PROTECT, related_name="readings")
    reader = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="readings")
    scale_id = models.CharField(max_length=12, default="KR-ORIG")
    state = models.CharField(max_length=8, choices=State, default=State.DRAFT)
    version = models.PositiveSmallIntegerField(default=1)
    amends = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="amendments")
    comment = models.TextField(blank=True)
    quality = models.CharField("image quality", max_length=14, choices=Quality, blank=True)
    quality_note = models.CharField(max_length=200, blank=True)
    ssa = models.CharField("somatostatin analogue before the scan", max_length=8, choices=Ssa, blank=True)
    ssa_injection = models.ForeignKey(
        SsaInjection, null=True, blank=True, on_delete=models.PROTECT, related_name="+", editable=False
    )
    extravasation = models.CharField("extravasation", max_length=10, choices=Extravasation, blank=True)
    cold_lesions = models.CharField(
        "lesions on CT, FDG or the previous scan without uptake", max_length=12, choices=ColdLesions, blank=True
    )
    paired_scan = models.ForeignKey(
        Scan, null=True, blank=True, on_delete=models.PROTECT, related_name="paired_readings", editable=False
    )
    netpet_class = models.CharField("NETPET class, confirmed by the reader", max_length=4, choices=Netpet, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    signed_at = models.DateTimeField(null=True, editable=False)
    inputs_sha256 = models.CharField(
        max_length=64, blank=True, editable=False, help_text="Of every number that stood beside it when it was signed."
    )

    SIGNED_LOOKUP = "state"
    objects = SignedQuerySet.as_manager()

    class Meta:
        ordering = ["scan", "version"]
        indexes = [models.Index(fields=["reader", "state"])]

    def __str__(self) -> str:
        return f"reading {self.version} of {self.scan} ({self.get_state_display()})"

    @property
    def patient(self):
        return self.scan.patient

    def save(self, *args, **kwargs):
        _refuse_signed(self.pk)
        super().save(*args, **kwargs)

    def delete(self, *args, **kwargs):
        _refuse_signed(self.pk)
        return super().delete(*args, **kwargs)


class LesionReading(models.Model):
    class Relation(models.TextChoices):
        NONE = "none", "no uptake"
        BELOW = "below", "below liver"
        EQUAL = "equal", "equal to liver"
        ABOVE = "above", "above liver"
        NOT_STATED = "", "from the score"

    class FdgRelation(models.TextChoices):
        """Seen by eye, FDG beside SSTR: the SUVs of two tracers are never compared."""

        NEGATIVE = "negative", "FDG negative"
        LESS = "less", "FDG less than SSTR"
        EQUAL = "equal", "FDG equal to SSTR"
        MORE = "more", "FDG more than SSTR"
        NOT_STATED = "", "not stated"

    class Rads(models.TextChoices):
        """SSTR-RADS 1.0 (Werner et al., J Nucl Med 2018;59:1085), by the reader only."""

        R1A = "1A", "1A benign, no uptake"
        R1B = "1B", "1B benign, with uptake"
        R2 = "2", "2 likely benign"
        R3A = "3A", "3A equivocal, soft tissue"
        R3B = "3B", "3B equivocal, bone"
        R3C = "3C", "3C intense, atypical for NEN"
        R3D = "3D", "3D suspicious, no uptake"
        R4 = "4", "4 intense, no clear correlate on CT"
        R5 = "5", "5 intense, with correlate on CT"
        NOT_STATED = "", "not stated"

    reading = models.ForeignKey(Reading, on_delete=models.CASCADE, related_name="lesions")
    lesion = models.ForeignKey(Lesion, on_delete=models.PROTECT, related_name="lesion_readings")
    score_low = models.PositiveSmallIntegerField("Krenning, lowest", null=True, blank=True)
    score_high = models.PositiveSmallIntegerField(
        "Krenning, highest", null=True, blank=True, help_text='"<= 1" is 0 to 1; leave both empty when not stated.'
    )
    relation_to_liver = models.CharField(max_length=8, choices=Relation, blank=True, default="")
    fdg_relation = models.CharField("FDG by eye", max_length=8, choices=FdgRelation, blank=True, default="")
    text = models.CharField(max_length=80, blank=True, help_text='Verbatim, e.g. "low uptake".')
    difference_reason = models.CharField("reason for differing from the computed score", max_length=120, blank=True)
    rads = models.CharField("SSTR-RADS", max_length=2, choices=Rads, blank=True, default="")
    rads_version = models.CharField(max_length=16, blank=True, editable=False)

    SIGNED_LOOKUP = "reading__state"
    objects = SignedQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["reading", "lesion"], name="one_score_per_lesion")]

    def __str__(self) -> str:
        return f"{self.lesion.label}: {self.text or self.score_text}"

    @property
    def score_text(self) -> str:
        if self.score_low is None:
            return "not stated"
        return str(self.score_low) if self.score_low == self.score_high else f"{self.score_low} to {self.score_high}"

    @property
    def is_read(self) -> bool:
        """A number, a relation, FDG by eye, or the words why there is none."""
        return self.score_low is not None or bool(self.relation_to_liver or self.fdg_relation or self.text)

    @property
    def patient(self):
        return self.reading.scan.patient

    def save(self, *args, **kwargs):
        _refuse_signed(self.reading_id)
        super().save(*args, **kwargs)

    def delete(self, *args, **kwargs):
        _refuse_signed(self.reading_id)
        return super().delete(*args, **kwargs)


def _refuse_signed(reading_id) -> None:
    if Reading.objects.filter(pk=reading_id, state=Reading.State.SIGNED).exists():
        raise TypeError(SIGNED_IS_FINAL)
