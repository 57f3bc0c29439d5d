"""One series: its SUV with every input, its picture, whose it is, and what a person may correct."""

import uuid

from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from imaging import access, pages, pictures, selectors, services
from imaging.forms import IdentityForm, SuvInputForm
from imaging.models import Series, SuvInput
from imaging.refused import Refused
from imaging.tasks import ring
from imaging.views import identities, numbers
from imaging.views.guard import needs, visible_or_404
from imaging.views.words import explain
from patients.domain.roles import Capability
from patients.selectors import latest_body_measure

MAY_OPEN = (Capability.READ_CHART, Capability.IMPORT_SCAN, Capability.RESOLVE_IDENTITY)
WAYS_FORWARD = {
    "weight": (
        SuvInput.Name.WEIGHT,
        "Enter the weight",
        "SUV is not calculated without the body weight of the day of the scan.",
    ),
    "dose": (
        SuvInput.Name.DOSE,
        "Confirm the injected activity in MBq",
        "The activity in the header is missing or looks like MBq written as Bq. Until a person confirms it, the SUV is "
        "provisional and not used as a fact.",
    ),
    "administ": (SuvInput.Name.ADMINISTERED, "Enter the injection time", "SUV needs a plausible injection time."),
    "half_life": (
        SuvInput.Name.HALF_LIFE,
        "Confirm the half-life",
        "The half-life in the header is not usable as it is.",
    ),
}
CORRECT = (
    SuvInput.Name.WEIGHT,
    "Correct an input",
    "The old value stays on record, and everything that rests on it is computed again.",
)


@needs(*MAY_OPEN)
@require_GET
def detail(request, pk: uuid.UUID):
    return _page(request, _series(request, pk))


@needs(*MAY_OPEN)
@require_GET
def state(request, pk: uuid.UUID):
    computing = pages.series_computing(_series(request, pk))
    return JsonResponse({"is_computing": bool(computing), "sentence": computing or pages.READY})


@needs(*MAY_OPEN)
@require_GET
def picture(request, pk: uuid.UUID):
    """The MIP as PNG; 404 where there is none, as for a series the user may not see."""
    series = _series(request, pk)
    png = pictures.coronal_mip_png(series, selectors.current_suv(series).result)
    return HttpResponse(png or b"", content_type="image/png", status=200 if png else 404)


@needs(Capability.CONFIRM_SUV_INPUT)
@require_POST
def suv_input(request, pk: uuid.UUID):
    series = _series(request, pk)
    form = SuvInputForm(request.POST)
    if not form.is_valid():
        return _page(request, series, input_form=form, status=422)
    values = {"name": form.cleaned_data["name"], "value": form.cleaned_data["stored"]}
    reason = form.cleaned_data["reason"]
    if pages.is_in_force(series, justification=reason, **values):  # the same form, sent twice
        return _back(series)
    try:
        job = services.correct_suv_input(by=request.user, series=series, reason=reason, **values)
    except Refused as refusal:
        form.add_error("value", refusal.message)
        return _page(request, series, input_form=form, status=422)
    ring([job.pk])
    return _back(series)


@needs(Capability.RESOLVE_IDENTITY)
@require_POST
def confirm(request, pk: uuid.UUID):
    series = _series(request, pk)
    if series.identity not in pages.WAITING:  # decided meanwhile: the page says how
        return _back(series)
    form = IdentityForm(request.POST, user=request.user, needs_case=True)
    if not form.is_valid():
        return _page(request, series, identity_form=form, status=422)
    try:
        services.confirm_identity(
            by=request.user, series=series, patient=form.cleaned_data["case"], reason=form.cleaned_data["reason"]
        )
    except Refused as refusal:
        form.add_error("case", refusal.message)
        return _page(request, series, identity_form=form, status=422)
    ring(pages.waiting_jobs(series))
    return _back(series)


@needs(Capability.RESOLVE_IDENTITY)
@require_POST
def reject(request, pk: uuid.UUID):
    series = _series(request, pk)
    if series.identity not in pages.WAITING:
        return _back(series)
    form = IdentityForm(request.POST, user=request.user, needs_case=False)
    if not form.is_valid():
        return _page(request, series, identity_form=form, status=422)
    try:
        services.reject_identity(by=request.user, series=series, reason=form.cleaned_data["reason"])
    except Refused as refusal:
        form.add_error("reason", refusal.message)
        return _page(request, series, identity_form=form, status=422)
    return _back(series)


def _series(request, pk: uuid.UUID) -> Series:
    rows = access.visible_series(request.user).select_related("study", "candidate_patient", "uploaded_by")
    return visible_or_404(rows, pk)


def _back(series: Series) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("imaging:series", args=[series.pk]))


def _page(request, series: Series, *, input_form=None, identity_form=None, status: int = 200):
    is_pet = series.modality == "PT"
    suv = selectors.current_suv(series if is_pet else None)
    result = suv.result
    scan = pages.scan_of(series)
    may_correct = is_pet and request.user.may(Capability.CONFIRM_SUV_INPUT)
    way = _way_forward(result)
    context = {
        "series": series,
        "heading": pages.series_title(series),
        "patient": selectors.patient_of(series),
        "facts": [scan.clinical_date.strftime("%-d %b %Y")] if scan and scan.clinical_date else [],
        "is_pet": is_pet,
        "state_url": reverse("imaging:series_state", args=[series.pk]),
        "computing": pages.series_computing(series),
        "identity": identities.panel(series, request.user, identity_form),
        "refusals": _refusals(series, suv),
        "result": result,
        "kinds": numbers.kind_rows(result) if result and result.factors else [],
        "uptake": numbers.uptake_time(result.uptake_time_s if result else None),
        "warnings": result.warnings if result else [],
        "volume_warnings": series.warnings,
        "inputs": numbers.input_rows(result.inputs if result else {}),
        "corrections": numbers.correction_rows(pages.corrections(series)),
        "older": [
            {"computed_at": r.computed_at, "superseded_at": r.superseded_at, "text": _old_text(r)}
            for r in pages.older_suv(series, result)
        ],
        "input_form": (input_form or SuvInputForm(initial={"name": way[0]})) if may_correct else None,
        "way_forward": {
            "title": way[1],
            "text": way[2],
            "is_needed": way is not CORRECT,
            "on_record": _on_record(way[0], selectors.patient_of(series)),
        },
        "series_facts": _facts(series, scan),
        "mip": mip(series, result),
    }
    return render(request, "imaging/series.html", context, status=status)


def _refusals(series: Series, suv: selectors.CurrentSuv) -> list:
    found = []
    if series.refusal_code:
        found.append(explain(series.refusal_code, series.refusal_message, title="No volume."))
    if suv.state == selectors.REFUSED:
        found.append(explain(suv.code, suv.message, title="No SUV."))
    if suv.state == selectors.FAILED:
        found.append(explain(suv.code, suv.message, title="The computation failed."))
    return found


def _way_forward(result):
    codes = []
    if result:
        codes = [result.refusal_code, *(warning["code"] for warning in result.warnings if result.is_provisional)]
    for code in filter(None, codes):
        for part, way in WAYS_FORWARD.items():
            if part in code:
                return way
    return CORRECT


def mip(series: Series | None, result) -> dict:
    """What the picture panel shows: the address of the picture, or why there is none."""
    if series is None or not pictures.is_available(series, result):
        return {"suv_max": pictures.SUV_MAX, "why": pictures.why_none(series, result)}
    return {"suv_max": pictures.SUV_MAX, "url": reverse("imaging:mip", args=[series.pk])}


def _old_text(result) -> str:
    return numbers.factor(result.factors.get("bw")) or result.refusal_message or "none"


def _on_record(name: str, patient) -> str:
    """The chart's own value, shown beside the field and never used by itself."""
    kind = {SuvInput.Name.WEIGHT: "weight_kg", SuvInput.Name.HEIGHT: "height_cm"}.get(name)
    row = latest_body_measure(patient, kind) if patient and kind else None
    if row is None:
        return ""
    return (
        f"Last on record: {row.value.normalize():f} {kind[-2:]} on {row.clinical_date:%-d %b %Y}; not used by itself."
    )


def _facts(series: Series, scan) -> list[dict]:
    shape = (series.geometry or {}).get("shape")
    rows = [
        ("Modality", series.modality),
        ("Images", series.instance_count),
        ("Tracer", series.tracer),
        ("Units", series.units),
        ("Date", series.series_date or ""),
        ("Matrix (slices, rows, columns)", " x ".join(str(n) for n in shape) if shape else ""),
        ("Identity", series.get_identity_display()),
        ("Brought in", f"{series.created_at:%Y-%m-%d %H:%M}"),
        ("Revision", series.revision),
    ]
    return [{"label": label, "value": value} for label, value in rows if value not in ("", None)]
