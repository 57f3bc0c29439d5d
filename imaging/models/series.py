"""What was stored: studies, series, their objects, the inputs and results of SUV."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from patients.models import Patient, Versioned


class Study(models.Model):
    """One StudyInstanceUID under one DICOM identity: a UID claimed by two identities is two studies."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    study_uid = models.CharField(max_length=64)
    identity_digest = models.CharField(max_length=64)
    dicom_patient_id = models.CharField(max_length=64, blank=True)
    dicom_issuer = models.CharField(max_length=64, blank=True)
    dicom_birth_date = models.DateField(null=True)
    dicom_sex = models.CharField(max_length=1, blank=True)
    study_date = models.DateField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["study_uid", "identity_digest"], name="study_uid_per_identity")]
        verbose_name_plural = "studies"


class Series(models.Model):
    PICTURES = ("SC", "US")  # modalities of which no pixel is ever decoded, as they may show a name

    class Identity(models.TextChoices):
        UNASSIGNED = "unassigned", "no case chosen"
        HELD = "held", "held: identity does not agree"
        ATTACHED = "attached", "attached"
        REJECTED = "rejected", "not this patient"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="series")
    series_uid = models.CharField(max_length=64)
    split_key = models.CharField(max_length=64, blank=True, help_text="Keeps apart reconstructions sharing one UID.")
    modality = models.CharField(max_length=16)
    sop_class_uid = models.CharField(max_length=64)
    frame_of_reference_uid = models.CharField(max_length=64, blank=True)
    series_date = models.DateField(null=True)
    tracer = models.CharField(max_length=24, blank=True)
    units = models.CharField(max_length=8, blank=True)
    instance_count = models.PositiveIntegerField(default=0)
    header = models.JSONField(default=dict, help_text="SUV and geometry inputs of the series, each with its tag.")
    manifest_sha256 = models.CharField(max_length=64, blank=True)
    volume_sha256 = models.CharField(max_length=64, blank=True)
    geometry = models.JSONField(null=True, help_text="shape (z,y,x), affine index->LPS mm, frame of reference.")
    warnings = models.JSONField(default=list)
    refusal_code = models.CharField(max_length=40, blank=True, help_text="Why no volume could be built.")
    refusal_message = models.CharField(max_length=300, blank=True)
    revision = models.PositiveIntegerField(
        default=1, help_text="Raised by late slices and withdrawn corrections: what was computed is out of date."
    )
    identity = models.CharField(max_length=10, choices=Identity, default=Identity.UNASSIGNED)
    candidate_patient = models.ForeignKey(Patient, null=True, on_delete=models.PROTECT, related_name="candidate_series")
    identity_reason = models.CharField(max_length=40, blank=True)
    name_print = models.TextField(
        blank=True, help_text="What is kept in place of the patient's name: keyed hashes that can only be compared."
    )
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    read_at = models.DateTimeField(null=True, help_text="Nothing left to read since: signed, or no scan of its own.")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["study", "series_uid", "split_key"], name="series_uid_per_study")
        ]
        indexes = [
            models.Index(fields=["identity", "created_at"]),
            models.Index(fields=["modality", "created_at"]),
            models.Index(fields=["modality", "read_at"]),
        ]
        verbose_name_plural = "series"

    def __str__(self) -> str:
        return " ".join(str(word) for word in (self.modality, self.tracer, self.series_date) if word)


class Instance(models.Model):
    """A narrow row per stored DICOM object: uniqueness and durability, nothing else."""

    series = models.ForeignKey(Series, on_delete=models.PROTECT, related_name="instances")
    sop_uid = models.CharField(max_length=64)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveBigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["series", "sop_uid"], name="sop_uid_per_series")]
        indexes = [models.Index(fields=["sop_uid"]), models.Index(fields=["sha256"])]


class SuvInput(Versioned):
    """A correction or confirmation of one SUV input of a series, by a named person with a reason."""

    class Name(models.TextChoices):
        WEIGHT = "body_weight_kg", "body weight (kg)"
        HEIGHT = "body_height_m", "body height (m)"
        SEX = "sex", "sex used in formulas"
        DOSE = "injected_activity_bq", "injected activity (Bq)"
        ADMINISTERED = "administered_at", "injection time"
        HALF_LIFE = "half_life_s", "half-life (s)"
        SUV_TYPE = "suv_type", "SUV type"
        CORRECTED_IMAGE = "corrected_image", "corrections applied"

    series = models.ForeignKey(Series, on_delete=models.PROTECT, related_name="suv_inputs")
    name = models.CharField(max_length=24, choices=Name)
    value = models.CharField(max_length=64)
    justification = models.CharField(max_length=200)

    def __str__(self) -> str:
        return f"{self.get_name_display()}: {self.value}"

    @property
    def patient(self):
        scan = self.series.pet_of_scans.first()
        return scan.patient if scan else None


class SuvResult(models.Model):
    """What the SUV calculation said for one set of inputs. A changed input makes a new row."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    series = models.ForeignKey(Series, on_delete=models.PROTECT, related_name="suv_results")
    input_digest = models.CharField(max_length=64)
    method_version = models.CharField(max_length=24)
    factors = models.JSONField(default=dict, help_text="kind -> factor, or a list per slice; absent kinds null.")
    absent = models.JSONField(default=dict, help_text="kind -> {code, message}: why it has no factor.")
    statistics = models.JSONField(default=dict, help_text="kind -> {min, median, max} of the whole volume.")
    uptake_time_s = models.FloatField(null=True)
    inputs = models.JSONField(default=dict, help_text="name -> {value, unit, source}.")
    warnings = models.JSONField(default=list)
    is_provisional = models.BooleanField(default=False)
    refusal_code = models.CharField(max_length=40, blank=True)
    refusal_message = models.CharField(max_length=300, blank=True)
    computed_at = models.DateTimeField(default=timezone.now)
    superseded_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["series", "input_digest", "method_version"], name="one_suv_result_per_input"
            ),
            models.UniqueConstraint(
                fields=["series"], condition=Q(superseded_at__isnull=True), name="one_current_suv_result"
            ),
        ]
