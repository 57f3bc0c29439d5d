"""Frozen assessments, for reading: every row and fact as it stood when a decision was taken."""

import json

from django.contrib import admin
from django.utils.html import format_html

from eligibility.models import Assessment, ChangeVerdict
from patients.admin_base import ServiceModelAdmin


class ReadOnlyAdmin(ServiceModelAdmin):
    """Append-only rows: the desk shows them, services alone write them."""

    def has_add_permission(self, request, obj=None):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False


@admin.register(Assessment)
class AssessmentAdmin(ReadOnlyAdmin):
    list_display = ["patient", "as_of", "verdict_text", "frozen_by", "frozen_at"]
    list_filter = ["guideline_id", "verdict"]
    list_select_related = ["patient", "frozen_by"]
    search_fields = ["patient__case_number"]
    fields = [
        ("patient", "as_of", "known_at"),
        ("guideline_id", "guideline_version", "guideline_sha256"),
        "verdict_text",
        "rows_shown",
        "facts_shown",
        ("frozen_by", "frozen_at", "digest"),
    ]

    @admin.display(description="Rows")
    def rows_shown(self, assessment):
        return _pretty(assessment.rows)

    @admin.display(description="Facts")
    def facts_shown(self, assessment):
        return _pretty(assessment.facts)


def _pretty(value):
    return format_html("<pre>{}</pre>", json.dumps(value, indent=1, ensure_ascii=False))


@admin.register(ChangeVerdict)
class ChangeVerdictAdmin(ReadOnlyAdmin):
    """Who gave a verdict on what; the verdict itself is on the page of the case, shown there once it may be."""

    list_display = ["patient", "change_class", "reader", "recorded_at"]
    list_select_related = ["patient", "reader"]
    search_fields = ["patient__case_number"]
    fields = [("patient", "reader", "recorded_at"), ("change_class", "method_version"), "sentence", "digest"]
