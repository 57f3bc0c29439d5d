"""The first links: the files of a scan, and the factor that turns them into SUV with its inputs filled in."""

from collections.abc import Sequence

from django.urls import reverse

from board.chart import Chart, ScanView
from board.provenance.chain import Link, facts
from imaging.models import SuvResult
from imaging.selectors import CURRENT
from imaging.views.numbers import correction_rows, factor, input_rows, uptake_time


def files(view: ScanView) -> Link:
    series = view.scan.pet_series
    if series is None:
        return Link("Files", note="Entered by hand, no image source.", is_broken=True)
    said = facts(
        ("Series", series.series_uid),
        ("Images", f"{series.instance_count} {series.modality}, {series.units or 'unit not stated'}"),
        ("Tracer", series.tracer or "not stated"),
        ("Reconstruction", series.split_key),
        ("Stored volume", f"SHA-256 {series.volume_sha256[:16]}…" if series.volume_sha256 else ""),
    )
    return Link("Files", said, series.refusal_message, reverse("imaging:series", args=[series.pk]), "Open the series")


def volume(view: ScanView, chart: Chart) -> Link:
    suv = view.suv
    if suv.result is None or suv.state != CURRENT:
        return Link("SUV", note=suv.message or "Not computed yet.", is_broken=True)
    found = suv.result
    inputs = [(row["label"], f"{row['value']} {row['unit']}".rstrip() + _from(row)) for row in input_rows(found.inputs)]
    typed = [
        (f"{row['label']}, by a person", f"{row['value']} {row['unit']}: {row['justification']}")
        for row in correction_rows(view.scan.pet_series.suv_inputs.all())
    ]
    formula = facts(
        ("Formula", "SUVbw = rescaled stored value × factor"),
        ("Factor", factor(found.factors.get("bw"))),
        ("Which is", _which_is(found)),
        ("Uptake time", uptake_time(found.uptake_time_s)),
        ("Method", found.method_version),
    )
    note = "Provisional: an input waits for confirmation." if found.is_provisional else ""
    return Link("SUV", formula + tuple(inputs) + tuple(typed), note, is_override=bool(typed))


def _from(row: dict) -> str:
    return f" ({row['source']})" if row["source"] else ""


def _which_is(found: SuvResult) -> str:
    """Weight over the activity left at the images' decay reference, where the images are in Bq/mL."""
    units = (found.inputs.get("units") or {}).get("value")
    weight = (found.inputs.get("body_weight_kg") or {}).get("value")
    value = found.factors.get("bw")
    if units != "BQML" or not isinstance(weight, int | float) or not value:
        return ""
    grams = float(weight) * 1000
    factors = value if isinstance(value, Sequence) else [value]
    left = [grams / one / 1e6 for one in (min(factors), max(factors))]
    span = f"{left[0]:.4g}" if left[0] == left[1] else f"{left[1]:.4g} to {left[0]:.4g}"
    return f"{grams:.0f} g ÷ {span} MBq, the injected activity decayed to the reference time of the images"
