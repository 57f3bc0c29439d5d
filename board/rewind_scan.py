"""A scan as it was known on a day: what was measured and read by then, and from which inputs, with its pictures."""

import uuid
from typing import Any

from django.http import Http404, HttpRequest
from django.utils import timezone

from board import words
from board.chart import Chart, ScanView
from board.identity import identity_of
from board.rewind_pictures import pictures_then
from board.rewind_proposals import proposals_then
from imaging.models import Reading
from imaging.selectors import CURRENT, RECOMPUTING, REFUSED, may_be_sstr
from imaging.views import numbers, scan_rows, voi_rows

ANSWERS = ("quality", "ssa", "extravasation", "cold_lesions")
STATES = {RECOMPUTING: "SUV was still to be computed.", CURRENT: ""}


def scan_context(chart: Chart, request: HttpRequest, *, lineage: uuid.UUID) -> dict[str, Any]:
    view = next((found for found in chart.scans if found.scan.lineage == lineage), None)
    if view is None:
        raise Http404("Not known on this day.")
    scan, result = view.scan, view.suv.result
    return {
        "patient": chart.patient,
        "identity": identity_of(chart),
        "scan": scan,
        "heading": ", ".join(part for part in (words.sentence(scan.label or "scan"), words.row_day(scan)) if part),
        "scan_facts": _facts(view),
        "suv_said": _suv_said(view),
        "reading": {"text": _reading_said(view, chart)},
        "read": view.reading,
        "answers": _answers(view.reading) if view.reading else [],
        "lesion_rows": [_lesion(lesion, view) for lesion in chart.lesions],
        "measurement_rows": voi_rows.measurements(view.measured),
        "measurement_note": voi_rows.method_note(scan),
        "total_title": voi_rows.total_title(scan),
        "is_illustrative": "illustrative" in scan.note.lower(),
        "inputs": numbers.input_rows(result.inputs if result else {}),
        "corrections": numbers.correction_rows(scan.pet_series.suv_inputs.all()) if scan.pet_series else [],
        **pictures_then(chart, view),
        **proposals_then(chart, view),
    }


def _facts(view: ScanView) -> list[str]:
    result, scan = view.suv.result, view.scan
    uptake = numbers.uptake_time(result.uptake_time_s if result else None)
    said = [scan.tracer or "tracer unknown", uptake, f"SSA: {scan.get_ssa_status_display()}", scan.quality_note]
    return [part for part in said if part]


def _suv_said(view: ScanView) -> str:
    if view.suv.state == REFUSED:
        return f"No SUV. {view.suv.message}"
    if view.suv.state == CURRENT:
        return "" if view.suv.is_fact else "Provisional SUV: an input waited for a confirmation."
    return STATES.get(view.suv.state, "No SUV.")


def _reading_said(view: ScanView, chart: Chart) -> str:
    reading = view.reading
    if reading is None:
        return "No signed reading by then"
    by = chart.names.get(reading.reader_id, "not known")
    day = timezone.localtime(reading.signed_at)
    return f"Signed by {by} on {day:%-d %b %Y}, {reading.scale_id} version {reading.version}"


def _answers(reading: Reading) -> list[tuple[str, str]]:
    said = [
        (str(reading._meta.get_field(name).verbose_name), getattr(reading, f"get_{name}_display")()) for name in ANSWERS
    ]
    said += [("NETPET class", reading.netpet_class), ("comment", reading.comment)]
    return [(words.sentence(name), value) for name, value in said if value]


def _lesion(lesion, view: ScanView) -> dict:
    finding = next((row for row in lesion.findings.all() if row.scan_id == view.scan.lineage), None)
    return scan_rows.lesion_row(
        lesion,
        view.proposals.get(lesion.lineage),
        view.score_of(lesion),
        finding,
        view.measured,
        may_score=may_be_sstr(view.scan),
    )
