"""The page of a case: everything a clinical letter says, on one page, in its order."""

from django.contrib import admin, messages

from patients import selectors, services
from patients.admin.derived import DerivedCaseValues
from patients.admin.inlines import CASE_INLINES
from patients.admin_base import ServiceModelAdmin
from patients.forms import PageForm
from patients.models import AuditEvent, Patient

WARNINGS_SHOWN = 8


class CaseForm(PageForm):
    """What the service refuses of a birth date is said beside it, and what was typed stays."""

    def _post_clean(self):
        super()._post_clean()
        is_moved = not self.instance._state.adding and "birth_date" in self.changed_data
        if is_moved and (said := selectors.born_after_rows(self.instance)):
            self.add_error("birth_date", said)
            # Age and clearances beside it stay those of the chart.
            self.instance.refresh_from_db(fields=["birth_date", "birth_date_precision"])


@admin.register(Patient)
class PatientAdmin(DerivedCaseValues, ServiceModelAdmin):
    form = CaseForm
    change_form_template = "admin/patients/patient/change_form.html"
    list_display = ["case_number", "sex_for_formulas", "centre", "vital_status", "recorded_at"]
    list_filter = ["vital_status", "centre"]
    search_fields = ["case_number", "centre"]
    readonly_fields = ["age", "crcl", "egfr"]
    inlines = CASE_INLINES
    fieldsets = [
        (
            None,
            {
                "fields": [
                    ("case_number", "initials", "sex_for_formulas", "birth_date", "age"),
                    ("centre", "vital_status", "deceased_on"),
                    "note",
                    ("crcl", "egfr"),
                    "demo_note",
                ]
            },
        )
    ]

    def has_delete_permission(self, request, obj=None):
        """A case stays; its rows can be withdrawn."""
        return False

    def add(self, *, by, values, parent=None):
        return services.create_patient(by=by, **values)

    def change(self, row, *, by, reason, seen_at, values):
        return services.update_patient(row, by=by, reason=reason, expected_recorded_at=seen_at, **values)

    def said_above(self, row):
        return selectors.in_question(row)[:WARNINGS_SHOWN]

    def history(self, row):
        return AuditEvent.objects.filter(patient=row).select_related("by").order_by("-id")

    def save_related(self, request, form, formsets, change):
        super().save_related(request, form, formsets, change)
        found = selectors.chronology_warnings(form.instance)
        for sentence in found[:WARNINGS_SHOWN]:
            messages.warning(request, f"Please check: {sentence}")
        if len(found) > WARNINGS_SHOWN:
            messages.warning(request, f"And {len(found) - WARNINGS_SHOWN} more to check.")
