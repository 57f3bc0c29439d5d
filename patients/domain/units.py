"""Laboratory analytes: LOINC code, units with exact conversions, and plausible ranges.

Decimal arithmetic throughout; a value is never rounded by a conversion. Sources: haemoglobin 1 mmol/L
(monomer) = 1.6114 g/dL; creatinine 1 mg/dL = 88.4 umol/L; bilirubin 1 mg/dL = 17.1 umol/L; albumin
1 g/dL = 10 g/L; 1 ukat/L = 60 U/L; 5-HIAA 1 mg = 5.2308 umol (191.18 g/mol). Plausible ranges only
catch typing errors and wrong units; they are no reference ranges.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache


class UnitRefused(ValueError):
    """An analyte or unit outside the vocabulary; ``str()`` is a sentence for the person who typed it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Analyte:
    """``factors`` maps an accepted unit to what one of it is in the canonical unit."""

    code: str
    label: str
    loinc: str
    canonical_unit: str
    factors: Mapping[str, Decimal]
    plausible: tuple[Decimal, Decimal]
    loinc_molar: str = ""

    @property
    def units(self) -> tuple[str, ...]:
        return tuple(self.factors)

    def loinc_for(self, unit: str) -> str:
        """The code of the molar quantity where the unit is molar and LOINC tells the two apart."""
        return self.loinc_molar if self.loinc_molar and "mol" in unit else self.loinc


_CELLS = {"10^9/L": "1", "/uL": "0.001"}
_ENZYME = {"U/L": "1", "ukat/L": "60"}
_HB = {"g/dL": "1", "g/L": "0.1", "mmol/L": "1.6114"}

# code, label, LOINC, LOINC of the molar quantity, units with the canonical one first, plausible low and high
_TABLE: list[tuple[str, str, str, str, dict[str, str], str, str]] = [
    ("hb", "haemoglobin", "718-7", "59260-0", _HB, "2", "25"),
    ("platelets", "platelets", "777-3", "", _CELLS, "5", "1000"),
    ("wbc", "leucocytes", "6690-2", "", _CELLS, "0.1", "200"),
    ("anc", "neutrophils", "751-8", "", _CELLS, "0", "100"),
    ("lymphocytes", "lymphocytes", "731-0", "", _CELLS, "0", "100"),
    ("mcv", "mean corpuscular volume", "787-2", "", {"fL": "1"}, "50", "150"),
    ("creatinine", "creatinine", "2160-0", "14682-9", {"umol/L": "1", "mg/dL": "88.4"}, "15", "2000"),
    ("bilirubin_total", "bilirubin, total", "1975-2", "14631-6", {"umol/L": "1", "mg/dL": "17.1"}, "1", "800"),
    ("albumin", "albumin", "1751-7", "", {"g/L": "1", "g/dL": "10"}, "8", "70"),
    ("alt", "ALT", "1742-6", "", _ENZYME, "1", "10000"),
    ("ast", "AST", "1920-8", "", _ENZYME, "1", "10000"),
    ("alp", "alkaline phosphatase", "6768-6", "", _ENZYME, "5", "5000"),
    ("inr", "INR", "6301-6", "", {"1": "1"}, "0.5", "15"),
    ("prothrombin_ratio", "prothrombin (Quick)", "5894-1", "", {"%": "1"}, "5", "150"),
    ("potassium", "potassium", "2823-3", "", {"mmol/L": "1", "mEq/L": "1"}, "1.5", "9"),
    ("cga", "chromogranin A, mass", "9811-1", "", {"ug/L": "1", "ng/mL": "1"}, "1", "500000"),
    ("cga_molar", "chromogranin A, molar", "25587-7", "", {"nmol/L": "1"}, "0.1", "10000"),
    ("hiaa_urine", "5-HIAA, urine 24 h", "1695-6", "", {"umol/24h": "1", "mg/24h": "5.2308"}, "1", "20000"),
    ("hcg", "hCG, serum", "19080-1", "", {"IU/L": "1", "mIU/mL": "1"}, "0", "1000000"),
    ("egfr_reported", "eGFR as reported", "98979-8", "", {"mL/min/1.73m2": "1"}, "3", "200"),
    ("crcl_measured", "creatinine clearance, measured", "2164-2", "", {"mL/min": "1"}, "3", "250"),
]

ANALYTES: dict[str, Analyte] = {
    code: Analyte(
        code,
        label,
        loinc,
        next(iter(units)),
        {unit: Decimal(factor) for unit, factor in units.items()},
        (Decimal(low), Decimal(high)),
        molar,
    )
    for code, label, loinc, molar, units, low, high in _TABLE
}

_SPELLINGS = {
    "10*9/l": "10^9/L",
    "10^9/l": "10^9/L",
    "10e9/l": "10^9/L",
    "g/l": "g/L",
    "gpt/l": "10^9/L",
    "10^3/ul": "10^9/L",
    "10*3/ul": "10^9/L",
    "k/ul": "10^9/L",
    "/ul": "/uL",
    "cells/ul": "/uL",
    "/mm3": "/uL",
    "iu/l": "IU/L",
    "mcg/l": "ug/L",
    "ratio": "1",
    "": "1",
}


def analyte(code: str) -> Analyte:
    """Raises UnitRefused("analyte_unknown")."""
    try:
        return ANALYTES[code]
    except KeyError:
        known = ", ".join(ANALYTES)
        raise UnitRefused("analyte_unknown", f"“{code}” is not a known analyte. Known are: {known}.") from None


@lru_cache(maxsize=1024)
def normalise_unit(unit: str, code: str) -> str:
    """The vocabulary's spelling of a unit of this analyte, e.g. "x10⁹/l" -> "10^9/L".

    Raises UnitRefused("unit_unknown"): a unit is never guessed from the size of a number.
    """
    found = analyte(code)
    plain = _plain(unit)
    by_spelling = {_plain(accepted): accepted for accepted in found.units}
    for candidate in (plain, _plain(_SPELLINGS.get(plain, plain)), "u/l" if plain == "iu/l" else plain):
        if candidate in by_spelling:
            return by_spelling[candidate]
    raise UnitRefused(
        "unit_unknown", f"Unit “{unit}” is not known for {found.label}. Use one of: {', '.join(found.units)}."
    )


def convert(value: Decimal, unit: str, to_unit: str, analyte_code: str) -> Decimal:
    """``value`` in another unit of the same analyte. Raises UnitRefused for an unknown analyte or unit."""
    factors = analyte(analyte_code).factors
    source, target = normalise_unit(unit, analyte_code), normalise_unit(to_unit, analyte_code)
    return value if source == target else value * factors[source] / factors[target]


def implausible(value: Decimal, unit: str, code: str) -> str:
    """A sentence when the value lies outside what a person can have, else "". Raises UnitRefused."""
    found = analyte(code)
    canonical = convert(value, unit, found.canonical_unit, code)
    low, high = found.plausible
    if low <= canonical <= high:
        return ""
    return (
        f"{found.label[0].upper()}{found.label[1:]} {value:f} {unit} is outside the plausible "
        f"{low:f} to {high:f} {found.canonical_unit}."
    )


def _plain(unit: str) -> str:
    text = unit.strip().lower().replace(" ", "").replace("\u00b5", "u").replace("\u03bc", "u")
    text = text.replace("\u2079", "^9").replace("\u00b3", "3").replace("\u00b2", "2").replace("**", "^")
    return text.removeprefix("x").removeprefix("\u00d7")
