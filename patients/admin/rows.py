"""A page of its own for each clinical row: its history, its withdrawal, and long lists."""

from django.contrib import admin

from patients.admin.derived import DerivedValues
from patients.admin.row_forms import LabPageForm
from patients.admin_base import ServiceInline, ServiceModelAdmin
from patients.models import (
    BodyMeasure,
    ClinicalAssertion,
    ClinicalEvent,
    Diagnosis,
    HistologySpecimen,
    IhcResult,
    LabResult,
    PerformanceStatus,
    PrrtCycle,
    SsaInjection,
    TreatmentLine,
)


class RowAdmin(ServiceModelAdmin):
    list_display = ["patient", "headline", "when", "note", "in_question"]
    list_display_links = ["headline"]
    list_select_related = ["patient"]
    search_fields = ["patient__case_number", "note"]
    autocomplete_fields = ["patient"]
    ordering = ["patient__case_number", "-clinical_date"]

    def get_fields(self, request, obj=None):
        """Whose and when first, the note last."""
        found = super().get_fields(request, obj)
        first = [name for name in ("patient", "clinical_date") if name in found]
        last = [name for name in ("note",) if name in found]
        return [*first, *(name for name in found if name not in {*first, *last}), *last]

    def has_module_permission(self, request):
        """The case page is the way in; the index lists cases, not every kind of row."""
        return False

    @admin.display(description="what")
    def headline(self, row):
        return row.headline()

    @admin.display(description="in question")
    def in_question(self, row):
        return row.doubt_words

    @admin.display(description="date", ordering="clinical_date")
    def when(self, row):
        return row.when()


class IhcInline(ServiceInline):
    model = IhcResult
    verbose_name_plural = "immunohistochemistry"
    show_change_link = False
    fields = ["marker", "result", "score"]


@admin.register(HistologySpecimen)
class HistologyAdmin(DerivedValues, RowAdmin):
    inlines = [IhcInline]
    readonly_fields = ["who_grade"]


@admin.register(TreatmentLine)
class TreatmentLineAdmin(DerivedValues, RowAdmin):
    readonly_fields = ["alkylator"]


@admin.register(LabResult)
class LabResultAdmin(RowAdmin):
    form = LabPageForm
    search_fields = ["patient__case_number", "analyte"]
    list_filter = ["analyte"]
    list_display = ["patient", "headline", "when", "reference_low", "reference_high", "note", "in_question"]


for model in (Diagnosis, SsaInjection, PrrtCycle, PerformanceStatus, BodyMeasure, ClinicalEvent, ClinicalAssertion):
    admin.site.register(model, RowAdmin)
