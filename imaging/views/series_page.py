"""What the page of a series shows."""

from django.urls import reverse

from imaging import pages, pictures, selectors
from imaging.domain.errors import NOTES
from imaging.domain.vocabulary import is_sstr
from imaging.forms import SuvInputForm
from imaging.models import Scan, Series, SuvResult
from imaging.views import foreign_rows, identities, numbers, way_forward
from imaging.views.words import Words, explain
from patients.domain.roles import Capability

PICTURES = {"SC": "secondary_capture", "US": "ultrasound_picture"}


def context(series: Series, user, *, input_form=None, identity_form=None, standing_form=None) -> dict:
    is_pet = series.modality == "PT"
    suv = selectors.current_suv(series if is_pet else None)
    scan, patient = pages.scan_of(series), selectors.patient_of(series)
    shown = {
        "series": series,
        "heading": pages.series_title(series),
        "patient": patient,
        "facts": [f"{scan.clinical_date:%-d %b %Y}"] if scan and scan.clinical_date else [],
        "is_pet": is_pet,
        "state_url": reverse("imaging:series_state", args=[series.pk]),
        "computing": pages.series_computing(series),
        "identity": identities.panel(series, user, identity_form),
        "standing": identities.standing(series, user, standing_form),
        "refusals": _refusals(series, suv),
        "volume_warnings": _of_series(series, scan),
        "series_facts": _facts(series),
        "mip": mip(series, suv.result),
        "foreign": foreign_rows.rows_of_series(series),
    }
    if is_pet and user.may(Capability.CONFIRM_SUV_INPUT):
        way = way_forward.of(suv.result)
        shown["way_forward"] = way | {"on_record": way_forward.on_record(way["name"], patient)}
        shown["input_form"] = input_form or SuvInputForm(initial={"name": way["name"], "value": way["value"]})
    return shown | _suv(series, suv.result)


def mip(series: Series | None, result: SuvResult | None) -> dict:
    """What the picture panel shows: the address of the picture, or why there is none."""
    if series is None or not pictures.is_available(series, result):
        return {"suv_max": pictures.SUV_MAX, "why": pictures.why_none(series, result)}
    return {"suv_max": pictures.SUV_MAX, "url": reverse("imaging:mip", args=[series.pk])}


def _of_series(series: Series, scan: Scan | None) -> list[dict]:
    """What the header says of the tracer, unless a person has recorded another one with the scan."""
    is_corrected = scan is not None and is_sstr(scan.tracer)
    return [found for found in series.warnings if not (is_corrected and found["code"] == "tracer_not_sstr")]


def _suv(series: Series, result: SuvResult | None) -> dict:
    cautions = result.warnings if result else []
    return {
        "result": result,
        "kinds": numbers.kind_rows(result) if result and result.factors else [],
        "uptake": numbers.uptake_time(result.uptake_time_s if result else None),
        "warnings": [found for found in cautions if found["code"] not in NOTES],
        "notes": [found for found in cautions if found["code"] in NOTES],
        "inputs": numbers.input_rows(result.inputs if result else {}),
        "corrections": numbers.correction_rows(pages.corrections(series)),
        "older": [_older(row) for row in pages.older_suv(series, result)],
    }


def _older(row: SuvResult) -> dict:
    text = numbers.factor(row.factors.get("bw")) or row.refusal_message or "none"
    return {"computed_at": row.computed_at, "superseded_at": row.superseded_at, "text": text}


def _refusals(series: Series, suv: selectors.CurrentSuv) -> list[Words]:
    found = []
    if series.modality in Series.PICTURES and series.identity == Series.Identity.ATTACHED:
        found.append(explain(PICTURES[series.modality], title="Not shown."))
    if series.refusal_code:
        found.append(explain(series.refusal_code, series.refusal_message, title="No volume."))
    if suv.state == selectors.REFUSED:
        found.append(explain(suv.code, suv.message, title="No SUV."))
    if suv.state == selectors.FAILED:
        found.append(explain(suv.code, suv.message, title="The computation failed."))
    objects = pages.failed_job(series.foreign_objects.values_list("pk", flat=True))
    if objects:
        found.append(explain(objects.reason_code, objects.message, title="Not read."))
    return found


def _facts(series: Series) -> list[dict]:
    shape = (series.geometry or {}).get("shape")
    rows = [
        ("Modality", series.modality),
        ("Images", series.instance_count),
        ("Tracer", series.tracer),
        ("Units", series.units),
        ("Date", series.series_date or ""),
        ("Matrix (slices, rows, columns)", " x ".join(str(n) for n in shape) if shape else ""),
        ("Identity", pages.identity_words(series)),
        ("Brought in", f"{series.created_at:%Y-%m-%d %H:%M}"),
        ("Revision", series.revision),
    ]
    return [{"label": label, "value": value} for label, value in rows if value not in ("", None)]
