"""Readings: a reader's scores of one scan, final once signed."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone

from imaging.models.scans import Lesion, Scan

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
    cold_lesions = models.CharField(
        "lesions on CT, FDG or the previous scan without uptake", max_length=12, choices=ColdLesions, blank=True
    )
    paired_scan = models.ForeignKey(
        Scan, null=True, blank=True, on_delete=models.PROTECT, related_name="paired_readings", editable=False
    )
    netpet_class = models.CharField("NETPET class, confirmed by the reader", max_length=4, choices=Netpet, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    signed_at = models.DateTimeField(null=True, editable=False)

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

    reading = models.ForeignKey(Reading, on_delete=models.CASCADE, related_name="lesions")
    lesion = models.ForeignKey(Lesion, on_delete=models.PROTECT, related_name="lesion_readings")
    score_low = models.PositiveSmallIntegerField("Krenning, lowest", null=True, blank=True)
    score_high = models.PositiveSmallIntegerField(
        "Krenning, highest", null=True, blank=True, help_text='"<= 1" is 0 to 1; leave both empty when not stated.'
    )
    relation_to_liver = models.CharField(max_length=8, choices=Relation, blank=True, default="")
    fdg_relation = models.CharField("FDG by eye", max_length=8, choices=FdgRelation, blank=True, default="")
    text = models.CharField(max_length=80, blank=True, help_text='Verbatim, e.g. "low uptake".')
    difference_reason = models.CharField(max_length=120, blank=True)

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
