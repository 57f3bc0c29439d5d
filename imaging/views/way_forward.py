"""A refused or provisional SUV: which input a person has to enter or confirm, and in what words that is asked."""

from imaging.models import SuvInput, SuvResult
from patients.models import Patient
from patients.selectors import latest_body_measure

# A part of the reason code -> what to ask for. The first that fits decides.
WAYS = (
    (
        "weight_differs",
        SuvInput.Name.WEIGHT,
        "Confirm the weight",
        "Header and chart differ by more than 15 %. There is no SUV until a person gives the weight of the day of the "
        "scan.",
    ),
    (
        "weight_implausible",
        SuvInput.Name.WEIGHT,
        "Confirm the weight",
        "It may be in grams. There is no SUV until a person gives the weight of the day of the scan in kg.",
    ),
    ("weight", SuvInput.Name.WEIGHT, "Enter the weight", "SUV needs the body weight of the day of the scan."),
    (
        "dose",
        SuvInput.Name.DOSE,
        "Confirm the injected activity in MBq",
        "The activity in the header is missing, or looks like MBq written as Bq. Until a person confirms it, the SUV "
        "is provisional and not used as a fact.",
    ),
    (
        "suv_implausible",
        SuvInput.Name.DOSE,
        "Confirm the injected activity in MBq",
        "The highest SUV is not plausible. Correct what is wrong, or confirm it: extravasated tracer is that hot.",
    ),
    ("half_life", SuvInput.Name.HALF_LIFE, "Confirm the half-life", "The half-life in the header needs a look."),
    ("injection", SuvInput.Name.ADMINISTERED, "Enter the injection time", "SUV needs a plausible injection time."),
    ("administ", SuvInput.Name.ADMINISTERED, "Enter the injection time", "SUV needs a plausible injection time."),
    ("uptake_time", SuvInput.Name.ADMINISTERED, "Confirm the injection time", "The uptake time is not plausible."),
    (
        "corrections_unknown",
        SuvInput.Name.CORRECTED_IMAGE,
        "Say which corrections were applied",
        "There is no SUV until a person names them, for example NORM ATTN SCAT DECY.",
    ),
    ("decay_flags", SuvInput.Name.CORRECTED_IMAGE, "Confirm the corrections", "The header contradicts itself."),
    ("suv_type", SuvInput.Name.SUV_TYPE, "Confirm the SUV type", "The header does not say which SUV it holds."),
)
CORRECT = (
    "",
    SuvInput.Name.WEIGHT,
    "Correct an input",
    "The old value stays on record; what rests on it is computed again.",
)
MBQ_NOT_BQ = 1e5  # no injected activity is this small in Bq
MEASURES = {SuvInput.Name.WEIGHT: ("weight_kg", "kg"), SuvInput.Name.HEIGHT: ("height_cm", "cm")}


def of(result: SuvResult | None) -> dict:
    _, name, title, text = next((way for code in _codes(result) for way in WAYS if way[0] in code), CORRECT)
    value = _read_as_mbq(result) if name == SuvInput.Name.DOSE else ""
    return {"name": name, "title": title, "text": text, "value": value, "is_needed": title != CORRECT[2]}


def on_record(name: str, patient: Patient | None) -> str:
    """The chart's own value, shown beside the field and never used by itself."""
    kind, unit = MEASURES.get(name, ("", ""))
    row = latest_body_measure(patient, kind) if patient and kind else None
    if row is None:
        return ""
    return f"Last on record: {row.value.normalize():f} {unit} on {row.clinical_date:%-d %b %Y}; not used by itself."


def _codes(result: SuvResult | None) -> list[str]:
    if result is None:
        return []
    cautions = [warning["code"] for warning in result.warnings] if result.is_provisional else []
    return [code for code in (result.refusal_code, *cautions) if code]


def _read_as_mbq(result: SuvResult) -> str:
    """The number of the header, for a person to confirm as MBq."""
    found = (result.inputs.get(SuvInput.Name.DOSE) or {}).get("value")
    return f"{found:g}" if found and found < MBQ_NOT_BQ else ""
