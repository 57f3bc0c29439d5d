"""The sections of a case, in the order of a clinical letter."""

from django.contrib import admin

from patients import services
from patients.admin.derived import DerivedValues
from patients.admin.row_forms import BodyMeasureForm, HistologyForm, LabForm, TreatmentLineForm
from patients.admin_base import ServiceInline, StackedServiceInline
from patients.domain.roles import Capability
from patients.forms import ServiceForm
from patients.models import (
    AccessGrant,
    BodyMeasure,
    ClinicalAssertion,
    ClinicalEvent,
    Diagnosis,
    HistologySpecimen,
    LabResult,
    PatientIdentifier,
    PerformanceStatus,
    PrrtCycle,
    SsaInjection,
    TreatmentLine,
)

NEWEST_LABS = 60


class DiagnosisInline(StackedServiceInline):
    model = Diagnosis
    fieldsets = [
        (
            None,
            {
                "fields": [
                    ("clinical_date", "primary_site", "functional_status", "syndrome"),
                    ("stage", "tnm", "tnm_edition"),
                    ("metastatic_sites", "note"),
                ]
            },
        )
    ]


class HistologyInline(DerivedValues, StackedServiceInline):
    model = HistologySpecimen
    form = HistologyForm
    verbose_name_plural = "histology"
    readonly_fields = ["who_grade"]
    fieldsets = [
        (
            None,
            {
                "fields": [
                    ("clinical_date", "site", "procedure", "differentiation"),
                    ("ki67_text", "ki67_method", "mitoses_per_2mm2", "who_grade"),
                    ("stated_grade", "classification_edition", "note"),
                    "ihc",
                ]
            },
        )
    ]


class TreatmentLineInline(DerivedValues, StackedServiceInline):
    model = TreatmentLine
    form = TreatmentLineForm
    readonly_fields = ["alkylator"]
    fieldsets = [
        (
            None,
            {
                "fields": [
                    ("line_number", "treatment_class", "regimen", "drugs", "alkylator"),
                    ("clinical_date", "stop_date", "is_ongoing", "cycles", "stop_reason"),
                    ("best_response", "best_response_date", "response_text", "note"),
                ]
            },
        )
    ]


class SsaInjectionInline(ServiceInline):
    model = SsaInjection
    fields = ["clinical_date", "drug", "is_long_acting", "dose_mg", "note"]


class PrrtCycleInline(ServiceInline):
    model = PrrtCycle
    verbose_name_plural = "PRRT cycles"
    fields = ["clinical_date", "number", "compound", "activity_mbq", "line", "note"]


class LabInline(ServiceInline):
    model = LabResult
    form = LabForm
    verbose_name_plural = f"lab results, newest {NEWEST_LABS}"
    fields = ["clinical_date", "analyte", "comparator", "value", "unit", "reference_low", "reference_high", "note"]
    ordering = ["-clinical_date", "analyte"]

    def get_queryset(self, request):
        """The newest ones, so that a page with years of values stays usable; the list has them all."""
        found = super().get_queryset(request)
        if self.parent_row is None or request.method == "POST":
            return found
        newest = found.filter(patient=self.parent_row).values_list("pk", flat=True)[:NEWEST_LABS]
        return found.filter(pk__in=list(newest))


class PerformanceInline(ServiceInline):
    model = PerformanceStatus
    fields = ["clinical_date", "instrument", "value", "note"]


class BodyMeasureInline(ServiceInline):
    model = BodyMeasure
    form = BodyMeasureForm
    verbose_name_plural = "weight and height"
    fields = ["clinical_date", "kind", "value", "note"]


class ClinicalEventInline(ServiceInline):
    model = ClinicalEvent
    verbose_name_plural = "symptoms"
    fields = ["clinical_date", "symptom", "course", "context", "note"]


class ClinicalAssertionInline(ServiceInline):
    model = ClinicalAssertion
    verbose_name_plural = "asserted or denied"
    fields = ["clinical_date", "kind", "state", "detail", "compared_from", "compared_to", "note"]


class IdentifierInline(ServiceInline):
    model = PatientIdentifier
    verbose_name_plural = "DICOM identities"
    write_capability = Capability.RESOLVE_IDENTITY
    show_change_link = False
    fields = ["value", "issuer", "reason", "confirmed_by", "confirmed_at"]
    readonly_fields = ["confirmed_by", "confirmed_at"]

    def has_change_permission(self, request, obj=None):
        return False

    def add(self, *, by, values, parent=None):
        return services.confirm_identifier(by=by, patient=parent[1], **values)

    def remove(self, row, *, by, reason):
        services.remove_identifier(row, by=by, reason=reason)


class GrantForm(ServiceForm):
    class Meta:
        labels = {"until": "until (empty: no end)"}


class GrantInline(ServiceInline):
    model = AccessGrant
    form = GrantForm
    verbose_name_plural = "who may read"
    write_capability = Capability.GRANT_ACCESS
    show_change_link = False
    fields = ["user", "team", "kind", "until", "reason", "granted_by", "revoked_at"]
    readonly_fields = ["granted_by", "revoked_at"]
    autocomplete_fields = ["user", "team"]

    def has_change_permission(self, request, obj=None):
        return False

    def add(self, *, by, values, parent=None):
        return services.grant_access(by=by, patient=parent[1], **values)

    def remove(self, row, *, by, reason):
        services.revoke_access(row, by=by, reason=reason)


CASE_INLINES: list[type[admin.options.InlineModelAdmin]] = [
    DiagnosisInline,
    HistologyInline,
    TreatmentLineInline,
    SsaInjectionInline,
    PrrtCycleInline,
    LabInline,
    PerformanceInline,
    BodyMeasureInline,
    ClinicalEventInline,
    ClinicalAssertionInline,
    IdentifierInline,
    GrantInline,
]
