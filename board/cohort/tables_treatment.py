"""The tables of treatments of an export. Names of regimens and drugs leave where they are known ones."""

from board.cohort.columns import Column, Table
from board.cohort.makers import choices, code, every, exact_day, flag, number, reference, text, when
from patients.domain.drugs import ALKYLATORS, CYTOTOXIC, REGIMENS, contains_alkylator
from patients.models import DatePrecision, PrrtCycle, SsaInjection, TreatmentLine

_SSA_DRUGS = {"lanreotide", "octreotide", "octreotide lar", "pasireotide", "sandostatin lar", "somatuline autogel"}
DRUGS = frozenset({drug.lower() for drugs in REGIMENS.values() for drug in drugs} | ALKYLATORS | CYTOTOXIC | _SSA_DRUGS)
REGIMEN_NAMES = {name.lower(): name for name in REGIMENS}
_T = "patients.TreatmentLine"


def _regimen(_leaving, row: TreatmentLine) -> str:
    return REGIMEN_NAMES.get(row.regimen.strip().lower(), row.regimen)


def _drugs(_leaving, row: TreatmentLine) -> list[str]:
    return [str(drug).strip().lower() for drug in row.drugs]


def _drug(_leaving, row: SsaInjection) -> str:
    return row.drug.strip().lower()


TREATMENT = (
    Table(
        "treatment_lines",
        "what was given, one row a line",
        every(TreatmentLine),
        (
            reference("line", "name of the line", _T, TreatmentLine, lambda row: row.lineage),
            *when(_T),
            exact_day("stop", "end of the line, where its day is known", f"{_T}.stop_date"),
            code(
                "stop_precision", "how exact the end is", f"{_T}.stop_date_precision", frozenset(DatePrecision.values)
            ),
            flag("is_ongoing", "", f"{_T}.is_ongoing"),
            number("line_number", "as counted by the centre", f"{_T}.line_number", "1"),
            code("treatment_class", "", f"{_T}.treatment_class", choices(TreatmentLine.treatment_class)),
            code("regimen", "standard abbreviations only", f"{_T}.regimen", frozenset(REGIMENS), _regimen),
            Column("drugs", "known names only", "codes", f"{_T}.drugs", _drugs, codes=DRUGS),
            flag(
                "has_alkylator",
                "whether an alkylator was among the drugs",
                f"{_T}.drugs",
                lambda _leaving, row: contains_alkylator(row.regimen, map(str, row.drugs)),
            ),
            number("cycles", "", f"{_T}.cycles", "1"),
            code("best_response", "", f"{_T}.best_response", choices(TreatmentLine.best_response), of="RECIST 1.1"),
            code("stop_reason", "", f"{_T}.stop_reason", choices(TreatmentLine.stop_reason)),
            text("regimen_text", "as typed", f"{_T}.regimen"),
            text("response_text", "as reported", f"{_T}.response_text"),
        ),
    ),
    Table(
        "ssa_injections",
        "somatostatin analogues, one row an injection",
        every(SsaInjection),
        (
            *when("patients.SsaInjection"),
            code("drug", "known names only", "patients.SsaInjection.drug", DRUGS, _drug),
            flag("is_long_acting", "", "patients.SsaInjection.is_long_acting"),
            number("dose", "", "patients.SsaInjection.dose_mg", "mg"),
        ),
    ),
    Table(
        "prrt_cycles",
        "one row a cycle",
        every(PrrtCycle),
        (
            *when("patients.PrrtCycle"),
            reference("line", "", "patients.PrrtCycle.line", TreatmentLine, lambda row: row.line_id),
            number("number", "", "patients.PrrtCycle.number", "1"),
            code("compound", "", "patients.PrrtCycle.compound", frozenset(REGIMENS)),
            number("activity", "", "patients.PrrtCycle.activity_mbq", "MBq"),
        ),
    ),
)
