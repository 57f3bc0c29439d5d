"""The tables that can be imported: one list of columns that importer, templates and documentation all read."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from patients.domain.units import ANALYTES

UNKNOWN = "unknown"
CASE = "case_number"
# Columns whose own word for it says as much as an answer: nothing more is kept beside them.
OWN_WORD = frozenset({"primary_site", "sex_for_formulas", "state"})

TEXT, DATE, DAY, NUMBER, WHOLE, CHOICE, YES_NO, LIST, KI67, INITIALS = (
    "text", "date", "day", "number", "whole", "choice", "yes_no", "list", "ki67", "initials",
)  # fmt: skip
FORMS = {
    TEXT: "text",
    DATE: "2024-03-15, or 2024-03, or 2024; unknown",
    DAY: "2024-03-15",
    NUMBER: "a number; point or comma for decimals",
    WHOLE: "a whole number",
    CHOICE: "one of the choices",
    YES_NO: "yes, no, unknown",
    LIST: "words separated by semicolons",
    KI67: "as the pathologist wrote it: 7, 7-8 %, <2, about 5; unknown",
    INITIALS: "up to three capital letters: AB or A. B.",
}


@dataclass(frozen=True)
class Column:
    name: str
    meaning: str
    kind: str
    field: str
    example: str = ""
    is_required: bool = False
    choices: Sequence[str] = ()


@dataclass(frozen=True)
class Table:
    """``key`` are the columns that tell one row from another: the same key with other values is another value."""

    name: str
    title: str
    model: str
    columns: Sequence[Column]
    key: Sequence[str]

    @cached_property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)


_CASE = Column(CASE, "The case number of the board.", TEXT, CASE, "IMP-0001", True)
_NOTE = Column(
    "note", "A remark; needed where a value is improbable, or dates contradict each other, but right.", TEXT, "note"
)


def _date(meaning: str, example: str) -> Column:
    return Column("date", meaning, DATE, "clinical_date", example, True)


def _choice(name: str, meaning: str, choices: str, example: str = "", required: bool = False) -> Column:
    return Column(name, meaning, CHOICE, name, example, required, tuple(choices.split()))


_SITES = "stomach duodenum pancreas small_bowel appendix colon rectum lung thymus ppgl other unknown"
_KINDS = (
    "progression resectable pregnancy breast_feeding hypersensitivity marrow_irradiated heart_failure other_unsealed "
    "other_malignancy bone_metastases peritoneal_mets brain_mets_untreated symptoms progression_on_ssa sstr_positive "
    "prior_chemotherapy prior_systemic prior_ssa prior_surgery prior_embolisation prior_ebrt_or_sirt prior_prrt "
    "prrt_benefit investigational life_expectancy diabetes chf_uncontrolled carcinoid_heart cardiac_severe "
    "organ_dysfunction transfusion gcsf protocol_checked self_care urinary_malformation incontinence "
    "preference"
)

_TABLES = (
    Table(
        "patients",
        "Patients",
        "Patient",
        (
            _CASE,
            Column("initials", "Initials for the screen of a meeting; never a name.", INITIALS, "initials", "AB"),
            _choice("sex_for_formulas", "Sex used in renal and body-size formulas.", "F M O U unknown", "F"),
            Column("birth_date", "Date of birth, as exact as it is known.", DATE, "birth_date", "1961-05"),
            Column("centre", "Referring centre.", TEXT, "centre", "Example centre"),
            _choice("vital_status", "Whether the patient is alive.", "alive deceased unknown", "alive"),
            Column("deceased_on", "Date of death.", DATE, "deceased_on"),
            _NOTE,
        ),
        (CASE,),
    ),
    Table(
        "diagnoses",
        "Diagnoses",
        "Diagnosis",
        (
            _CASE,
            _date("Date of the diagnosis.", "2023-11"),
            _choice("primary_site", "Site of the primary.", _SITES, "pancreas", True),
            _choice("functional_status", "Hormonal activity.", "non_functional functional unknown", "unknown"),
            Column("syndrome", "Hormonal syndrome.", TEXT, "syndrome"),
            _choice("stage", "Stage.", "localised locoregional metastatic unknown", "metastatic"),
            Column("tnm", "TNM.", TEXT, "tnm", "T3 N1 M1"),
            Column("tnm_edition", "Edition of TNM.", TEXT, "tnm_edition", "AJCC 8"),
            Column("metastatic_sites", "Sites of metastases.", LIST, "metastatic_sites", "liver; bone"),
            _NOTE,
        ),
        (CASE, "date", "primary_site"),
    ),
    Table(
        "specimens",
        "Specimens",
        "HistologySpecimen",
        (
            _CASE,
            _date("Date of the biopsy or resection.", "2023-11-20"),
            Column("site", "Where the specimen is from.", TEXT, "site", "liver"),
            _choice("procedure", "How it was taken.", "biopsy resection cytology unknown", "biopsy"),
            _choice("differentiation", "Differentiation.", "well poor minen not_stated", "well"),
            Column("ki67", "Ki-67 / MIB1 in percent.", KI67, "ki67_text", "7-8 %"),
            Column("ki67_method", "How it was counted.", TEXT, "ki67_method", "hot-spot count"),
            Column("mitoses_per_2mm2", "Mitoses per 2 mm².", NUMBER, "mitoses_per_2mm2", "3"),
            _choice("stated_grade", "Grade in the report.", "G1 G2 G3 NEC", "G2"),
            Column("classification_edition", "Classification used.", TEXT, "classification_edition", "WHO 2022"),
            _NOTE,
        ),
        (CASE, "date", "site", "procedure"),
    ),
    Table(
        "lines",
        "Treatment lines",
        "TreatmentLine",
        (
            _CASE,
            Column("start", "Start of the line.", DATE, "clinical_date", "2024-01", True),
            Column("line_number", "Number of the line.", WHOLE, "line_number", "1"),
            _choice("treatment_class", "Class.", "ssa chemo prrt targeted local ebrt interferon other", "chemo", True),
            Column("regimen", "Regimen or procedure.", TEXT, "regimen", "CAPTEM", True),
            Column("drugs", "Drugs, where the regimen does not say.", LIST, "drugs", "capecitabine; temozolomide"),
            Column("stop", "End of the line.", DATE, "stop_date", "2024-07"),
            Column("is_ongoing", "Still given.", YES_NO, "is_ongoing"),
            Column("cycles", "Cycles given.", WHOLE, "cycles", "6"),
            _choice("best_response", "Best response.", "CR PR SD PD NE", "SD"),
            Column("response_text", "Response as reported.", TEXT, "response_text"),
            Column("best_response_date", "Day of the best response.", DAY, "best_response_date"),
            _choice("stop_reason", "Why it ended.", "completed progression toxicity patient other", "completed"),
            _NOTE,
        ),
        (CASE, "start", "regimen"),
    ),
    Table(
        "prrt_cycles",
        "PRRT cycles",
        "PrrtCycle",
        (
            _CASE,
            _date("Day of the administration.", "2024-09-03"),
            Column("number", "Number of the cycle.", WHOLE, "number", "1", True),
            Column("compound", "Compound.", TEXT, "compound", "177Lu-DOTATATE", True),
            Column("activity_mbq", "Administered activity in MBq.", NUMBER, "activity_mbq", "7400"),
            _NOTE,
        ),
        (CASE, "date", "number", "compound"),
    ),
    Table(
        "labs",
        "Laboratory values",
        "LabResult",
        (
            _CASE,
            _date("Day of the sample.", "2024-08-28"),
            Column("analyte", "What was measured.", CHOICE, "analyte", "creatinine", True, tuple(ANALYTES)),
            _choice("comparator", "< or > where only a limit is reported.", "< >"),
            Column("value", "The value.", NUMBER, "value", "71", True),
            Column("unit", "Its unit; never guessed.", TEXT, "unit", "umol/L", True),
            Column("reference_low", "Lower limit of the laboratory.", NUMBER, "reference_low", "45"),
            Column("reference_high", "Upper limit of the laboratory.", NUMBER, "reference_high", "84"),
            Column(
                "note",
                "A remark; tells two samples of one day apart, and is needed where a value is improbable but right.",
                TEXT,
                "note",
            ),
        ),
        (CASE, "date", "analyte", "note"),
    ),
    Table(
        "performance_status",
        "Performance status",
        "PerformanceStatus",
        (
            _CASE,
            _date("Day of the examination.", "2024-08-28"),
            _choice("instrument", "Scale.", "ECOG KPS CFS", "ECOG", True),
            Column(
                "score",
                "ECOG 0 to 5; Karnofsky 0 to 100 in tens; Clinical Frailty Scale (CFS) 1 to 9.",
                WHOLE,
                "value",
                "1",
                True,
            ),
            _NOTE,
        ),
        (CASE, "date", "instrument"),
    ),
    Table(
        "body_measures",
        "Body measures",
        "BodyMeasure",
        (
            _CASE,
            _date("Day of the measurement.", "2024-08-28"),
            Column(
                "measure",
                "Weight or height, with its unit.",
                CHOICE,
                "kind",
                "weight_kg",
                True,
                ("weight_kg", "height_cm"),
            ),
            Column("value", "The value in that unit.", NUMBER, "value", "68,5", True),
            _NOTE,
        ),
        (CASE, "date", "measure"),
    ),
    Table(
        "assertions",
        "Assertions",
        "ClinicalAssertion",
        (
            _CASE,
            _date("Day on which it was said.", "2024-08-28"),
            Column("assertion", "What is asserted.", CHOICE, "kind", "bone_metastases", True, tuple(_KINDS.split())),
            _choice("state", "Asserted, denied or not known.", "asserted denied unknown", "denied", True),
            Column(
                "detail",
                "Detail: pregnancy, heart failure, months of benefit; of a preference, why an unusual date is right.",
                TEXT,
                "detail",
            ),
            Column("compared_from", "Progression: earlier examination.", DAY, "compared_from"),
            Column("compared_to", "Progression: later examination.", DAY, "compared_to"),
            _NOTE,
        ),
        (CASE, "date", "assertion"),
    ),
)
TABLES: dict[str, Table] = {table.name: table for table in _TABLES}


def table_with(header: Sequence[str]) -> Table | None:
    """The only table that has all of these columns and whose needed columns are all there."""
    found = [
        table
        for table in _TABLES
        if set(header) <= set(table.names) and {c.name for c in table.columns if c.is_required} <= set(header)
    ]
    return found[0] if len(found) == 1 else None
