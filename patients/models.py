"""Who the patient is and what was done. Rows only; reading is in selectors, writing in services.

Versioning: the primary key of a clinical row stays with its current version. A correction copies the
values that were current to a new row (``superseded_at`` set, same ``lineage``) and then changes the
current one, so foreign keys keep pointing at what is valid now and a page can be rewound to what was
known on a day. ``objects`` yields current rows only; ``versions`` yields every row.
"""

import datetime as dt
import uuid
from decimal import Decimal

from django.conf import settings
from django.contrib.auth.models import AbstractUser, UserManager
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils import timezone

from patients.added_rows import AppendOnly
from patients.domain import case_numbers, contradictions, dates, initials, ki67, months, units
from patients.domain.contradictions import Contradiction
from patients.domain.roles import Capability, Role, role_may
from patients.kept import Kept


class Team(models.Model):
    """People who read the same cases. A centre is a team too, so one look-up of grants answers for both."""

    class Kind(models.TextChoices):
        TEAM = "team", "team"
        CENTRE = "centre", "centre"

    name = models.CharField(max_length=80, unique=True)
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.TEAM)
    opens_its_cases = models.BooleanField(
        default=False,
        help_text="Its members may read every case whose centre has this name. For centres only.",
    )

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class AccountManager(UserManager):
    """The first account is made on the command line: it must be able to make the others."""

    def create_superuser(self, username, email=None, password=None, **fields):
        fields.setdefault("role", Role.SYSTEM_ADMIN.value)
        return super().create_superuser(username, email, password, **fields)


class User(AbstractUser):
    role = models.CharField(
        max_length=20,
        choices=[(r.value, r.value.replace("_", " ").capitalize()) for r in Role],
        default=Role.OBSERVER.value,
    )
    teams = models.ManyToManyField(Team, blank=True, related_name="members")
    signed_out_at = models.DateTimeField(null=True, blank=True, editable=False)
    emergency_until = models.DateTimeField(null=True, blank=True, editable=False)

    objects = AccountManager()

    def may(self, capability: Capability) -> bool:
        return self.is_active and role_may(self.role, capability)

    @property
    def reads_charts(self) -> bool:
        return self.may(Capability.READ_CHART)

    @property
    def shown_name(self) -> str:
        """Full name, or the one to sign in by."""
        return self.get_full_name() or self.get_username()

    @property
    def centre(self) -> Team | None:
        return next((team for team in self.teams.all() if team.kind == Team.Kind.CENTRE), None)


class Invitation(models.Model):
    """A way in for one person, once. The token is in the link only; here is its digest."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    token_digest = models.CharField(max_length=64, unique=True, editable=False)
    email = models.EmailField(blank=True)
    first_name = models.CharField(max_length=150, blank=True)
    last_name = models.CharField(max_length=150, blank=True)
    role = models.CharField(max_length=20, choices=User._meta.get_field("role").choices)
    teams = models.ManyToManyField(Team, blank=True, related_name="+")
    meeting = models.UUIDField(null=True, blank=True, help_text="The meeting it is for: the seat is given there.")
    invited_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    invited_at = models.DateTimeField(default=timezone.now)
    until = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="invitations"
    )
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-invited_at"]

    def __str__(self) -> str:
        return f"Invitation of {self.first_name} {self.last_name}".strip()

    @property
    def is_open(self) -> bool:
        return self.accepted_at is None and self.withdrawn_at is None and self.until > timezone.now()


class DatePrecision(models.TextChoices):
    DAY = "day", "exact day"
    MONTH = "month", "month only"
    YEAR = "year", "year only"
    UNKNOWN = "unknown", "unknown"


class PatientQuerySet(models.QuerySet):
    def visible_to(self, user, *, at=None):
        """Patients this user may read: an active grant to the user or a team, and a role that reads charts."""
        return self.granted_to(user, at or timezone.now()) if self.may_be_read_by(user) else self.none()

    @staticmethod
    def may_be_read_by(user) -> bool:
        """Whether any could be: the half of the question that no row answers."""
        return user.is_authenticated and user.may(Capability.READ_CHART)

    def in_cohort_of(self, user):
        """Patients who count in this user's figures: granted, and a role that sees cohorts. It opens no page."""
        if not user.is_authenticated or not user.may(Capability.SEE_COHORT):
            return self.none()
        return self.granted_to(user, timezone.now())

    def open_to(self, user):
        """Patients this user may open to others: read by right of care or meeting, not only in an emergency."""
        return self.visible_to(user) & self.granted_to(user, timezone.now(), Q(kind=AccessGrant.Kind.BREAK_GLASS))

    def granted_to(self, user, at, but=None):
        """Half of the gate: whether the role allows it is not asked here."""
        # Asked for each patient by index: a list of every grant would make one case cost what the registry costs.
        mine = Q(user=user) | Q(team__in=user.teams.all())
        grants = AccessGrant.objects.active(at).filter(mine, patient=models.OuterRef("pk"))
        return self.filter(models.Exists(grants.exclude(but) if but else grants))


class InitialsField(models.CharField):
    """Kept without points and spaces, however they were typed."""

    def clean(self, value, model_instance):
        try:
            letters = initials.initials_in(value or "")
        except initials.InitialsRefused as refused:
            raise ValidationError(str(refused), code=refused.code) from refused
        return super().clean(letters, model_instance)

    def formfield(self, **kwargs):
        return super().formfield(**{"max_length": 20} | kwargs)


class Patient(Kept, models.Model):
    class Sex(models.TextChoices):
        FEMALE = "F", "female"
        MALE = "M", "male"
        OTHER = "O", "other"
        UNKNOWN = "U", "unknown"

    class VitalStatus(models.TextChoices):
        ALIVE = "alive", "alive"
        DECEASED = "deceased", "deceased"
        UNKNOWN = "unknown", "unknown"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case_number = models.CharField(max_length=case_numbers.LONGEST, unique=True)
    initials = InitialsField(
        max_length=initials.LONGEST, blank=True, help_text="Shown on the screen of a meeting. Never a name."
    )
    sex_for_formulas = models.CharField(
        max_length=1,
        choices=Sex,
        default=Sex.UNKNOWN,
        help_text="The sex used in body-size and renal formulas; separate from gender.",
    )
    birth_date = models.DateField(null=True, blank=True)
    birth_date_precision = models.CharField(max_length=8, choices=DatePrecision, default=DatePrecision.DAY)
    centre = models.CharField(max_length=80, blank=True)
    vital_status = models.CharField(max_length=8, choices=VitalStatus, default=VitalStatus.UNKNOWN)
    deceased_on = models.DateField(null=True, blank=True)
    deceased_on_precision = models.CharField(max_length=8, choices=DatePrecision, default=DatePrecision.DAY)
    note = models.CharField(
        max_length=300, blank=True, help_text="Why dates of this case that contradict each other are right."
    )
    demo_note = models.TextField(
        blank=True, help_text="What is published and what is illustrative in a demonstration case."
    )
    recorded_at = models.DateTimeField(default=timezone.now, editable=False)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", editable=False
    )

    objects = PatientQuerySet.as_manager()

    class Meta:
        ordering = ["case_number"]
        indexes = [models.Index(fields=["recorded_at"])]

    def __str__(self) -> str:
        return f"Case {self.case_number}"

    @property
    def birth_span(self) -> dates.Span | None:
        return _span(self.birth_date, self.birth_date_precision)

    def clean(self):
        super().clean()
        self._check_number()
        if self.birth_date is None:
            self.birth_date_precision = DatePrecision.UNKNOWN
        if self.deceased_on is None:
            self.deceased_on_precision = DatePrecision.UNKNOWN
        self.ask_for_reason()

    def contradictions(self) -> list[Contradiction]:
        died = _span(self.deceased_on, self.deceased_on_precision)
        return contradictions.of_death(died, self.birth_span, self.vital_status == self.VitalStatus.DECEASED)

    def _check_number(self) -> None:
        """A number of before these rules stays until it is changed."""
        said = case_numbers.refusal(self.case_number)
        if said and not Patient.objects.filter(pk=self.pk, case_number=self.case_number).exists():
            raise ValidationError({"case_number": said})


class PatientIdentifier(models.Model):
    """A DICOM PatientID that a named person has confirmed to belong to this case."""

    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="identifiers")
    issuer = models.CharField(max_length=64, blank=True)
    value = models.CharField(max_length=64)
    confirmed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    confirmed_at = models.DateTimeField(default=timezone.now)
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["issuer", "value"], name="identifier_belongs_to_one_case")]

    def __str__(self) -> str:
        return f"{self.value} ({self.issuer})" if self.issuer else self.value


class GrantQuerySet(models.QuerySet):
    def active(self, at=None):
        """Those that open their case at that moment, now by default."""
        return self.filter(Q(until=None) | Q(until__gt=at or timezone.now()), revoked_at=None)


class AccessGrant(models.Model):
    class Kind(models.TextChoices):
        CARE_TEAM = "care_team", "care team"
        CENTRE = "centre", "centre of the case"
        ENTERED = "entered", "entered the case"
        BOARD = "board", "board invitation"
        BREAK_GLASS = "break_glass", "break-glass"

    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="grants")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="grants"
    )
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.CASCADE, related_name="grants")
    kind = models.CharField(max_length=16, choices=Kind)
    until = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=200, blank=True)
    granted_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    granted_at = models.DateTimeField(default=timezone.now)
    revoked_at = models.DateTimeField(null=True, blank=True)
    reviewed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+", editable=False
    )
    reviewed_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = GrantQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(user__isnull=False, team__isnull=True) | Q(user__isnull=True, team__isnull=False),
                name="grant_to_user_or_team",
                violation_error_message="Grant access to a user or to a team: choose exactly one.",
            )
        ]
        indexes = [
            models.Index(fields=["user", "patient"]),
            models.Index(fields=["team", "patient"]),
            models.Index(fields=["until"]),
        ]

    @property
    def is_active(self) -> bool:
        return self.revoked_at is None and (self.until is None or self.until > timezone.now())

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.team or self.user}"


class AuditEvent(AppendOnly):
    """The trail and the outbox: one row for every write, read upward by cursor on ``id``."""

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField(default=timezone.now, db_index=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    action = models.CharField(max_length=32)
    object_type = models.CharField(max_length=64)
    object_id = models.CharField(max_length=64)
    patient = models.ForeignKey(Patient, null=True, on_delete=models.PROTECT, related_name="audit_events")
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    reason = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["patient", "id"])]


class VersionQuerySet(models.QuerySet):
    def update(self, **kwargs):
        raise TypeError("clinical rows are changed by patients.services.revise, which keeps the old version")

    def delete(self):
        raise TypeError("clinical rows are taken back by patients.services.withdraw, which keeps them")

    def bulk_update(self, objs, fields, batch_size=None):
        raise TypeError("clinical rows are changed by patients.services.revise, which keeps the old version")

    def current(self):
        return self.filter(superseded_at__isnull=True)

    def known_at(self, moment):
        """Every row as it stood at ``moment`` (system time): one version per lineage, withdrawn ones absent."""
        return self.filter(Q(superseded_at__isnull=True) | Q(superseded_at__gt=moment), recorded_at__lte=moment)


class CurrentManager(models.Manager.from_queryset(VersionQuerySet)):
    def get_queryset(self):
        return super().get_queryset().filter(superseded_at__isnull=True)


class Versioned(models.Model):
    # The foreign key to the row this one is a part of, withdrawn together with it.
    part_of = ""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    lineage = models.UUIDField(editable=False, db_index=True)
    recorded_at = models.DateTimeField(default=timezone.now, editable=False)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", editable=False
    )
    superseded_at = models.DateTimeField(null=True, editable=False)

    objects = CurrentManager()
    versions = models.Manager.from_queryset(VersionQuerySet)()

    class Meta:
        abstract = True

    def save(self, *args, **kwargs):
        if self.lineage is None:
            self.lineage = self.id
        super().save(*args, **kwargs)

    def delete(self, *args, **kwargs):
        raise TypeError("clinical rows are taken back by patients.services.withdraw, which keeps them")


class ClinicalRow(Kept, Versioned):
    """A fact about one patient with its clinical date (and precision) and its time of recording."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="%(class)s_rows")
    clinical_date = models.DateField("date", null=True, blank=True)
    clinical_date_precision = models.CharField(
        "date precision", max_length=8, choices=DatePrecision, default=DatePrecision.DAY
    )
    note = models.CharField(max_length=300, blank=True)

    class Meta:
        abstract = True
        ordering = ["clinical_date", "recorded_at"]

    def __str__(self) -> str:
        return f"{self.headline()}, {self.when()}"

    def headline(self) -> str:
        return str(self._meta.verbose_name)

    def when(self) -> str:
        return dates.in_words(self.clinical_date, self.clinical_date_precision)

    @property
    def clinical_span(self) -> dates.Span | None:
        """First and last day the clinical date may stand for."""
        return _span(self.clinical_date, self.clinical_date_precision)

    def clean(self):
        super().clean()
        if self.clinical_date is None:
            self.clinical_date_precision = DatePrecision.UNKNOWN
        self.tidy()
        self.ask_for_reason()

    def tidy(self) -> None:
        """Before anything is asked about: derived columns, and what cannot be at all."""

    def contradictions(self) -> list[Contradiction]:
        return contradictions.before_birth(self.clinical_span, self.born)

    @property
    def born(self) -> dates.Span | None:
        return self.patient.birth_span if self.patient_id else None


def _span(day, precision) -> dates.Span | None:
    return dates.span(day, precision) if isinstance(day, dt.date) else None


class Diagnosis(ClinicalRow):
    class Site(models.TextChoices):
        STOMACH = "stomach", "stomach"
        DUODENUM = "duodenum", "duodenum"
        PANCREAS = "pancreas", "pancreas"
        SMALL_BOWEL = "small_bowel", "small bowel"
        APPENDIX = "appendix", "appendix"
        COLON = "colon", "colon"
        RECTUM = "rectum", "rectum"
        LUNG = "lung", "lung"
        THYMUS = "thymus", "thymus"
        PPGL = "ppgl", "phaeochromocytoma / paraganglioma"
        OTHER = "other", "other"
        UNKNOWN = "unknown", "unknown primary"

    class Functional(models.TextChoices):
        NON_FUNCTIONAL = "non_functional", "non-functional"
        FUNCTIONAL = "functional", "functional"
        UNKNOWN = "unknown", "unknown"

    class Stage(models.TextChoices):
        LOCALISED = "localised", "localised"
        LOCOREGIONAL = "locoregional", "locoregional"
        METASTATIC = "metastatic", "distant metastases"
        UNKNOWN = "unknown", "unknown"

    primary_site = models.CharField(max_length=16, choices=Site)
    functional_status = models.CharField(max_length=16, choices=Functional, default=Functional.UNKNOWN)
    syndrome = models.CharField(max_length=40, blank=True)
    stage = models.CharField(max_length=16, choices=Stage, default=Stage.UNKNOWN)
    tnm = models.CharField("TNM", max_length=40, blank=True)
    tnm_edition = models.CharField("TNM edition", max_length=20, blank=True)
    metastatic_sites = models.JSONField(default=list, blank=True)

    class Meta(ClinicalRow.Meta):
        verbose_name_plural = "diagnoses"

    def headline(self) -> str:
        return f"diagnosis: {self.get_primary_site_display()}"


class HistologySpecimen(ClinicalRow):
    class Procedure(models.TextChoices):
        BIOPSY = "biopsy", "biopsy"
        RESECTION = "resection", "resection"
        CYTOLOGY = "cytology", "cytology"
        UNKNOWN = "unknown", "unknown"

    class Differentiation(models.TextChoices):
        WELL = "well", "well differentiated"
        POOR = "poor", "poorly differentiated"
        MINEN = "minen", "mixed (MiNEN)"
        NOT_STATED = "not_stated", "not stated"

    class Grade(models.TextChoices):
        G1 = "G1", "G1"
        G2 = "G2", "G2"
        G3 = "G3", "G3"
        NEC = "NEC", "NEC"
        NOT_STATED = "", "not stated"

    site = models.CharField(max_length=60, blank=True)
    procedure = models.CharField(max_length=12, choices=Procedure, default=Procedure.UNKNOWN)
    differentiation = models.CharField(max_length=12, choices=Differentiation, default=Differentiation.NOT_STATED)
    ki67_text = models.CharField("Ki-67 / MIB1", max_length=40, blank=True, help_text='As written, e.g. "7-8 %".')
    ki67_low = models.DecimalField(max_digits=5, decimal_places=2, null=True, blank=True, editable=False)
    ki67_high = models.DecimalField(max_digits=5, decimal_places=2, null=True, blank=True, editable=False)
    ki67_low_open = models.BooleanField(default=False, editable=False)
    ki67_high_open = models.BooleanField(default=False, editable=False)
    ki67_method = models.CharField(max_length=40, blank=True)
    mitoses_per_2mm2 = models.DecimalField("mitoses per 2 mm²", max_digits=6, decimal_places=1, null=True, blank=True)
    stated_grade = models.CharField(max_length=4, choices=Grade, blank=True, default="")
    classification_edition = models.CharField(max_length=40, blank=True)

    class Meta(ClinicalRow.Meta):
        pass

    def headline(self) -> str:
        return f"histology: {self.site or self.get_procedure_display()}"

    @property
    def ki67_interval(self) -> ki67.Interval | None:
        if self.ki67_low is None and self.ki67_high is None:
            return None
        return ki67.Interval(
            self.ki67_low, self.ki67_high, self.ki67_low_open, self.ki67_high_open, text=self.ki67_text
        )

    def tidy(self):
        if not self.ki67_text:
            self.ki67_low = self.ki67_high = None
            self.ki67_low_open = self.ki67_high_open = False
            return
        try:
            found = ki67.parse_ki67(self.ki67_text)
        except ki67.Ki67TextRefused as refused:
            raise ValidationError({"ki67_text": ValidationError(str(refused), code=refused.code)}) from refused
        self.ki67_low, self.ki67_high = found.low, found.high
        self.ki67_low_open, self.ki67_high_open = found.low_open, found.high_open


class IhcResult(Versioned):
    part_of = "specimen"

    class Result(models.TextChoices):
        POSITIVE = "positive", "positive"
        NEGATIVE = "negative", "negative"
        FOCAL = "focal", "focal"
        LOST = "lost", "lost"
        RETAINED = "retained", "retained"
        UNKNOWN = "unknown", "unknown"

    specimen = models.ForeignKey(HistologySpecimen, on_delete=models.PROTECT, related_name="ihc_results")
    marker = models.CharField(max_length=40)
    result = models.CharField(max_length=12, choices=Result)
    score = models.CharField(max_length=40, blank=True)

    def __str__(self) -> str:
        return f"{self.marker} {self.get_result_display()}{f' ({self.score})' if self.score else ''}"

    @property
    def patient(self):
        return self.specimen.patient


class TreatmentLine(ClinicalRow):
    class TreatmentClass(models.TextChoices):
        SSA = "ssa", "somatostatin analogue"
        CHEMO = "chemo", "chemotherapy"
        PRRT = "prrt", "PRRT"
        TARGETED = "targeted", "targeted therapy"
        LOCAL = "local", "surgery or liver-directed"
        EBRT = "ebrt", "external beam radiotherapy"
        INTERFERON = "interferon", "interferon"
        OTHER = "other", "other"

    class Response(models.TextChoices):
        CR = "CR", "complete response"
        PR = "PR", "partial response"
        SD = "SD", "stable disease"
        PD = "PD", "progressive disease"
        NE = "NE", "not evaluable"
        NOT_STATED = "", "not stated"

    class StopReason(models.TextChoices):
        COMPLETED = "completed", "completed"
        PROGRESSION = "progression", "progression"
        TOXICITY = "toxicity", "toxicity"
        PATIENT = "patient", "patient's choice"
        OTHER = "other", "other"
        NOT_STATED = "", "not stated"

    line_number = models.PositiveSmallIntegerField(null=True, blank=True)
    treatment_class = models.CharField(max_length=12, choices=TreatmentClass)
    regimen = models.CharField(max_length=60)
    drugs = models.JSONField(default=list, blank=True)
    stop_date = models.DateField(null=True, blank=True)
    stop_date_precision = models.CharField(max_length=8, choices=DatePrecision, default=DatePrecision.DAY)
    is_ongoing = models.BooleanField(null=True, blank=True)
    cycles = models.PositiveSmallIntegerField(null=True, blank=True)
    best_response = models.CharField(max_length=2, choices=Response, blank=True, default="")
    response_text = models.CharField(max_length=80, blank=True, help_text='As reported, e.g. "lesions smaller on CT".')
    best_response_date = models.DateField(null=True, blank=True)
    stop_reason = models.CharField(max_length=12, choices=StopReason, blank=True, default="")

    class Meta(ClinicalRow.Meta):
        pass

    def headline(self) -> str:
        return self.regimen

    @property
    def stop_span(self) -> dates.Span | None:
        return _span(self.stop_date, self.stop_date_precision)

    def tidy(self):
        if self.stop_date is None:
            self.stop_date_precision = DatePrecision.UNKNOWN

    def contradictions(self) -> list[Contradiction]:
        stop = self.stop_span
        return [
            *super().contradictions(),
            *contradictions.before_birth(stop, self.born, "stop_date"),
            *contradictions.of_line(self.clinical_span, stop, self.is_ongoing),
        ]


class SsaInjection(ClinicalRow):
    drug = models.CharField(max_length=40)
    is_long_acting = models.BooleanField(null=True, blank=True)
    dose_mg = models.DecimalField("dose (mg)", max_digits=7, decimal_places=3, null=True, blank=True)

    class Meta(ClinicalRow.Meta):
        verbose_name = "SSA injection"

    def headline(self) -> str:
        return self.drug


class PrrtCycle(ClinicalRow):
    line = models.ForeignKey(TreatmentLine, null=True, blank=True, on_delete=models.PROTECT, related_name="prrt_cycles")
    number = models.PositiveSmallIntegerField()
    compound = models.CharField(max_length=40, default="177Lu-DOTATATE")
    activity_mbq = models.DecimalField("activity (MBq)", max_digits=8, decimal_places=1, null=True, blank=True)

    class Meta(ClinicalRow.Meta):
        verbose_name = "PRRT cycle"

    def headline(self) -> str:
        return f"{self.compound}, cycle {self.number}"


class LabResult(ClinicalRow):
    analyte = models.CharField(max_length=24)
    comparator = models.CharField(max_length=1, blank=True, choices=[("", "="), ("<", "<"), (">", ">")], default="")
    value = models.DecimalField(max_digits=14, decimal_places=4)
    unit = models.CharField(max_length=20)
    reference_low = models.DecimalField("lower limit", max_digits=14, decimal_places=4, null=True, blank=True)
    reference_high = models.DecimalField("upper limit", max_digits=14, decimal_places=4, null=True, blank=True)

    class Meta(ClinicalRow.Meta):
        indexes = [models.Index(fields=["patient", "analyte", "clinical_date"])]

    def headline(self) -> str:
        known = units.ANALYTES.get(self.analyte)
        return f"{known.label if known else self.analyte} {self.comparator}{self.value.normalize():f} {self.unit}"

    def tidy(self):
        try:
            units.analyte(self.analyte)
        except units.UnitRefused as refused:
            raise ValidationError({"analyte": ValidationError(str(refused), code=refused.code)}) from refused
        try:
            self.unit = units.normalise_unit(self.unit, self.analyte)
        except units.UnitRefused as refused:
            raise ValidationError({"unit": ValidationError(str(refused), code=refused.code)}) from refused

    def contradictions(self) -> list[Contradiction]:
        return [*super().contradictions(), *contradictions.of_limits(self.reference_low, self.reference_high)]

    def improbabilities(self) -> list[Contradiction]:
        if not isinstance(self.value, Decimal):
            return []
        try:
            said = units.implausible(self.value.normalize(), self.unit, self.analyte)
        except units.UnitRefused:
            return []
        return [Contradiction("value", said)] if said else []


class PerformanceStatus(ClinicalRow):
    class Instrument(models.TextChoices):
        ECOG = "ECOG", "ECOG"
        KPS = "KPS", "Karnofsky"
        CFS = "CFS", "Clinical Frailty Scale"

    instrument = models.CharField(max_length=4, choices=Instrument)
    value = models.PositiveSmallIntegerField()

    class Meta(ClinicalRow.Meta):
        verbose_name_plural = "performance statuses"

    def headline(self) -> str:
        return f"{self.get_instrument_display()} {self.value}"

    @property
    def is_frailty(self) -> bool:
        """Frailty (Rockwood) is no performance status: it answers no question about one."""
        return self.instrument == self.Instrument.CFS

    def tidy(self):
        if self.instrument == self.Instrument.ECOG and self.value not in range(6):
            raise ValidationError({"value": "ECOG runs from 0 to 5."})
        if self.instrument == self.Instrument.KPS and self.value not in range(0, 101, 10):
            raise ValidationError({"value": "Karnofsky runs from 0 to 100 in tens."})
        if self.is_frailty and self.value not in range(1, 10):
            raise ValidationError({"value": "The Clinical Frailty Scale runs from 1 to 9."})


class BodyMeasure(ClinicalRow):
    class Kind(models.TextChoices):
        WEIGHT = "weight_kg", "weight (kg)"
        HEIGHT = "height_cm", "height (cm)"

    PLAUSIBLE = {Kind.WEIGHT: (20, 300), Kind.HEIGHT: (80, 230)}

    kind = models.CharField(max_length=10, choices=Kind)
    value = models.DecimalField(max_digits=6, decimal_places=2)

    class Meta(ClinicalRow.Meta):
        pass

    def headline(self) -> str:
        return f"{self.get_kind_display()} {self.value.normalize():f}"

    def tidy(self):
        if isinstance(self.value, Decimal) and self.value <= 0:
            raise ValidationError({"value": "A weight or height is above zero."})

    def improbabilities(self) -> list[Contradiction]:
        if self.kind not in self.PLAUSIBLE or not isinstance(self.value, Decimal):
            return []
        low, high = self.PLAUSIBLE[self.kind]
        text = f"This {self.Kind(self.kind).label} is outside the plausible {low} to {high}."
        return [] if low <= self.value <= high else [Contradiction("value", text)]


class ClinicalEvent(ClinicalRow):
    class Course(models.TextChoices):
        NEW = "new", "new"
        WORSE = "worse", "worse"
        STABLE = "stable", "unchanged"
        BETTER = "better", "better"
        RELIEVED = "relieved", "relieved"
        UNKNOWN = "unknown", "unknown"

    symptom = models.CharField(max_length=80)
    course = models.CharField(max_length=10, choices=Course, default=Course.UNKNOWN)
    context = models.CharField(max_length=120, blank=True, help_text='E.g. "after six cycles of CAPTEM".')

    class Meta(ClinicalRow.Meta):
        pass

    def headline(self) -> str:
        return f"{self.symptom}: {self.get_course_display()}"


class ClinicalAssertion(ClinicalRow):
    """Something asserted, denied or left unknown by a named person on a day. Silence is not denial."""

    class Kind(models.TextChoices):
        PROGRESSION = "progression", "progression"
        RESECTABLE = "resectable", "resectable with curative intent"
        PREGNANCY = "pregnancy", "pregnancy"
        BREAST_FEEDING = "breast_feeding", "breast-feeding"
        HYPERSENSITIVITY = "hypersensitivity", "hypersensitivity to the product"
        MARROW_IRRADIATED = "marrow_irradiated", "more than 25 % of bone marrow irradiated"
        HEART_FAILURE = "heart_failure", "heart failure (NYHA class)"
        OTHER_UNSEALED = "other_unsealed", "other unsealed-source therapy"
        OTHER_MALIGNANCY = "other_malignancy", "other malignancy, not in remission for 5 years"
        BONE_METASTASES = "bone_metastases", "bone metastases"
        PERITONEAL_METASTASES = "peritoneal_mets", "peritoneal metastases"
        BRAIN_UNTREATED = "brain_mets_untreated", "untreated brain metastases"
        SYMPTOMS = "symptoms", "symptoms of the tumour or of its hormones"
        PROGRESSION_ON_SSA = "progression_on_ssa", "progression on a fixed dose of octreotide LAR for 12 weeks or more"
        SSTR_POSITIVE = "sstr_positive", "SSTR-positive disease, as the text at hand defines it"
        PRIOR_CHEMOTHERAPY = "prior_chemotherapy", "earlier chemotherapy"
        PRIOR_SYSTEMIC = "prior_systemic", "earlier systemic therapy other than somatostatin analogues"
        PRIOR_SSA = "prior_ssa", "earlier or current somatostatin analogue"
        PRIOR_SURGERY = "prior_surgery", "earlier surgery of the tumour"
        PRIOR_EMBOLISATION = "prior_embolisation", "earlier embolisation"
        PRIOR_EBRT_OR_SIRT = "prior_ebrt_or_sirt", "earlier external beam radiotherapy to lesions, or SIRT"
        PRIOR_PRRT = "prior_prrt", "earlier PRRT"
        PRRT_BENEFIT = "prrt_benefit", "benefit from the earlier PRRT (detail: months without progression)"
        INVESTIGATIONAL = "investigational", "investigational drug within 30 days or 7 half-lives"
        LIFE_EXPECTANCY = "life_expectancy", "life expectancy of 3 months or more"
        DIABETES = "diabetes", "uncontrolled diabetes mellitus"
        CHF_UNCONTROLLED = "chf_uncontrolled", "uncontrolled congestive heart failure"
        CARCINOID_HEART = "carcinoid_heart", "carcinoid heart disease"
        CARDIAC_SEVERE = "cardiac_severe", "severe cardiac impairment"
        ORGAN_DYSFUNCTION = "organ_dysfunction", "renal, hepatic or cardiovascular dysfunction that excludes"
        TRANSFUSION = "transfusion", "transfusion of red cells or platelets (date: when given)"
        GCSF = "gcsf", "growth factor for white cells (date: when given)"
        SELF_CARE = "self_care", "continent and able to care for himself or herself"
        URINARY_MALFORMATION = "urinary_malformation", "malformation of a kidney or the urinary tract"
        INCONTINENCE = "incontinence", "urinary incontinence"
        PREFERENCE = "preference", "preference of the patient (in words: the note)"
        PROTOCOL_CHECKED = "protocol_checked", "criteria not read here were checked against the protocol"

    class State(models.TextChoices):
        ASSERTED = "asserted", "asserted"
        DENIED = "denied", "denied"
        UNKNOWN = "unknown", "unknown"

    kind = models.CharField(max_length=20, choices=Kind)
    state = models.CharField(max_length=8, choices=State, default=State.UNKNOWN)
    detail = models.CharField(
        max_length=300,
        blank=True,
        help_text="Pregnancy: negative_test, not_of_childbearing_potential, not_excluded. Heart failure: NYHA I to IV. "
        "Benefit from PRRT: months without progression. Preference: why an unusual date is right.",
    )
    compared_from = models.DateField("progression: earlier examination", null=True, blank=True)
    compared_to = models.DateField("progression: later examination", null=True, blank=True)

    class Meta(ClinicalRow.Meta):
        pass

    def headline(self) -> str:
        return f"{self.get_kind_display()}: {self.get_state_display()}"

    @property
    def reason_field(self) -> str:
        """The note of a preference is the preference."""
        return "detail" if self.kind == self.Kind.PREFERENCE else "note"

    def contradictions(self) -> list[Contradiction]:
        earlier, later = (_span(day, DatePrecision.DAY) for day in (self.compared_from, self.compared_to))
        return [*super().contradictions(), *contradictions.of_comparison(earlier, later)]

    def tidy(self):
        if self.kind == self.Kind.PRRT_BENEFIT and self.detail and months.months_in(self.detail) is None:
            raise ValidationError({"detail": "Give the months without progression as a number, e.g. 20."})


# Tables of the trail, and of tables that came in, stand in files of their own.
from patients.access_models import AccessEvent, TrailSeal  # noqa: E402, F401
from patients.bulk_models import ImportBatch, ImportRow  # noqa: E402, F401
