"""Readings: draft, scored, signed; a signed one is shown and amended, never changed."""

from django.contrib import admin, messages

from imaging.admin.desk import refusals_shown
from imaging.models import LesionReading, Reading
from imaging.refused import Refused
from imaging.services import (
    amend_reading,
    comment_reading,
    remove_score,
    score_lesion,
    sign_reading,
    start_reading,
)
from patients.admin_base import ServiceInline, ServiceModelAdmin
from patients.domain.roles import Capability

SCORE = ("score_low", "score_high", "text", "difference_reason")


class ScoreInline(ServiceInline):
    model = LesionReading
    verbose_name_plural = "lesions"
    show_change_link = False
    fields = ["lesion", "score_low", "score_high", "relation_to_liver", "text", "difference_reason"]

    def add(self, *, by, values, parent=None):
        return self._score(by, parent[1], values["lesion"], values)

    def change(self, row, *, by, reason, seen_at, values):
        kept = {name: getattr(row, name) for name in (*SCORE, "relation_to_liver")}
        return self._score(by, row.reading, values.get("lesion", row.lesion), kept | values)

    def remove(self, row, *, by, reason):
        with refusals_shown():
            remove_score(by=by, score=row)

    def has_add_permission(self, request, obj=None):
        return super().has_add_permission(request, obj) and not _is_signed(obj)

    def has_change_permission(self, request, obj=None):
        return super().has_change_permission(request, obj) and not _is_signed(obj)

    def has_delete_permission(self, request, obj=None):
        return super().has_delete_permission(request, obj) and not _is_signed(obj)

    def _score(self, by, reading, lesion, values):
        given = {name: values.get(name) for name in ("score_low", "score_high")}
        words = {name: values.get(name) or "" for name in ("text", "difference_reason")}
        relation = values.get("relation_to_liver") or ""
        with refusals_shown():
            return score_lesion(by=by, reading=reading, lesion=lesion, relation=relation, **given, **words)


@admin.register(Reading)
class ReadingAdmin(ServiceModelAdmin):
    list_display = ["scan", "reader", "scale_id", "version", "state", "signed_at"]
    list_select_related = ["scan__patient", "reader"]
    list_filter = ["state", "scale_id"]
    search_fields = ["scan__patient__case_number"]
    fields = ["scan", "scale_id", "comment", "reader", "version", "state", "signed_at", "amends"]
    readonly_fields = ["reader", "version", "state", "signed_at", "amends"]
    inlines = [ScoreInline]
    actions = ["sign", "amend"]

    def get_readonly_fields(self, request, obj=None):
        fixed = ["scan", "scale_id"] if obj is not None else []
        return [*super().get_readonly_fields(request, obj), *fixed]

    def get_actions(self, request):
        return {name: action for name, action in super().get_actions(request).items() if name in {"sign", "amend"}}

    def has_change_permission(self, request, obj=None):
        return super().has_change_permission(request, obj) and not _is_signed(obj)

    def has_delete_permission(self, request, obj=None):
        return False

    def has_sign_permission(self, request):
        return self._may(request, Capability.SIGN_READING)

    def add(self, *, by, values, parent=None):
        with refusals_shown():
            return start_reading(
                by=by, scan=values["scan"], scale_id=values.get("scale_id"), comment=values.get("comment", "")
            )

    def change(self, row, *, by, reason, seen_at, values):
        with refusals_shown():
            return comment_reading(by=by, reading=row, comment=values.get("comment", row.comment))

    @admin.action(description="Sign the selected drafts", permissions=["sign"])
    def sign(self, request, chosen):
        self._each(request, chosen, "signed", lambda reading: sign_reading(by=request.user, reading=reading))

    @admin.action(description="Amend the selected signed readings", permissions=["sign"])
    def amend(self, request, chosen):
        reason = "amended at the data desk"
        self._each(
            request,
            chosen,
            "open for amendment",
            lambda reading: amend_reading(by=request.user, reading=reading, reason=reason),
        )

    def _each(self, request, chosen, done: str, step) -> None:
        for reading in chosen:
            try:
                step(reading)
            except Refused as refusal:
                messages.error(request, f"{reading}: {refusal.message}")
            else:
                messages.success(request, f"{reading}: {done}.")


def _is_signed(reading) -> bool:
    return reading is not None and reading.state == Reading.State.SIGNED
