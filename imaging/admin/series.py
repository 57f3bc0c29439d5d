"""Imports and series: to look at, to correct an SUV input, to decide whose a held series is."""

from django.contrib import admin, messages
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html

from imaging import access, outcomes, pages, selectors
from imaging.admin.desk import refusals_shown, ring_for
from imaging.forms import SuvInputDeskForm
from imaging.models import Series, SuvInput, Upload, UploadItem
from imaging.services import correct_suv_input, withdraw_suv_input
from patients.admin_base import RolePermissions, ServiceInline, ServiceModelAdmin
from patients.domain.roles import Capability


class SuvInputInline(ServiceInline):
    model = SuvInput
    form = SuvInputDeskForm
    verbose_name_plural = "corrected or confirmed SUV inputs (units in the name)"
    show_change_link = False
    write_capability = Capability.CONFIRM_SUV_INPUT
    fields = ["name", "value", "justification"]

    def add(self, *, by, values, parent=None):
        return self._correct(by, parent[1], values["name"], values["value"], values["justification"])

    def change(self, row, *, by, reason, seen_at, values):
        return self._correct(by, row.series, row.name, values.get("value", row.value), reason)

    def remove(self, row, *, by, reason):
        with refusals_shown():
            ring_for(withdraw_suv_input(by=by, correction=row, reason=reason))

    def _correct(self, by, series, name, value, reason):
        with refusals_shown():
            ring_for(correct_suv_input(by=by, series=series, name=name, value=value, reason=reason))
        return SuvInput.objects.get(series=series, name=name)


@admin.register(Series)
class SeriesAdmin(ServiceModelAdmin):
    read_capability = Capability.READ_CHART
    write_capability = Capability.CONFIRM_SUV_INPUT
    list_display = ["__str__", "instance_count", "identity_shown", "candidate_patient", "suv"]
    list_select_related = ["study", "candidate_patient"]
    list_filter = ["identity", "modality", "tracer"]
    fields = [
        "modality",
        "tracer",
        "series_date",
        "instance_count",
        "units",
        "identity_shown",
        "identity_reason_shown",
        "candidate_patient",
        "volume",
        "suv",
        "factor_bw",
        "page",
    ]
    inlines = [SuvInputInline]
    actions = ["decide_identity"]

    def get_queryset(self, request):
        visible = access.visible_series(request.user)
        return visible.select_related("study", "candidate_patient").order_by("-created_at")

    def get_readonly_fields(self, request, obj=None):
        return self.fields

    def get_actions(self, request):
        return {name: found for name, found in super().get_actions(request).items() if name == "decide_identity"}

    def has_add_permission(self, request, obj=None):
        return False

    def has_change_permission(self, request, obj=None):
        return self._may(request, self.write_capability)

    def has_delete_permission(self, request, obj=None):
        return False

    def has_resolve_permission(self, request):
        return self._may(request, Capability.RESOLVE_IDENTITY)

    @admin.action(description="Decide whose the selected series is", permissions=["resolve"])
    def decide_identity(self, request, chosen):
        """The page that shows both identities side by side asks for the case and the reason."""
        if chosen.count() != 1:
            messages.error(request, "Decide one series at a time: both identities have to be looked at.")
            return None
        return HttpResponseRedirect(reverse("imaging:series", args=[chosen.get().pk]))

    @admin.display(description="identity", ordering="identity")
    def identity_shown(self, series):
        return pages.identity_words(series)

    @admin.display(description="why held")
    def identity_reason_shown(self, series):
        return outcomes.explain(series.identity_reason) or "not held"

    @admin.display(description="volume")
    def volume(self, series):
        return series.refusal_message or ("built" if series.volume_sha256 else "not built yet")

    @admin.display(description="SUV")
    def suv(self, series):
        if series.modality != "PT":
            return "not a PET series"
        found = selectors.current_suv(series)
        return found.message or found.state.replace("_", " ")

    @admin.display(description="SUVbw factor (SUV per rescaled unit)")
    def factor_bw(self, series):
        result = selectors.current_suv(series).result if series.modality == "PT" else None
        factor = result.factors.get("bw") if result else None
        if factor is None:
            return "none"
        return f"{factor:.6g}" if isinstance(factor, float | int) else f"{factor[0]:.6g} and others, per slice"

    @admin.display(description="every input with its source")
    def page(self, series):
        return format_html('<a href="{}">series page</a>', reverse("imaging:series", args=[series.pk]))


class ItemInline(RolePermissions, admin.TabularInline):
    model = UploadItem
    extra = 0
    fields = readonly_fields = ["label", "size", "outcome", "why"]

    def has_add_permission(self, request, obj=None):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False

    @admin.display(description="reason")
    def why(self, item):
        return outcomes.explain(item.reason_code, item.detail)


@admin.register(Upload)
class UploadAdmin(ServiceModelAdmin):
    list_display = ["created_at", "by", "patient", "source", "state", "file_count"]
    list_filter = ["state", "source"]
    fields = readonly_fields = ["created_at", "by", "patient", "source", "state", "file_count", "byte_count"]
    inlines = [ItemInline]

    def get_queryset(self, request):
        return access.visible_uploads(request.user).select_related("by", "patient")

    def has_add_permission(self, request, obj=None):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False
