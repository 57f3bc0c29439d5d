"""What laboratories call an analyte, in English and German, and how they spell its unit."""

import re

from patients.domain import units

_NAMES: dict[str, str] = {
    "hb": "hb hgb hemoglobin haemoglobin hämoglobin haemoglobin(hb)",
    "platelets": "plt platelets platelet|count thrombocytes thrombozyten thrombos thrombocyten plättchen",
    "wbc": "wbc leucocytes leukocytes leukozyten leukos leuko white|cells white|blood|cells white|cell|count wcc",
    "anc": "anc neutrophils neutrophil|count neutrophile neutrophile|granulozyten neutros neutrophile|abs "
    "neutrophils|abs neutrophils|absolute neutrophile|absolut",
    "lymphocytes": "lymphocytes lymphozyten lymphos lymphocytes|abs lymphozyten|abs lymphozyten|absolut",
    "mcv": "mcv mean|corpuscular|volume mean|cell|volume mittleres|zellvolumen",
    "creatinine": "crea creat creatinine kreatinin krea scr",
    "bilirubin_total": "bili bilirubin total|bilirubin bilirubin|total bilirubin|gesamt gesamtbilirubin "
    "bilirubin|ges tbil t|bili bilirubin|t",
    "albumin": "alb albumin",
    "alt": "alt alat gpt sgpt alt|gpt gpt|alt alat|gpt gpt|alat alanine|aminotransferase",
    "ast": "ast asat got sgot ast|got got|ast asat|got got|asat aspartate|aminotransferase",
    "alp": "alp ap alk|phos alkaline|phosphatase alkalische|phosphatase alk|phosphatase",
    "inr": "inr pt|inr",
    "prothrombin_ratio": "quick prothrombin|ratio thromboplastinzeit tpz quick|wert",
    "potassium": "k potassium kalium",
    "cga": "cga chromogranin|a chromogranin chromogranin|a|cga chromogranin|a|mass",
    "cga_molar": "chromogranin|a|molar",
    "hiaa_urine": "5|hiaa 5|hies hiaa hies 5|hiaa|urine 5|hiaa|24|h|urine 5|hydroxyindoleacetic|acid "
    "5|hydroxyindolessigsäure 5|hies|urin 5|hies|im|urin",
    "hcg": "hcg beta|hcg b|hcg ß|hcg",
    "egfr_reported": "egfr gfr egfr|ckd|epi gfr|ckd|epi egfr|mdrd gfr|mdrd egfr|reported gfr|geschätzt",
    "crcl_measured": "crcl creatinine|clearance kreatinin|clearance",
}
_NOISE = {"im", "i", "in", "s", "p", "serum", "plasma", "blood", "blut", "edta", "venous", "enzymatic", "enzymatisch"}
_CELLS = {
    "/nl",
    "tsd/ul",
    "t/ul",
    "g/l",
    "giga/l",
    "thou/ul",
    "10^3/mm3",
    "10e3/ul",
    "x10e9/l",
    "10^9",
    "tsd./ul",
    "e9/l",
}
_CELL_COUNTS = {"platelets", "wbc", "anc", "lymphocytes"}
_UNITS = {
    "umol/d": "umol/24h",
    "mg/d": "mg/24h",
    "umol/24hrs": "umol/24h",
    "mg/24hrs": "mg/24h",
    "ml/min/1,73m2": "mL/min/1.73m2",
    "ml/min/1.73m^2": "mL/min/1.73m2",
    "ml/min/1.73": "mL/min/1.73m2",
    "mg%": "mg/dL",
    "e/l": "U/L",
}


def _key(text: str) -> str:
    return "|".join(re.findall(r"[0-9a-zäöüß]+", text.lower()))


_BY_NAME = {code: code for code in units.ANALYTES}
_BY_NAME |= {_key(found.label): code for code, found in units.ANALYTES.items()}
_BY_NAME |= {_key(name.replace("|", " ")): code for code, names in _NAMES.items() for name in names.split()}


def analyte_of(name: str) -> str:
    """The code of an analyte, or "" for a name that is not known. A differential in percent is another analyte."""
    key = _key(name)
    if key in _BY_NAME:
        return _BY_NAME[key]
    words = [word for word in key.split("|") if word not in _NOISE]
    return _BY_NAME.get("|".join(words), "")


def unit_of(text: str, code: str) -> str:
    """The vocabulary's unit for what a laboratory printed, or "" where it is none of this analyte."""
    plain = text.strip().strip("[]()").lower().replace(" ", "").replace("\u00b5", "u").replace("\u03bc", "u")
    if not plain:
        return ""
    if code in _CELL_COUNTS and plain in _CELLS:
        return "10^9/L"
    for candidate in (_UNITS.get(plain, plain), text):
        try:
            return units.normalise_unit(candidate, code) if candidate.strip() else ""
        except units.UnitRefused:
            continue
    return ""


_SHAPE = re.compile(
    r"(?:[x×]?\s*10\s*(?:\^|\*|e|⁹|³)\s*[0-9]*\s*/\s*\w+)|(?:[a-zµμ%.]*\s*/\s*[a-z0-9µμ]+(?:/[0-9.,a-z²^]+)?)|%|fl|ratio",
    re.IGNORECASE,
)


def looks_like_unit(text: str) -> bool:
    return bool(_SHAPE.fullmatch(text.strip().strip("[]()").strip()))
