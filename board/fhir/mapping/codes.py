"""Codes of values that the model keeps under its own words."""

from board.fhir.mapping.parts import Json, coding, concept
from board.fhir.mapping.terms import LOINC, SNOMED, code_system
from patients.domain.units import ANALYTES

# Our spelling of a unit -> UCUM. Both ways: a unit that is not here is refused, never guessed.
UCUM_CODES: dict[str, str] = {
    "10^9/L": "10*9/L",
    "/uL": "/uL",
    "g/dL": "g/dL",
    "g/L": "g/L",
    "mmol/L": "mmol/L",
    "umol/L": "umol/L",
    "nmol/L": "nmol/L",
    "mg/dL": "mg/dL",
    "ug/L": "ug/L",
    "ng/mL": "ng/mL",
    "U/L": "U/L",
    "ukat/L": "ukat/L",
    "mEq/L": "meq/L",
    "IU/L": "[IU]/L",
    "mIU/mL": "m[IU]/mL",
    "umol/24h": "umol/(24.h)",
    "mg/24h": "mg/(24.h)",
    "fL": "fL",
    "1": "1",
    "%": "%",
    "mL/min": "mL/min",
    "mL/min/1.73m2": "mL/min/{1.73_m2}",
}
# Other UCUM codes for the very same unit.
UCUM_SYNONYMS = {"umol/d": "umol/24h", "mg/d": "mg/24h", "{INR}": "1", "{ratio}": "1", "umol/(24.h)": "umol/24h"}
UNITS: dict[str, str] = {code: unit for unit, code in UCUM_CODES.items()} | UCUM_SYNONYMS

# From memory only, not found in another public source: these leave with our own code alone, and are not read.
UNSURE_LOINC = frozenset({"5894-1", "1695-6"})

KI67 = "29593-1"
PERFORMANCE = {"ECOG": "89247-1", "KPS": "89243-0"}
FRAILTY = "763264000"
BODY = {"weight_kg": ("29463-7", "kg"), "height_cm": ("8302-2", "cm")}
TUMOUR_SIZE, LONGEST, OTHER_AXIS = "21889-1", "33728-7", "33729-5"

NET = "255046005"
RADIOTHERAPY_COURSE, RADIOPHARMACEUTICAL = "1217123003", "440252007"
LU_DOTATATE = "781259000"
GRADE_CODE = "C18000"
GRADES = {"G1": "1155708003", "G2": "1286893008", "G3": "1155707008"}
ORGANS = {"liver": "10200004", "spleen": "78961009", "kidney": "64033007", "stomach": "69695003"}

PRIMARY_SITES = frozenset(
    {"stomach", "duodenum", "pancreas", "small_bowel", "appendix", "colon", "rectum", "lung", "thymus", "ppgl",
     "other", "unknown"}
)  # fmt: skip
MBQ_PER = {"MBq": 1, "GBq": 1000}


def analyte_concept(code: str, unit: str) -> Json:
    """Our own code first, LOINC beside it where its meaning has been looked up."""
    analyte = ANALYTES[code]
    loinc = analyte.loinc_for(unit)
    public = [] if loinc in UNSURE_LOINC else [coding(LOINC, loinc)]
    return concept(coding(code_system("analyte"), code), *public, text=analyte.label)


def site_concept(system: str, code: str, text: str = "") -> Json:
    """A site by our own code, with SNOMED CT where one is known."""
    public = [coding(SNOMED, ORGANS[code])] if code in ORGANS else []
    return concept(coding(code_system(system), code), *public, text=text or code.replace("_", " "))


ANALYTE_OF_LOINC: dict[str, str] = {
    loinc: analyte.code
    for analyte in ANALYTES.values()
    for loinc in (analyte.loinc, analyte.loinc_molar)
    if loinc and loinc not in UNSURE_LOINC
}
