"""One scan: lesions with the computed Krenning proposal beside the reader's score, volumes of interest, inputs."""

import uuid
from dataclasses import replace
from urllib.parse import urlencode

from django.http import JsonResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.views.decorators.http import require_GET

from imaging import access, chart_questions, pages, selectors
from imaging.fdg_pairs import pair_of
from imaging.models import Lesion, LesionFinding, Reading, Scan, SuvResult
from imaging.scan_numbers import scan_numbers
from imaging.views import (
    burden_rows,
    foreign_rows,
    numbers,
    picture_rows,
    proposal_rows,
    region_panel,
    scan_rows,
    voi_rows,
    way_forward,
)
from imaging.views.grading import grading_context
from imaging.views.guard import needs, visible_or_404
from imaging.views.series_page import mip
from imaging.views.then import as_known
from imaging.views.words import Words, explain
from patients import reads
from patients.domain.known import PARAMETER
from patients.domain.roles import Capability


@needs(Capability.READ_CHART)
@require_GET
def detail(request, pk: uuid.UUID):
    if PARAMETER in request.GET:
        return as_known(request, pk)
    scan = _scan(request, pk)
    suv = selectors.current_suv(scan.pet_series)
    measured = selectors.measurements(scan)
    reading = scan_rows.reading_line(scan, request.user)
    whole = scan_numbers(scan, measured)
    context = {
        **grading_context(scan, request.user, measured=measured, numbers=whole),
        "scan": scan,
        "patient": scan.patient,
        "heading": _heading(scan),
        "scan_facts": _facts(scan, suv.result),
        "is_provisional": bool(suv.result and suv.result.is_provisional),
        "is_illustrative": "illustrative" in scan.note.lower(),
        "state_url": reverse("imaging:scan_state", args=[scan.pk]),
        "computing": pages.scan_computing(scan),
        "refusals": [*_in_question(scan), *_refusals(scan, suv, request.user)],
        "admin": _admin_links(request.user, scan, reading["open"]),
        "reading": reading,
        "lesion_rows": scan_rows.lesions(scan, measured),
        "measurement_rows": voi_rows.measurements(measured),
        "regions": region_panel.panel(scan, request.user, measured, request.GET.get("region", "")),
        "measurement_note": voi_rows.method_note(scan),
        "total_title": voi_rows.total_title(scan),
        "older_rows": voi_rows.older(scan, measured),
        "series_rows": _series_rows(scan, suv.result),
        "inputs": numbers.input_rows(suv.result.inputs if suv.result else {}),
        "mip": mip(scan.pet_series, suv.result),
        **_proposed(scan, suv.result, request.user),
        "scan_numbers": burden_rows.numbers(whole),
        "fdg": burden_rows.fdg(pair_of(scan)),
        "foreign": foreign_rows.rows_of_scan(scan),
        "netpet_classes": Reading.Netpet.values,
    }
    return render(request, "imaging/scan.html", context)


@needs(Capability.READ_CHART)
@require_GET
def state(request, pk: uuid.UUID):
    computing = pages.scan_computing(_scan(request, pk))
    reads.nothing()
    return JsonResponse({"is_computing": bool(computing), "sentence": computing or pages.READY})


def _proposed(scan: Scan, suv: SuvResult | None, user) -> dict:
    shown, drawn = proposal_rows.panels(scan, suv), picture_rows.pictures(scan, suv)
    may = user.may(Capability.MEASURE)
    return {
        "proposed": shown,
        "pictures": drawn,
        "markers": picture_rows.markers(scan, drawn["still"], shown),
        "may_measure": may,
        "kinds": Lesion.Kind.choices,
        "statuses": LesionFinding.Status.choices,
        "open_regions": [row["proposal"] for row in (*shown.to_decide, *shown.physiologic)],
    }


def _scan(request, pk: uuid.UUID) -> Scan:
    rows = access.visible_scans(request.user).select_related("patient", "pet_series", "ct_series")
    return visible_or_404(rows, pk)


def _heading(scan: Scan) -> str:
    day = f"{scan.clinical_date:%-d %b %Y}" if scan.clinical_date else "date unknown"
    label = scan.label or "scan"
    return f"{label[0].upper()}{label[1:]}, {day}"


def _facts(scan: Scan, result) -> list[str]:
    minutes = numbers.uptake_time(result.uptake_time_s if result else None)
    return [
        scan.tracer or "tracer unknown",
        minutes,
        f"SSA: {scan.get_ssa_status_display()}",
        *filter(None, [scan.quality_note]),
    ]


def _refusals(scan: Scan, suv: selectors.CurrentSuv, user) -> list:
    found = []
    if scan.pet_series and scan.pet_series.refusal_code:
        series = scan.pet_series
        found.append(explain(series.refusal_code, series.refusal_message, title="No volume."))
    if suv.state == selectors.REFUSED:
        found.append(_with_way(explain(suv.code, suv.message, title="No SUV."), scan, suv.result, user))
    job = pages.failed_job([pk for pk in (scan.pk, scan.pet_series_id) if pk])
    if job:
        found.append(explain(job.reason_code, job.message, title=f"{job.get_kind_display().capitalize()} failed."))
    return found


def _in_question(scan: Scan) -> list[Words]:
    """What is asked of its series since the chart was changed."""
    return [
        replace(
            explain(code, title=f"{pages.series_title(series)}, in question."),
            action="Look at header and chart",
            href=reverse("imaging:series", args=[series.pk]),
        )
        for series in filter(None, (scan.pet_series, scan.ct_series))
        for code in chart_questions.open_of(series)
    ]


def _with_way(reason: Words, scan: Scan, result, user) -> Words:
    """The way to the form, for those who may fill it in."""
    way = way_forward.of(result)
    if not (way["is_needed"] and user.may(Capability.CONFIRM_SUV_INPUT)):
        return reason
    return replace(reason, action=way["title"], href=f"{reverse('imaging:series', args=[scan.pet_series_id])}#correct")


def _series_rows(scan: Scan, result) -> list[dict]:
    rows = []
    for series in filter(None, (scan.pet_series, scan.ct_series)):
        text = f"{series.instance_count} images"
        if series == scan.pet_series and result:
            factor = numbers.factor(result.factors.get("bw"))
            text += f"; SUVbw factor {factor}" if factor else "; no SUV"
        title = pages.series_title(series)
        rows.append({"series": series, "title": title, "text": text, "warnings": series.warnings})
    return rows


def _admin_links(user, scan: Scan, reading) -> dict:
    """Where step 1 lets a person enter what has no page of its own yet."""
    if not user.is_staff:
        return {}
    links = {}
    if user.may(Capability.MEASURE):
        links["voi"] = _admin("scan_change", pk=scan.pk)
    if user.may(Capability.EDIT_CLINICAL):
        links["lesion"] = _admin("lesion_add", patient=scan.patient_id)
    if user.may(Capability.SIGN_READING):
        links["reading"] = _admin("reading_change", pk=reading.pk) if reading else _admin("reading_add", scan=scan.pk)
    return links


def _admin(name: str, pk=None, **initial) -> str:
    try:
        url = reverse(f"admin:imaging_{name}", args=[pk] if pk else [])
    except NoReverseMatch:
        return ""
    return f"{url}?{urlencode(initial)}" if initial else url
