"""Decisions and what was noticed about them, for reading; decisions are recorded on the case's own page."""

from django.contrib import admin

from board.models import BoardDecision, DecisionNotice
from eligibility.admin import ReadOnlyAdmin


@admin.register(BoardDecision)
class BoardDecisionAdmin(ReadOnlyAdmin):
    list_display = ["patient", "decided_on", "outcome", "owner", "due_date", "recorded_by"]
    list_filter = ["outcome"]
    list_select_related = ["patient", "recorded_by"]
    search_fields = ["patient__case_number"]
    fields = [
        ("patient", "decided_on", "outcome"),
        "text",
        ("owner", "due_date"),
        ("supersedes", "assessments"),
        ("recorded_by", "recorded_at"),
    ]


@admin.register(DecisionNotice)
class DecisionNoticeAdmin(ReadOnlyAdmin):
    list_display = ["patient", "decision", "noticed_at", "what"]
    list_select_related = ["decision__patient"]
    search_fields = ["decision__patient__case_number"]
    fields = [("patient", "decision", "noticed_at"), "what"]

    @admin.display(description="What changed")
    def what(self, notice):
        return "; ".join(change["text"] for change in notice.changes)
