"""Scans of a patient, and lesions with one identity across them."""

from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from imaging.models.series import Series
from patients.domain.contradictions import Contradiction
from patients.models import ClinicalRow, Versioned


class Scan(ClinicalRow):
    """One attached PET (with its CT) of one patient; ``clinical_date`` is the acquisition date."""

    class SsaStatus(models.TextChoices):
        NONE = "none", "no SSA"
        ON = "on", "on SSA"
        UNKNOWN = "unknown", "unknown"

    PLAUSIBLE = {"uptake_min": 600, "peptide_ug": 10_000}

    pet_series = models.ForeignKey(Series, null=True, blank=True, on_delete=models.PROTECT, related_name="pet_of_scans")
    ct_series = models.ForeignKey(Series, null=True, blank=True, on_delete=models.PROTECT, related_name="ct_of_scans")
    tracer = models.CharField(max_length=24, blank=True)
    label = models.CharField(max_length=40, blank=True, help_text='E.g. "baseline".')
    ssa_status = models.CharField(max_length=8, choices=SsaStatus, default=SsaStatus.UNKNOWN)
    quality_note = models.CharField(max_length=200, blank=True)
    is_illustrative = models.BooleanField(
        default=False,
        help_text="Images and their header were drawn for a demonstration: shown, never a fact of a comparison.",
    )
    uptake_min = models.DecimalField(
        "uptake time (min)",
        max_digits=5,
        decimal_places=1,
        null=True,
        blank=True,
        help_text="As stated by the site; empty: taken from the header.",
    )
    uses_psf = models.BooleanField("resolution modelling (PSF)", null=True, blank=True)
    uses_tof = models.BooleanField("time of flight (TOF)", null=True, blank=True)
    peptide_ug = models.DecimalField("peptide mass (µg)", max_digits=7, decimal_places=2, null=True, blank=True)
    high_dose_steroid = models.BooleanField("high-dose glucocorticoid at the scan", null=True, blank=True)
    has_inflammation = models.BooleanField("inflammation or treatment effect seen", null=True, blank=True)

    class Meta(ClinicalRow.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["pet_series"], condition=Q(superseded_at__isnull=True), name="one_scan_per_pet_series"
            )
        ]

    def __str__(self) -> str:
        """With its case: scans of different patients stand in one list."""
        return f"{self.patient.case_number}: {super().__str__()}"

    def headline(self) -> str:
        return " ".join(word for word in (self.tracer or "scan", self.label) if word)

    def tidy(self):
        for name in self.PLAUSIBLE:
            value = getattr(self, name)
            if isinstance(value, Decimal) and value <= 0:
                raise ValidationError({name: "Give a value above 0, or leave it empty."})

    def contradictions(self) -> list[Contradiction]:
        return [*super().contradictions(), *(self._above(name, most) for name, most in self._beyond())]

    def _beyond(self):
        values = ((name, most, getattr(self, name)) for name, most in self.PLAUSIBLE.items())
        return [(name, most) for name, most, value in values if isinstance(value, Decimal) and value > most]

    def _above(self, name: str, most: int) -> Contradiction:
        label = str(self._meta.get_field(name).verbose_name)
        return Contradiction(name, f"This {label} is above the plausible {most}.", (name,))


class Lesion(ClinicalRow):
    class Kind(models.TextChoices):
        PRIMARY = "primary", "primary"
        METASTASIS = "metastasis", "metastasis"
        UNKNOWN = "unknown", "unknown"

    label = models.CharField(max_length=8, help_text="L01, L02 ... one identity across scans.")
    organ = models.CharField(max_length=24)
    segment = models.CharField(max_length=24, blank=True, help_text='E.g. "VII/VIII" in the liver.')
    kind = models.CharField(max_length=12, choices=Kind, default=Kind.UNKNOWN)
    is_target = models.BooleanField(default=False)
    given_tracking_uid = models.CharField(
        max_length=64, blank=True, editable=False, help_text="Tracking UID of the contour it was first seen by, if any."
    )

    class Meta(ClinicalRow.Meta):
        ordering = ["label"]
        constraints = [
            models.UniqueConstraint(
                fields=["patient", "label"], condition=Q(superseded_at__isnull=True), name="lesion_label_per_patient"
            )
        ]

    def __str__(self) -> str:
        """With its case: every patient has a lesion L01."""
        return f"{self.patient.case_number}: {self.headline()}"

    def headline(self) -> str:
        return " ".join(word for word in (self.label, self.organ, self.segment) if word)

    @property
    def tracking_uid(self) -> str:
        """The UID under which every report and segmentation names this lesion (DICOM 112040)."""
        return self.given_tracking_uid or f"2.25.{self.lineage.int}"


class LesionFinding(Versioned):
    """A lesion on one scan: its three CT dimensions, necrosis, and whether it was there at all."""

    part_of = "lesion"

    class Status(models.TextChoices):
        PRESENT = "present", "present"
        NEW = "new", "new"
        RESOLVED = "resolved", "resolved"
        MERGED = "merged", "merged into another"
        SPLIT = "split", "split from another"
        NOT_ASSESSABLE = "not_assessable", "not assessable"

    class Necrosis(models.TextChoices):
        NONE = "none", "none"
        PARTIAL = "partial", "partial"
        EXTENSIVE = "extensive", "extensive"
        UNKNOWN = "unknown", "unknown"

    lesion = models.ForeignKey(Lesion, on_delete=models.PROTECT, related_name="findings")
    scan = models.ForeignKey(Scan, on_delete=models.PROTECT, related_name="findings")
    status = models.CharField(max_length=16, choices=Status, default=Status.PRESENT)
    related_lesion = models.ForeignKey(
        Lesion,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="related_findings",
        help_text="The lesion this one merged into, or was split from.",
    )
    long_axis_mm = models.DecimalField(max_digits=6, decimal_places=1, null=True, blank=True)
    short_axis_mm = models.DecimalField(max_digits=6, decimal_places=1, null=True, blank=True)
    third_axis_mm = models.DecimalField(max_digits=6, decimal_places=1, null=True, blank=True)
    necrosis = models.CharField(max_length=10, choices=Necrosis, default=Necrosis.UNKNOWN)
    is_illustrative = models.BooleanField(
        default=False,
        help_text="Sizes drawn for a demonstration, not from the publication: shown, never used by a rule.",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["lesion", "scan"], condition=Q(superseded_at__isnull=True), name="one_finding_per_scan"
            )
        ]

    def __str__(self) -> str:
        return f"{self.lesion.label} on {self.scan}"

    @property
    def size_text(self) -> str:
        """The axes that were measured on CT, longest first, as in "18 × 12 mm"; empty where none was."""
        axes = [axis for axis in (self.long_axis_mm, self.short_axis_mm, self.third_axis_mm) if axis is not None]
        return f"{' × '.join(f'{axis:.0f}' for axis in axes)} mm" if axes else ""

    @property
    def patient(self):
        return self.lesion.patient
