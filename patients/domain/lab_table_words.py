"""What people and laboratories call an analyte, in English and German, and how they spell its unit.

The one vocabulary: pasted tables, imported tables, their templates and the documentation all read it.
"""

import re
import unicodedata

from patients.domain import units

# One name a line; spelling, signs and blanks between the words count for nothing. Only what names one analyte for sure.
_NAMES: dict[str, str] = {
    "hb": "hb; hgb; hemoglobin; haemoglobin; hämoglobin; haemoglobin (hb); hemoglobin (hgb); blutfarbstoff",
    "platelets": "plt; platelets; platelet; platelet count; platelets count; thrombocytes; thrombocyte count; "
    "thrombozyten; thrombozytenzahl; thrombos; thrombocyten; plättchen; blutplättchen",
    "wbc": "wbc; wbc count; leucocytes; leukocytes; leukozyten; leukozytenzahl; leukos; leuko; leucocyte count; "
    "leukocyte count; white cells; white blood cells; white cell count; white blood cell count; wcc; leucocytes/wbc; "
    "leukocytes/wbc; weiße blutkörperchen; weisse blutkörperchen",
    "anc": "anc; neutrophils; neutrophil count; neutrophile; neutrophile granulozyten; neutros; neutrophile abs; "
    "neutrophils abs; neutrophils absolute; neutrophile absolut; absolute neutrophils; absolute neutrophil count; "
    "neutrophile granulozyten abs; neutrophile granulozyten absolut; neutrophil granulocytes",
    "lymphocytes": "lymphocytes; lymphozyten; lymphos; lymphocyte count; lymphocytes abs; lymphozyten abs; "
    "lymphozyten absolut; lymphocytes absolute; absolute lymphocytes; absolute lymphocyte count; alc",
    "mcv": "mcv; mean corpuscular volume; mean cell volume; mittleres zellvolumen",
    "creatinine": "crea; creat; creatinine; creatinin; kreatinin; krea; scr",
    "bilirubin_total": "bili; bilirubin; total bilirubin; bilirubin total; bilirubin gesamt; gesamtbilirubin; "
    "gesamt bilirubin; bilirubin ges; tbil; t bili; t bil; bilirubin t",
    "albumin": "alb; albumin; albumine",
    "alt": "alt; alat; gpt; sgpt; alt gpt; gpt alt; gpt alat; alat gpt; alanine aminotransferase; "
    "alanine transaminase; alaninaminotransferase; alanin aminotransferase",
    "ast": "ast; asat; got; sgot; ast got; got ast; asat got; got asat; aspartate aminotransferase; "
    "aspartate transaminase; aspartataminotransferase; aspartat aminotransferase",
    "alp": "alp; ap; alk phos; alkaline phosphatase; alkalische phosphatase; alk phosphatase",
    "inr": "inr; pt inr",
    "prothrombin_ratio": "quick; prothrombin ratio; thromboplastinzeit; tpz; quick wert; quickwert",
    "potassium": "k; potassium; kalium",
    "cga": "cga; chromogranin a; chromogranin; chromogranin a cga; cga chromogranin a; chromogranin a mass",
    "cga_molar": "chromogranin a molar",
    "hiaa_urine": "5 hiaa; 5hiaa; 5 hies; 5hies; hiaa; hies; 5 hiaa urine; 5 hiaa 24 h; u 5 hiaa; urine 5 hiaa; "
    "urine 5 hydroxyindoleacetic acid; 5 hydroxyindoleacetic acid; 5 hydroxyindolessigsäure; 5 hies urin; "
    "5 hies im urin; 5 hiaa 24 h urine; 24 h urine 5 hiaa; 5 hies 24 h urin; 5 hies sammelurin",
    "hcg": "hcg; beta hcg; b hcg; ß hcg; hcg beta",
    "egfr_reported": "egfr; egfr ckd epi; gfr ckd epi; egfr mdrd; gfr mdrd; egfr reported; gfr geschätzt; "
    "estimated gfr; estimated glomerular filtration rate",
    "crcl_measured": "measured creatinine clearance; creatinine clearance measured; kreatinin clearance gemessen",
}
# A pasted name that is likely this analyte: a person sees what it became. A table, which nobody looks at line by line,
# is refused: a clearance may be an estimate, and a GFR measured.
_LIKELY: dict[str, str] = {
    "crcl_measured": "crcl; creatinine clearance; kreatinin clearance",
    "egfr_reported": "gfr",
}
# The unit tells which of two quantities a shared name means.
_SHARED = {"cga": "cga_molar"}
_NOISE = {"im", "i", "in", "s", "p", "serum", "plasma", "blood", "blut", "edta", "venous", "enzymatic", "enzymatisch"}
# Hb S is sickle haemoglobin, and haemoglobin in plasma is what has left the cells.
_NOT_BLOOD = {"s", "p", "serum", "plasma"}
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
    composed = unicodedata.normalize("NFC", text).lower().replace("\u03b2", "b")
    return "|".join(re.findall(r"[0-9a-zäöüß]+", composed))


def _by_key(names: dict[str, str]) -> dict[str, str]:
    """By the words and, as blanks count for nothing, by all letters together."""
    keys = {_key(name): code for code, found in names.items() for name in found.split(";")}
    return {key.replace("|", ""): code for key, code in keys.items()} | keys


_SURE = _by_key({code: f"{code};{found.label}" for code, found in units.ANALYTES.items()}) | _by_key(_NAMES)
_ANY = _SURE | _by_key(_LIKELY)


def analyte_of(name: str) -> str:
    """The code of an analyte, or "" for a name that is not known. A differential in percent is another analyte."""
    return _found(name, _ANY)


def stated_analyte(name: str) -> str:
    """The same where nobody looks at it again: only what can be nothing else."""
    return _found(name, _SURE)


def by_unit(code: str, unit: str) -> str:
    """Chromogranin A in nmol/L is the molar quantity, whatever it was called."""
    other = _SHARED.get(code, "")
    return other if other and not unit_of(unit, code) and unit_of(unit, other) else code


def names_of(code: str) -> list[str]:
    """What may stand for an analyte in a table, each way of writing it once."""
    label = units.ANALYTES[code].label
    by_letters = {_key(name).replace("|", ""): name.strip() for name in reversed(_NAMES[code].split(";"))}
    return [label, *(name for letters, name in reversed(by_letters.items()) if letters != _key(label).replace("|", ""))]


def _found(name: str, known: dict[str, str]) -> str:
    key = _key(name)
    if code := known.get(key) or known.get(key.replace("|", "")):
        return "" if "%" in name and code in _CELL_COUNTS else code
    words = key.split("|")
    code = known.get("|".join(word for word in words if word not in _NOISE), "")
    is_of_blood = code in _CELL_COUNTS or code in {"hb", "mcv"}
    return "" if is_of_blood and _NOT_BLOOD & set(words) else code


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
