"""Case 0002, invented: uptake equal to liver. The label's gate on uptake is met, Krenning > 2 is not.

The chart is as complete as a board would wish, so that the criteria panel shows values rather than gaps.
"""

import datetime as dt
from decimal import Decimal

from demo.anatomy import Figure
from demo.phantom import PhantomLesion
from demo.specs import CaseSpec, LesionSpec, Row, ScanSpec, Score, Seen

_NOTE = "Invented case: nothing in it comes from a patient or a publication."
_FIGURE = Figure(stretch=(1.05, 1.05, 1.02), is_female=False, seed=21, fat_mm=15)
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
_CGA = ((-410, "96"), (-290, "118"), (-180, "164"), (-90, "231"), (-6, "268"))
_DENIED = (
    "resectable",
    "hypersensitivity",
    "marrow_irradiated",
    "heart_failure",
    "other_unsealed",
    "other_malignancy",
    "bone_metastases",
)


def equal_uptake_case(today: dt.date) -> CaseSpec:
    """Dates are counted back from ``today``, so that laboratory values are in date when the demo is loaded."""
    days = dt.timedelta
    return CaseSpec(
        case_number="0002",
        question="Uptake equals liver on this scan: is PRRT an option, or does the board ask for Krenning above 2?",
        patient={
            "sex_for_formulas": "M",
            "birth_date": dt.date(today.year - 64, 3, 9),
            "centre": "Demo centre",
            "vital_status": "alive",
            "demo_note": _NOTE,
        },
        rows=(*_history(today), *_assertions(today), *_labs(today)),
        lesions=(
            LesionSpec("L01", "pancreas", "primary", "head", is_target=True),
            LesionSpec("L02", "lymph node", "metastasis", "mesenteric", is_target=True),
            LesionSpec("L03", "liver", "metastasis", "VIII", is_target=True),
        ),
        scans=(_scan(today - days(12)),),
    )


def _history(today: dt.date) -> tuple[Row, ...]:
    days = dt.timedelta
    found = today - days(430)
    line_from = found + days(20)
    injections = tuple(
        ("SsaInjection", {"drug": "lanreotide", "dose_mg": Decimal(120), "clinical_date": today - days(40 + 28 * i)})
        for i in range(4)
    )
    return (
        (
            "Diagnosis",
            {
                "primary_site": "pancreas",
                "functional_status": "non_functional",
                "stage": "metastatic",
                "metastatic_sites": ["liver", "lymph_node"],
                "clinical_date": found,
            },
        ),
        (
            "HistologySpecimen",
            {
                "site": "liver",
                "procedure": "biopsy",
                "differentiation": "well",
                "ki67_text": "5 %",
                "ki67_method": "MIB1, 500 cells",
                "mitoses_per_2mm2": Decimal(3),
                "stated_grade": "G2",
                "classification_edition": "WHO 2022",
                "clinical_date": found,
            },
        ),
        (
            "TreatmentLine",
            {
                "line_number": 1,
                "treatment_class": "ssa",
                "regimen": "Lanreotide",
                "drugs": ["lanreotide"],
                "is_ongoing": True,
                "best_response": "SD",
                "clinical_date": line_from,
            },
        ),
        *injections,
        ("PerformanceStatus", {"instrument": "ECOG", "value": 1, "clinical_date": today - days(6)}),
        ("PerformanceStatus", {"instrument": "KPS", "value": 80, "clinical_date": today - days(6)}),
        ("BodyMeasure", {"kind": "weight_kg", "value": Decimal(81), "clinical_date": today - days(6)}),
        ("BodyMeasure", {"kind": "height_cm", "value": Decimal(178), "clinical_date": today - days(6)}),
        ("ClinicalEvent", {"symptom": "fatigue", "course": "stable", "clinical_date": today - days(6)}),
    )


def _assertions(today: dt.date) -> tuple[Row, ...]:
    seen = today - dt.timedelta(days=6)
    progression = {
        "kind": "progression",
        "state": "asserted",
        "clinical_date": seen,
        "compared_from": today - dt.timedelta(days=198),
        "compared_to": today - dt.timedelta(days=15),
        "note": "CT, target lesions larger by 24 %.",
    }
    denied = (("ClinicalAssertion", {"kind": kind, "state": "denied", "clinical_date": seen}) for kind in _DENIED)
    return (("ClinicalAssertion", progression), *denied)


def _labs(today: dt.date) -> tuple[Row, ...]:
    drawn = today - dt.timedelta(days=6)
    rows = [_lab(drawn, row) for row in _LABS]
    rows += [_lab(today + dt.timedelta(days=offset), ("cga", value, "ug/L", "0", "102")) for offset, value in _CGA]
    return tuple(rows)


def _lab(day: dt.date, row: tuple[str, str, str, str, str]) -> Row:
    analyte, value, unit, low, high = row
    limits = {"reference_low": Decimal(low), "reference_high": Decimal(high)}
    return ("LabResult", {"analyte": analyte, "value": Decimal(value), "unit": unit, "clinical_date": day, **limits})


def _scan(day: dt.date) -> ScanSpec:
    equal = Score(2, 2)
    return ScanSpec(
        key="restaging",
        label="restaging",
        day=day,
        figure=_FIGURE,
        liver_suv_mean=5.4,
        lesions={
            "L01": Seen(PhantomLesion((-14, -20, -600), 17, 6.0, 16, seed=31), (34, 28, 30), 45, equal),
            "L02": Seen(PhantomLesion((24, -22, -716), 13, 6.0, 14, seed=32), (24, 19, 21), 45, equal),
            "L03": Seen(PhantomLesion((-66, -18, -474), 15, 6.1, 12, hu=38, seed=33), (29, 26, 27), score=equal),
        },
        weight_kg=81,
        height_m=1.78,
        injected_mbq=162,
        uptake_minutes=58,
        noise_seed=22,
        ssa_status="on",
        answers={"quality": "good", "ssa": "given", "extravasation": "none", "cold_lesions": "none"},
    )
