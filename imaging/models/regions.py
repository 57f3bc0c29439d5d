"""Volumes of interest and what was measured in them."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone

from imaging.models.scans import Lesion, Scan
from imaging.models.series import SuvResult
from patients.models import Versioned


class Voi(Versioned):
    class Role(models.TextChoices):
        LESION = "lesion", "lesion"
        LIVER = "liver", "liver"
        SPLEEN = "spleen", "spleen"
        BLOOD_POOL = "blood_pool", "blood pool"

    class Method(models.TextChoices):
        SPHERE = "sphere", "sphere"
        PERCENT_OF_MAX = "percent_of_max", "iso-contour, % of maximum"
        FIXED_SUV = "fixed_suv", "iso-contour, fixed SUV"
        LIVER_BASED = "liver_based", "iso-contour, liver mean + 2 SD"
        MASK = "mask", "outline, voxel by voxel"

    scan = models.ForeignKey(Scan, on_delete=models.PROTECT, related_name="vois")
    lesion = models.ForeignKey(Lesion, null=True, blank=True, on_delete=models.PROTECT, related_name="vois")
    role = models.CharField(max_length=12, choices=Role)
    method = models.CharField(max_length=16, choices=Method)
    parameter = models.DecimalField(
        max_digits=8, decimal_places=3, null=True, blank=True, help_text="Percent, or SUV; empty for a sphere."
    )
    mask_sha256 = models.CharField(
        max_length=64, blank=True, editable=False, help_text="The stored voxels of an outline, with their grid."
    )
    origin = models.JSONField(
        default=dict,
        blank=True,
        editable=False,
        help_text="How it came about: how, parameters, version, and what it was made from.",
    )
    centre_x_mm = models.DecimalField("centre x (LPS mm)", max_digits=9, decimal_places=3)
    centre_y_mm = models.DecimalField("centre y (LPS mm)", max_digits=9, decimal_places=3)
    centre_z_mm = models.DecimalField("centre z (LPS mm)", max_digits=9, decimal_places=3)
    radius_mm = models.DecimalField("radius (mm)", max_digits=7, decimal_places=3)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(role="lesion", lesion__isnull=False) | ~Q(role="lesion"), name="lesion_voi_has_lesion"
            ),
            models.CheckConstraint(condition=~Q(method="mask") | ~Q(mask_sha256=""), name="outline_voi_has_its_voxels"),
        ]

    def __str__(self) -> str:
        return f"{self.lesion.label if self.lesion else self.get_role_display()} on {self.scan}"

    @property
    def patient(self):
        return self.scan.patient


class UptakeMeasurement(models.Model):
    """Uptake in one VOI under one SUV result and one method version; superseded, never changed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    voi = models.ForeignKey(Voi, on_delete=models.PROTECT, related_name="measurements")
    suv_result = models.ForeignKey(SuvResult, on_delete=models.PROTECT, related_name="measurements")
    input_digest = models.CharField(max_length=64)
    method_version = models.CharField(max_length=24)
    unit = models.CharField(max_length=16, default="g/ml{SUVbw}")
    suv_max = models.FloatField(null=True)
    suv_mean = models.FloatField(null=True)
    suv_sd = models.FloatField(null=True)
    suv_peak_global = models.FloatField(null=True)
    suv_peak_local = models.FloatField(null=True)
    volume_ml = models.FloatField(null=True)
    total_lesion_sstr_expression = models.FloatField(null=True)
    voxel_count = models.PositiveIntegerField(default=0)
    hottest_voxel = models.JSONField(null=True, help_text="index (z,y,x) and LPS mm of the maximum.")
    mask_sha256 = models.CharField(max_length=64, blank=True, help_text="The voxels these numbers came from.")
    relative = models.JSONField(
        null=True, help_text="Where SUV is withheld: max, mean, peak in the unit of the images, for ratios only."
    )
    warnings = models.JSONField(default=list)
    refusal_code = models.CharField(max_length=40, blank=True)
    refusal_message = models.CharField(max_length=300, blank=True)
    computed_at = models.DateTimeField(default=timezone.now)
    superseded_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["voi", "input_digest", "method_version"], name="one_measurement_per_input"),
            models.UniqueConstraint(
                fields=["voi"], condition=Q(superseded_at__isnull=True), name="one_current_measurement"
            ),
        ]
