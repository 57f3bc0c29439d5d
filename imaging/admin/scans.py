"""A scan: what was given, its SUV, its regions of interest with their uptake, its findings."""

from django import forms
from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html, format_html_join

from imaging import selectors
from imaging.admin.desk import LookingAgainAdmin, refusals_shown, ring_for
from imaging.admin.lesions import SIZES
from imaging.domain.vocabulary import Tracer
from imaging.models import LesionFinding, Scan, Voi
from imaging.refused import Refused
from imaging.services import detach_series, move_voi, place_voi, remove_voi
from patients.admin_base import ServiceInline
from patients.domain.roles import Capability
from patients.services import StillInUse

CENTRE = ("centre_x_mm", "centre_y_mm", "centre_z_mm")
STATES = {
    selectors.RECOMPUTING: "being computed",
    selectors.FAILED: "computation failed",
    selectors.NOT_MEASURED: "no PET series",
}


class FindingOnScanInline(ServiceInline):
    model = LesionFinding
    verbose_name_plural = "findings"
    show_change_link = False
    fields = ["lesion", "status", *SIZES, "necrosis", "is_illustrative"]


class VoiInline(ServiceInline):
    model = Voi
    verbose_name_plural = "volumes of interest (centres in patient coordinates, LPS)"
    show_change_link = False
    write_capability = Capability.MEASURE
    fields = ["role", "lesion", "method", "parameter", *CENTRE, "radius_mm", "uptake"]
    readonly_fields = ["uptake"]

    def add(self, *, by, values, parent=None):
        shape = {name: values[name] for name in ("role", "method", "radius_mm")}
        optional = {name: values.get(name) for name in ("lesion", "parameter")}
        with refusals_shown():
            voi, job = place_voi(by=by, scan=parent[1], centre_lps=_centre(values), **shape, **optional)
        ring_for(job)
        return voi

    def change(self, row, *, by, reason, seen_at, values):
        kept = {name: values.get(name, getattr(row, name)) for name in (*CENTRE, "radius_mm", "method", "parameter")}
        shape = {name: kept[name] for name in ("radius_mm", "method", "parameter")}
        with refusals_shown():
            voi, job = move_voi(
                by=by, voi=row, reason=reason, expected_recorded_at=seen_at, centre_lps=_centre(kept), **shape
            )
        ring_for(job)
        return voi

    def remove(self, row, *, by, reason):
        with refusals_shown():
            ring_for(remove_voi(by=by, voi=row, reason=reason))

    def get_readonly_fields(self, request, obj=None):
        return [*super().get_readonly_fields(request, obj)]

    @admin.display(description="uptake (SUVbw)")
    def uptake(self, voi):
        if voi is None or voi._state.adding:
            return "appears after saving"
        found = next((item for item in selectors.measurements(voi.scan) if item.voi.pk == voi.pk), None)
        return measured_text(found)


@admin.register(Scan)
class ScanAdmin(LookingAgainAdmin):
    list_display = ["patient", "headline", "when", "suv"]
    list_display_links = ["headline"]
    list_select_related = ["patient", "pet_series"]
    list_filter = ["tracer", "ssa_status"]
    search_fields = ["patient__case_number", "label", "tracer"]
    autocomplete_fields = ["patient"]
    readonly_fields = ["pet", "ct", "suv", "proposals"]
    inlines = [VoiInline, FindingOnScanInline]
    fieldsets = [
        (
            None,
            {
                "fields": [
                    "patient",
                    ("clinical_date", "tracer", "label"),
                    ("ssa_status", "quality_note", "note"),
                    ("uptake_min", "uses_psf", "uses_tof"),
                    ("peptide_ug", "high_dose_steroid", "has_inflammation"),
                    "is_illustrative",
                    ("pet", "ct"),
                    ("suv", "proposals"),
                ]
            },
        )
    ]

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None and db_field.name == "tracer":
            field.widget = forms.Select(choices=[("", "not recorded"), *((t.value, t.value) for t in Tracer)])
        return field

    def remove(self, row, *, by, reason):
        """A scan with images goes out of the chart together with its series, which is held again."""
        if row.pet_series is None:
            return super().remove(row, by=by, reason=reason)
        try:
            return detach_series(by=by, series=row.pet_series, reason=reason)
        except Refused as refusal:
            raise StillInUse(refusal.message) from refusal

    @admin.display(description="what")
    def headline(self, scan):
        return scan.headline()

    @admin.display(description="date", ordering="clinical_date")
    def when(self, scan):
        return scan.when()

    @admin.display(description="PET")
    def pet(self, scan):
        return _series_link(scan.pet_series)

    @admin.display(description="CT")
    def ct(self, scan):
        return _series_link(scan.ct_series)

    @admin.display(description="SUV")
    def suv(self, scan):
        found = selectors.current_suv(scan.pet_series if not scan._state.adding else None)
        if found.result is None or found.state == selectors.REFUSED:
            return found.message or STATES[found.state]
        return "provisional: an input waits for confirmation" if found.result.is_provisional else "calculated"

    @admin.display(description="Computed Krenning score (unsigned proposal)")
    def proposals(self, scan):
        found = selectors.krenning_proposals(scan) if not scan._state.adding else []
        lines = ((p.lesion.label, p.proposal.text if p.proposal else p.message) for p in found)
        return format_html_join("; ", "{}: {}", lines) or "none"


def measured_text(item) -> str:
    """One line of numbers with their units, or why there is none."""
    if item is None:
        return "none"
    row = item.measurement
    if row is None:
        return STATES[item.state]
    if row.refusal_code:
        return row.refusal_message
    provisional = " (provisional)" if item.is_provisional else ""
    return (
        f"max {row.suv_max:.2f}, mean {row.suv_mean:.2f}, peak {row.suv_peak_global:.2f}, "
        f"{row.volume_ml:.1f} mL{provisional}"
    )


def _series_link(series):
    if series is None:
        return "none"
    return format_html('<a href="{}">{}</a>', reverse("imaging:series", args=[series.pk]), series)


def _centre(values: dict) -> tuple:
    return tuple(values[name] for name in CENTRE)
