"""Pictures and volumes made once by a worker, so that a page only has to send them."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone

from imaging.models.scans import Lesion, Scan


class ImageProduct(models.Model):
    class Kind(models.TextChoices):
        MIP_SPRITE = "mip_sprite", "rotating MIP"
        MIP_STILL = "mip_still", "front view of the MIP"
        KEY_SLICE = "key_slice", "key slice"
        PET_VOLUME = "pet_volume", "SUV volume for the viewer"
        CT_VOLUME = "ct_volume", "CT volume for the viewer"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    scan = models.ForeignKey(Scan, on_delete=models.PROTECT, related_name="products")
    lesion = models.ForeignKey(Lesion, null=True, on_delete=models.PROTECT, related_name="products")
    kind = models.CharField(max_length=12, choices=Kind)
    name = models.CharField(max_length=40, help_text="Tells the pictures of one lesion apart, e.g. axial-pet.webp.")
    sha256 = models.CharField(max_length=64)
    content_type = models.CharField(max_length=40)
    content_encoding = models.CharField(max_length=12, blank=True)
    meta = models.JSONField(default=dict, help_text="Geometry, coding and windows: what a page needs to show it.")
    input_digest = models.CharField(max_length=64)
    method_version = models.CharField(max_length=24)
    computed_at = models.DateTimeField(default=timezone.now)
    superseded_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["kind", "lesion__label", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["scan", "name"],
                condition=Q(superseded_at__isnull=True, lesion__isnull=True),
                name="one_current_product_of_scan",
            ),
            models.UniqueConstraint(
                fields=["scan", "lesion", "name"],
                condition=Q(superseded_at__isnull=True, lesion__isnull=False),
                name="one_current_product_of_lesion",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.scan}"

    @property
    def patient(self):
        return self.scan.patient
