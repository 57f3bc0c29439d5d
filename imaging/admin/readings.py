"""Readings: draft, scored, signed; a signed one is shown and amended, never changed."""

from django.contrib import admin, messages
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html_join

from imaging import selectors, ssa_before
from imaging.admin.desk import refusals_shown
from imaging.models import Lesion, LesionReading, Reading
from imaging.refused import Refused
from imaging.services import (
    amend_reading,
    answer_reading,
    remove_score,
    score_lesion,
    sign_reading,
    start_reading,
)
from patients.admin_base import ServiceInline, ServiceModelAdmin
from patients.domain.roles import Capability

SCORE = ("score_low", "score_high", "text", "difference_reason", "fdg_relation", "rads")
ANSWERS = ("quality", "quality_note", "ssa", "extravasation", "cold_lesions", "comment")
KEPT = ("reader", "version", "state", "signed_at", "amends")


class ScoreInline(ServiceInline):
    model = LesionReading
    verbose_name_plural = "lesions"
    show_change_link = False
    fields = [
        "lesion",
        "score_low",
        "score_high",
        "relation_to_liver",
        "fdg_relation",
        "rads",
        "text",
        "difference_reason",
    ]

    def get_extra(self, request, obj=None, **kwargs):
        """One empty row for every lesion of the patient that has no score yet."""
        return len(unscored(obj))

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
        words |= {name: values.get(name) or "" for name in ("fdg_relation", "rads")}
        with refusals_shown():
            return score_lesion(by=by, reading=reading, lesion=lesion, relation=relation, **given, **words)


@admin.register(Reading)
class ReadingAdmin(ServiceModelAdmin):
    list_display = ["scan", "reader", "scale_id", "version", "state", "signed_at"]
    list_select_related = ["scan__patient", "reader"]
    list_filter = ["state", "scale_id"]
    search_fields = ["scan__patient__case_number"]
    autocomplete_fields = ["scan"]
    fields = ["scan", "scale_id", *ANSWERS, "injection", "proposals", *KEPT]
    readonly_fields = ["injection", "proposals", *KEPT]
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

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("scan__patient", "reader")

    def get_inline_instances(self, request, obj=None):
        """Lesions come once the scan is chosen: before that it is not known whose they are."""
        return super().get_inline_instances(request, obj) if obj is not None else []

    def get_formset_kwargs(self, request, obj, inline, prefix):
        kwargs = super().get_formset_kwargs(request, obj, inline, prefix)
        return kwargs | {"initial": [{"lesion": lesion.pk} for lesion in unscored(obj)]}

    def render_change_form(self, request, context, *args, obj=None, **kwargs):
        is_draft = obj is not None and not _is_signed(obj)
        extra = {"show_sign": is_draft and self.has_sign_permission(request)}
        return super().render_change_form(request, context | extra, *args, obj=obj, **kwargs)

    def response_add(self, request, obj, post_url_continue=None):
        messages.success(request, "The draft is open. Score its lesions below, then sign.")
        return HttpResponseRedirect(reverse("admin:imaging_reading_change", args=[obj.pk]))

    def response_change(self, request, obj):
        if "_sign" not in request.POST:
            return super().response_change(request, obj)
        if not self.has_sign_permission(request):
            return super().response_change(request, obj)
        self._each(request, [obj], "signed", lambda reading: sign_reading(by=request.user, reading=reading))
        return HttpResponseRedirect(request.get_full_path())

    @admin.display(description="computed beside it (unsigned proposals)")
    def proposals(self, reading):
        found = selectors.krenning_proposals(reading.scan) if not reading._state.adding else []
        lines = ((p.lesion.label, p.proposal.text if p.proposal else p.message) for p in found)
        return format_html_join("; ", "{}: {}", lines) or "none"

    @admin.display(description="last analogue before the scan")
    def injection(self, reading):
        found = ssa_before.of_reading(reading) if reading.ssa_injection_id else None
        return ssa_before.in_words(found) if found else "none named"

    def has_sign_permission(self, request):
        return self._may(request, Capability.SIGN_READING)

    def add(self, *, by, values, parent=None):
        with refusals_shown():
            reading = start_reading(by=by, scan=values["scan"], scale_id=values.get("scale_id"))
            return _answer(by, reading, {name: value for name, value in values.items() if value})

    def change(self, row, *, by, reason, seen_at, values):
        with refusals_shown():
            return _answer(by, row, values)

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


def _answer(by, reading, values):
    """ "Given" means the injection named already, else the last one that the chart has before the scan."""
    answers = {name: values[name] for name in ANSWERS if name in values}
    is_given = answers.get("ssa") == Reading.Ssa.GIVEN
    injection = reading.ssa_injection or ssa_before.last_injection(reading.scan) if is_given else None
    return answer_reading(by=by, reading=reading, injection=injection, **answers) if answers else reading


def unscored(reading) -> list[Lesion]:
    """Lesions of the patient that an open draft does not score yet."""
    if reading is None or _is_signed(reading):
        return []
    known = Lesion.objects.filter(patient=reading.scan.patient).order_by("label")
    return list(known.exclude(pk__in=reading.lesions.values("lesion")))


def _is_signed(reading) -> bool:
    return reading is not None and reading.state == Reading.State.SIGNED
