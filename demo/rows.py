"""Clinical rows that invented cases have in common, so that a case file holds only what is its own.

Values are ordinary ones for an adult; a case changes the few that it is about.
"""

import datetime as dt
from decimal import Decimal

from demo.specs import Row

INVENTED = "Invented case: nothing in it comes from a patient or a publication."

# analyte, value, unit, lower and upper reference limit
_LABS = (
    ("hb", "13.4", "g/dL", "13.0", "17.0"),
    ("platelets", "212", "10^9/L", "150", "400"),
    ("wbc", "5.8", "10^9/L", "4.0", "10.0"),
    ("anc", "3.6", "10^9/L", "1.8", "7.5"),
    ("lymphocytes", "1.5", "10^9/L", "1.0", "3.5"),
    ("creatinine", "84", "umol/L", "60", "105"),
    ("bilirubin_total", "11", "umol/L", "3", "21"),
    ("albumin", "41", "g/L", "35", "50"),
    ("alt", "31", "U/L", "5", "50"),
    ("ast", "28", "U/L", "5", "50"),
    ("alp", "96", "U/L", "40", "130"),
    ("inr", "1.0", "1", "0.9", "1.2"),
    ("prothrombin_ratio", "96", "%", "70", "120"),
    ("potassium", "4.3", "mmol/L", "3.5", "5.1"),
)
_LIMITS = {analyte: (unit, low, high) for analyte, _, unit, low, high in (*_LABS, ("cga", "", "ug/L", "0", "102"))}
_DENIED = (
    "resectable",
    "hypersensitivity",
    "marrow_irradiated",
    "heart_failure",
    "other_unsealed",
    "other_malignancy",
    "bone_metastases",
)


def labs(day: dt.date, **changed: str) -> tuple[Row, ...]:
    """One blood sample of everything that rule sets ask for; ``changed`` values by analyte."""
    return tuple(_lab(day, analyte, changed.get(analyte, value)) for analyte, value, *_ in _LABS)


def course(analyte: str, *values: tuple[dt.date, str]) -> tuple[Row, ...]:
    """One analyte over time."""
    return tuple(_lab(day, analyte, value) for day, value in values)


def _lab(day: dt.date, analyte: str, value: str) -> Row:
    unit, low, high = _LIMITS[analyte]
    limits = {"reference_low": Decimal(low), "reference_high": Decimal(high)}
    return ("LabResult", {"analyte": analyte, "value": Decimal(value), "unit": unit, "clinical_date": day, **limits})


def denials(day: dt.date, *, is_female: bool) -> tuple[Row, ...]:
    """What a named person has denied, each by itself: silence is not denial."""
    said = [{"kind": kind, "state": "denied"} for kind in (*_DENIED, *(("breast_feeding",) if is_female else ()))]
    if is_female:
        said.append({"kind": "pregnancy", "state": "denied", "detail": "not_of_childbearing_potential"})
    return tuple(("ClinicalAssertion", {**values, "clinical_date": day}) for values in said)


def progression(day: dt.date, earlier: dt.date, later: dt.date, note: str) -> Row:
    compared = {"compared_from": earlier, "compared_to": later, "note": note}
    return ("ClinicalAssertion", {"kind": "progression", "state": "asserted", "clinical_date": day, **compared})


def examination(day: dt.date, *, ecog: int, karnofsky: int, weight_kg: int, height_cm: int) -> tuple[Row, ...]:
    return (
        ("PerformanceStatus", {"instrument": "ECOG", "value": ecog, "clinical_date": day}),
        ("PerformanceStatus", {"instrument": "KPS", "value": karnofsky, "clinical_date": day}),
        ("BodyMeasure", {"kind": "weight_kg", "value": Decimal(weight_kg), "clinical_date": day}),
        ("BodyMeasure", {"kind": "height_cm", "value": Decimal(height_cm), "clinical_date": day}),
    )


def diagnosis(day: dt.date, site: str, *spread: str) -> Row:
    values = {"primary_site": site, "functional_status": "non_functional", "stage": "metastatic"}
    return ("Diagnosis", {**values, "metastatic_sites": list(spread), "clinical_date": day})


def biopsy(day: dt.date, *, ki67: str, grade: str, mitoses: int) -> Row:
    values = {"site": "liver", "procedure": "biopsy", "differentiation": "well", "stated_grade": grade}
    counted = {"ki67_text": ki67, "ki67_method": "MIB1, 500 cells", "mitoses_per_2mm2": Decimal(mitoses)}
    return ("HistologySpecimen", {**values, **counted, "classification_edition": "WHO 2022", "clinical_date": day})


def ssa_line(number: int, drug: str, begun: dt.date, **more) -> Row:
    values = {"line_number": number, "treatment_class": "ssa", "regimen": drug.capitalize(), "drugs": [drug]}
    return ("TreatmentLine", {**values, "is_ongoing": True, "clinical_date": begun, **more})


def captem(number: int, begun: dt.date, cycles: int, **more) -> Row:
    """Cycles of 28 days; the line ends with the last day of the last one."""
    values = {"line_number": number, "treatment_class": "chemo", "regimen": "CAPTEM", "cycles": cycles}
    end = {"is_ongoing": False, "stop_date": begun + dt.timedelta(days=28 * cycles - 1), "stop_reason": "completed"}
    return (
        "TreatmentLine",
        {**values, **end, "drugs": ["capecitabine", "temozolomide"], "clinical_date": begun, **more},
    )


def injections(drug: str, dose_mg: int, *days: dt.date) -> tuple[Row, ...]:
    given = {"drug": drug, "dose_mg": Decimal(dose_mg)}
    return tuple(("SsaInjection", {**given, "clinical_date": day}) for day in days)
