"""Decisions, closings, notices and watch states, for reading; decisions are recorded on the case's own page."""

from django.contrib import admin

from board.models import (
    BoardDecision,
    CaseClosing,
    CaseQuestion,
    Contact,
    DayNotice,
    DecisionNotice,
    EntryReturn,
    MissedLook,
    ReturnAnswer,
    StatedUnknown,
    WatchState,
)
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
        ("next_step", "interval_days", "agreement", "dissent"),
        ("item", "question", "considered", "quorum", "change_class"),
        "ground",
        "amendment_reason",
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


@admin.register(DayNotice)
class DayNoticeAdmin(ReadOnlyAdmin):
    list_display = ["patient", "day", "decision", "severity", "first_at", "last_at"]
    list_select_related = ["patient", "decision"]
    search_fields = ["patient__case_number"]
    fields = [("patient", "day", "decision"), ("severity", "first_at", "last_at"), "lines"]


@admin.register(CaseClosing)
class CaseClosingAdmin(ReadOnlyAdmin):
    list_display = ["patient", "is_closed", "reason", "recorded_by", "recorded_at"]
    list_filter = ["is_closed", "reason"]
    list_select_related = ["patient", "recorded_by"]
    search_fields = ["patient__case_number"]
    fields = [("patient", "is_closed", "reason"), "text", ("recorded_by", "recorded_at")]


@admin.register(WatchState)
class WatchStateAdmin(ReadOnlyAdmin):
    list_display = ["patient", "is_open", "has_no_date", "due", "checked_at"]
    list_filter = ["is_open", "has_no_date", "sstr_class"]
    list_select_related = ["patient"]
    search_fields = ["patient__case_number"]
    fields = [
        ("patient", "is_open", "has_no_date"),
        ("opens", "due"),
        ("sstr_class", "sstr_scan_day"),
        "reasons",
        ("changed_at", "checked_at"),
    ]


@admin.register(MissedLook)
class MissedLookAdmin(ReadOnlyAdmin):
    list_display = ["patient", "first_at", "last_at", "tries", "unreturned"]
    list_select_related = ["patient"]
    search_fields = ["patient__case_number"]


@admin.register(StatedUnknown)
class StatedUnknownAdmin(ReadOnlyAdmin):
    list_display = ["patient", "name", "is_unknown", "recorded_by", "recorded_at"]
    list_filter = ["is_unknown", "name"]
    list_select_related = ["patient", "recorded_by"]
    search_fields = ["patient__case_number"]
    fields = [("patient", "name", "is_unknown"), ("recorded_by", "recorded_at")]


@admin.register(EntryReturn)
class EntryReturnAdmin(ReadOnlyAdmin):
    list_display = ["patient", "question", "asked_of", "asked_by", "asked_at"]
    list_select_related = ["patient", "asked_of", "asked_by"]
    search_fields = ["patient__case_number"]
    fields = ["patient", "question", ("asked_of", "asked_by", "asked_at")]


@admin.register(ReturnAnswer)
class ReturnAnswerAdmin(ReadOnlyAdmin):
    list_display = ["about", "text", "answered_by", "answered_at"]
    list_select_related = ["about__patient", "answered_by"]
    search_fields = ["about__patient__case_number"]
    fields = ["about", "text", ("answered_by", "answered_at")]


@admin.register(CaseQuestion)
class CaseQuestionAdmin(ReadOnlyAdmin):
    list_display = ["patient", "text", "recorded_by", "recorded_at"]
    list_select_related = ["patient", "recorded_by"]
    search_fields = ["patient__case_number"]
    fields = ["patient", "text", ("recorded_by", "recorded_at")]


@admin.register(Contact)
class ContactAdmin(ReadOnlyAdmin):
    list_display = ["patient", "contacted_on", "who", "outcome", "next_for", "next_on", "recorded_by"]
    list_select_related = ["patient", "recorded_by"]
    search_fields = ["patient__case_number"]
    fields = [
        ("patient", "contacted_on", "who", "outcome"),
        ("next_for", "next_on"),
        "note",
        ("recorded_by", "recorded_at"),
    ]
