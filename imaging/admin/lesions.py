"""Lesions: one identity across scans, with a finding per scan."""

from django.contrib import admin

from imaging.admin.desk import LookingAgainAdmin
from imaging.models import Lesion, LesionFinding
from imaging.refused import Refused
from imaging.services import withdraw_lesion
from patients.admin_base import ServiceInline
from patients.services import StillInUse

SIZES = ["long_axis_mm", "short_axis_mm", "third_axis_mm"]


class FindingInline(ServiceInline):
    model = LesionFinding
    fk_name = "lesion"
    verbose_name_plural = "findings on each scan"
    show_change_link = False
    fields = ["scan", "status", "related_lesion", *SIZES, "necrosis", "is_illustrative"]


@admin.register(Lesion)
class LesionAdmin(LookingAgainAdmin):
    list_display = ["patient", "label", "organ", "segment", "kind", "is_target"]
    list_display_links = ["label"]
    list_select_related = ["patient"]
    list_filter = ["organ", "kind", "is_target"]
    search_fields = ["patient__case_number", "label", "organ"]
    autocomplete_fields = ["patient"]
    inlines = [FindingInline]
    fieldsets = [
        (
            None,
            {
                "fields": [
                    "patient",
                    ("label", "organ", "segment"),
                    ("kind", "is_target"),
                    ("clinical_date", "note"),
                ]
            },
        )
    ]

    def remove(self, row, *, by, reason):
        try:
            return withdraw_lesion(by=by, lesion=row, reason=reason)
        except Refused as refusal:
            raise StillInUse(refusal.message) from refusal
