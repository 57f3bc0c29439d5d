"""Words the data desk offers while typing; anything else may be typed as well."""

from patients.domain.drugs import REGIMENS
from patients.domain.units import ANALYTES

_SINGLE_DRUGS = sorted({drug for drugs in REGIMENS.values() for drug in drugs})

SUGGESTIONS: dict[str, list[str]] = {
    "reason": ["typing error", "new information", "line ended", "pathology re-read", "belongs to another case"],
    "unit": list(dict.fromkeys(unit for analyte in ANALYTES.values() for unit in analyte.units)),
    "regimen": list(REGIMENS),
    "drug": _SINGLE_DRUGS,
    "drugs": _SINGLE_DRUGS,
    "compound": ["177Lu-DOTATATE", "177Lu-edotreotide", "90Y-DOTATOC"],
    "symptom": ["abdominal pain", "diarrhoea", "flushing", "weight loss", "fatigue", "nausea"],
    "syndrome": ["carcinoid syndrome", "insulinoma", "gastrinoma", "VIPoma", "glucagonoma", "ACTH"],
    "metastatic_sites": ["liver", "lymph nodes", "bone", "lung", "peritoneum", "brain"],
    "ki67_method": ["hot-spot count", "digital", "eyeball"],
    "classification_edition": ["WHO 2022", "WHO 2019", "WHO 2017", "WHO 2010"],
    "tnm_edition": ["AJCC 8", "UICC 8", "ENETS"],
    "marker": ["CgA", "synaptophysin", "INSM1", "SSTR2A", "DAXX", "ATRX", "p53", "RB1", "MGMT"],
    "detail": [
        "negative_test",
        "not_of_childbearing_potential",
        "not_excluded",
        "NYHA I",
        "NYHA II",
        "NYHA III",
        "NYHA IV",
    ],
}


def list_id(name: str) -> str:
    return f"suggested-{name}"
