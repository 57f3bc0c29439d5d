"""What was seen: uploads, jobs, series, scans, lesions, volumes of interest, measurements, readings."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from patients.models import ClinicalRow, Patient, Versioned

SIGNED_IS_FINAL = "a signed reading is never changed; amend it with a new version"


class Job(models.Model):
    """The truth about a piece of work; a broker message only says that one is waiting."""

    class State(models.TextChoices):
        QUEUED = "queued", "waiting"
        RUNNING = "running", "running"
        DONE = "done", "done"
        FAILED = "failed", "failed"

    class Kind(models.TextChoices):
        IMPORT = "import", "import of an upload"
        SERIES = "series", "SUV and volume of a series"
        MEASURE = "measure", "measurements of a scan"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=12, choices=Kind)
    subject_id = models.UUIDField()
    input_digest = models.CharField(max_length=64)
    method_version = models.CharField(max_length=24)
    patient = models.ForeignKey(Patient, null=True, on_delete=models.PROTECT, related_name="jobs")
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=8, choices=State, default=State.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    token = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    last_rung_at = models.DateTimeField(null=True)
    stage = models.CharField(max_length=40, blank=True)
    progress_done = models.PositiveIntegerField(default=0)
    progress_total = models.PositiveIntegerField(default=0)
    reason_code = models.CharField(max_length=40, blank=True)
    message = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject_id", "input_digest", "method_version"], name="one_job_per_input"
            )
        ]
        indexes = [models.Index(fields=["state", "lease_until"]), models.Index(fields=["subject_id"])]
        ordering = ["created_at"]


class Upload(models.Model):
    class State(models.TextChoices):
        RECEIVING = "receiving", "receiving files"
        RECEIVED = "received", "received, waiting"
        DONE = "done", "done"
        FAILED = "failed", "failed"

    class Source(models.TextChoices):
        BROWSER = "browser", "browser"
        COMMAND = "command", "command line"
        DEMO = "demo", "demonstration data"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="uploads")
    patient = models.ForeignKey(Patient, null=True, blank=True, on_delete=models.PROTECT, related_name="uploads")
    source = models.CharField(max_length=8, choices=Source)
    state = models.CharField(max_length=10, choices=State, default=State.RECEIVING)
    reason_code = models.CharField(max_length=40, blank=True)
    file_count = models.PositiveIntegerField(default=0, editable=False)
    byte_count = models.PositiveBigIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(default=timezone.now)
    received_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"import of {self.created_at:%Y-%m-%d %H:%M}"


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
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["study", "series_uid", "split_key"], name="series_uid_per_study")
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


class UploadItem(models.Model):
    class Outcome(models.TextChoices):
        WAITING = "waiting", "waiting"
        STORED = "stored", "stored"
        ALREADY = "already", "already here"
        REFUSED = "refused", "refused"
        HELD = "held", "held"

    upload = models.ForeignKey(Upload, on_delete=models.CASCADE, related_name="items")
    label = models.CharField(max_length=200, help_text="The sender's file name; shown to the sender, never a path.")
    sha256 = models.CharField(max_length=64, blank=True)
    size = models.PositiveBigIntegerField(default=0)
    outcome = models.CharField(max_length=8, choices=Outcome, default=Outcome.WAITING)
    reason_code = models.CharField(max_length=40, blank=True)
    detail = models.CharField(max_length=200, blank=True)
    series = models.ForeignKey(Series, null=True, on_delete=models.SET_NULL, related_name="upload_items")

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["upload", "outcome"])]


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
        scan = Scan.objects.filter(pet_series=self.series).first()
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


class Scan(ClinicalRow):
    """One attached PET (with its CT) of one patient; ``clinical_date`` is the acquisition date."""

    class SsaStatus(models.TextChoices):
        NONE = "none", "no SSA"
        ON = "on", "on SSA"
        UNKNOWN = "unknown", "unknown"

    pet_series = models.ForeignKey(Series, null=True, blank=True, on_delete=models.PROTECT, related_name="pet_of_scans")
    ct_series = models.ForeignKey(Series, null=True, blank=True, on_delete=models.PROTECT, related_name="ct_of_scans")
    tracer = models.CharField(max_length=24, blank=True)
    label = models.CharField(max_length=40, blank=True, help_text='E.g. "baseline".')
    ssa_status = models.CharField(max_length=8, choices=SsaStatus, default=SsaStatus.UNKNOWN)
    quality_note = models.CharField(max_length=200, blank=True)

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


class LesionFinding(Versioned):
    """A lesion on one scan: its three CT dimensions, necrosis, and whether it was there at all."""

    part_of = "lesion"

    class Status(models.TextChoices):
        PRESENT = "present", "present"
        RESOLVED = "resolved", "resolved"
        NOT_ASSESSABLE = "not_assessable", "not assessable"

    class Necrosis(models.TextChoices):
        NONE = "none", "none"
        PARTIAL = "partial", "partial"
        EXTENSIVE = "extensive", "extensive"
        UNKNOWN = "unknown", "unknown"

    lesion = models.ForeignKey(Lesion, on_delete=models.PROTECT, related_name="findings")
    scan = models.ForeignKey(Scan, on_delete=models.PROTECT, related_name="findings")
    status = models.CharField(max_length=16, choices=Status, default=Status.PRESENT)
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
    def patient(self):
        return self.lesion.patient


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

    scan = models.ForeignKey(Scan, on_delete=models.PROTECT, related_name="vois")
    lesion = models.ForeignKey(Lesion, null=True, blank=True, on_delete=models.PROTECT, related_name="vois")
    role = models.CharField(max_length=12, choices=Role)
    method = models.CharField(max_length=16, choices=Method)
    parameter = models.DecimalField(
        max_digits=8, decimal_places=3, null=True, blank=True, help_text="Percent, or SUV; empty for a sphere."
    )
    centre_x_mm = models.DecimalField("centre x (LPS mm)", max_digits=9, decimal_places=3)
    centre_y_mm = models.DecimalField("centre y (LPS mm)", max_digits=9, decimal_places=3)
    centre_z_mm = models.DecimalField("centre z (LPS mm)", max_digits=9, decimal_places=3)
    radius_mm = models.DecimalField("radius (mm)", max_digits=7, decimal_places=3)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(role="lesion", lesion__isnull=False) | ~Q(role="lesion"), name="lesion_voi_has_lesion"
            )
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
    mask_sha256 = models.CharField(max_length=64, blank=True)
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

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    scan = models.ForeignKey(Scan, on_delete=models.PROTECT, related_name="readings")
    reader = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="readings")
    scale_id = models.CharField(max_length=12, default="KR-ORIG")
    state = models.CharField(max_length=8, choices=State, default=State.DRAFT)
    version = models.PositiveSmallIntegerField(default=1)
    amends = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="amendments")
    comment = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    signed_at = models.DateTimeField(null=True, editable=False)

    SIGNED_LOOKUP = "state"
    objects = SignedQuerySet.as_manager()

    class Meta:
        ordering = ["scan", "version"]

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

    reading = models.ForeignKey(Reading, on_delete=models.CASCADE, related_name="lesions")
    lesion = models.ForeignKey(Lesion, on_delete=models.PROTECT, related_name="lesion_readings")
    score_low = models.PositiveSmallIntegerField("Krenning, lowest", null=True, blank=True)
    score_high = models.PositiveSmallIntegerField(
        "Krenning, highest", null=True, blank=True, help_text='"<= 1" is 0 to 1; leave both empty when not stated.'
    )
    relation_to_liver = models.CharField(max_length=8, choices=Relation, blank=True, default="")
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
