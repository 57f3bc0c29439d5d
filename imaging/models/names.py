"""Names that persons confirmed, as prints that can be compared and not read."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from imaging.models.series import Series
from patients.models import Patient


class KnownName(models.Model):
    """How headers under one patient ID write the name of this case, once a named person has confirmed such a scan."""

    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="known_names")
    issuer = models.CharField(max_length=64, blank=True)
    value = models.CharField(max_length=64, help_text="The patient ID the name stood under.")
    name_print = models.TextField()
    series = models.ForeignKey(Series, on_delete=models.CASCADE, related_name="+", help_text="Where it was confirmed.")
    confirmed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    confirmed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["patient", "issuer", "value", "series"], name="known_name_once_per_series")
        ]
        indexes = [models.Index(fields=["value", "issuer"])]

    def __str__(self) -> str:
        return f"name under {self.value}"
