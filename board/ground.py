"""What a decision rests on beside the rule sets: the numbers and readings that counted when it was signed."""

from typing import Any

from board.chart import Chart, ScanView
from eligibility.domain.change import ChangeAssessment
from imaging.selectors import CurrentMeasurement


def ground_of(chart: Chart) -> dict[str, Any]:
    """Ids with the digests of what they were computed from: a number that is computed anew has another digest."""
    return {
        "scans": [_scan(view) for view in chart.scans],
        "change": _change(chart.change) if chart.change else None,
        "question": chart.question.text if chart.question else "",
    }


def _scan(view: ScanView) -> dict[str, Any]:
    return {
        "id": str(view.scan.lineage),
        "day": view.day.isoformat() if view.day else None,
        "tracer": view.scan.tracer,
        "suv": {"state": view.suv.state, "digest": view.suv.result.input_digest if view.suv.result else ""},
        "measurements": [_measurement(found) for found in view.measured],
        "reading": _reading(view) if view.reading else None,
    }


def _measurement(found: CurrentMeasurement) -> dict[str, Any]:
    number = found.measurement
    return {
        "id": str(number.pk) if number else None,
        "lesion": found.voi.lesion.label if found.voi.lesion else "",
        "role": found.voi.role,
        "state": found.state,
        "digest": number.input_digest if number else "",
        "method": number.method_version if number else "",
        "suv_max": number.suv_max if number else None,
        "suv_mean": number.suv_mean if number else None,
        "is_provisional": found.is_provisional,
    }


def _reading(view: ScanView) -> dict[str, Any]:
    reading = view.reading
    scores = sorted(reading.lesions.all(), key=lambda row: row.lesion.label)
    return {
        "id": str(reading.pk),
        "version": reading.version,
        "scale": reading.scale_id,
        "digest": reading.inputs_sha256,
        "scores": {row.lesion.label: row.text or row.score_text for row in scores},
    }


def _change(found: ChangeAssessment) -> dict[str, Any]:
    return {
        "class": found.name.value,
        "sentence": found.sentence,
        "digest": found.digest,
        "method": found.method_version,
        "before": str(found.before.id),
        "after": str(found.after.id),
    }
