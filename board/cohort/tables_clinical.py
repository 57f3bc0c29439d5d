"""The clinical tables of an export."""

from collections.abc import Iterable

from board.cohort.columns import Column, Leaving, Table
from board.domain.cohort_safe import OLDEST_NAMED
from patients.domain.drugs import ALKYLATORS, CYTOTOXIC, REGIMENS, contains_alkylator
from patients.domain.units import ANALYTES
from patients.models import (
    BodyMeasure,
    ClinicalAssertion,
    ClinicalEvent,
    DatePrecision,
    Diagnosis,
    HistologySpecimen,
    IhcResult,
    LabResult,
    Patient,
    PerformanceStatus,
    PrrtCycle,
    SsaInjection,
    TreatmentLine,
)
from patients.selectors import age_range_on

OLD = "90 or older"
_SSA_DRUGS = {"lanreotide", "octreotide", "octreotide lar", "pasireotide", "sandostatin lar", "somatuline autogel"}
DRUGS = frozenset({drug.lower() for drugs in REGIMENS.values() for drug in drugs} | ALKYLATORS | CYTOTOXIC | _SSA_DRUGS)
REGIMEN_NAMES = {name.lower(): name for name in REGIMENS}
MARKERS = frozenset(
    {
        "SSTR2A", "SSTR2", "SSTR5", "CgA", "chromogranin A", "synaptophysin", "ATRX", "DAXX", "MEN1", "p53", "Rb",
        "RB1", "MGMT", "CDX2", "TTF1", "ISL1", "INSM1", "CD56",
    }
)  # fmt: skip
SPREAD = frozenset(
    {"liver", "lymph_node", "bone", "peritoneum", "lung", "pancreas", "ovary", "brain", "adrenal", "heart", "skin"}
)


def choices(field) -> frozenset[str]:
    return frozenset(str(value) for value, _ in field.field.choices if value != "")


def number(name: str, meaning: str, source: str, unit: str, get=None, *, of: str = "") -> Column:
    return Column(name, meaning, "number", source, get or _same(source), unit=unit, of=of)


def code(name: str, meaning: str, source: str, codes: frozenset[str], get=None, *, of: str = "") -> Column:
    return Column(name, meaning, "code", source, get or _same(source), codes=codes, of=of)


def flag(name: str, meaning: str, source: str, get=None) -> Column:
    return Column(name, meaning, "flag", source, get or _same(source))


def date(name: str, meaning: str, source: str, get=None) -> Column:
    return Column(name, meaning, "date", source, get or _same(source))


def text(name: str, meaning: str, source: str) -> Column:
    return Column(name, meaning, "text", source, _same(source))


def reference(name: str, meaning: str, source: str, model, get) -> Column:
    return Column(name, meaning, "reference", source, lambda leaving, row: leaving.reference(model, get(row)))


def _same(source: str):
    """Of the row itself, the field that ``source`` ends with."""
    field = source.rpartition(".")[2]
    return lambda _leaving, row: getattr(row, field)


def when(model: str) -> tuple[Column, Column]:
    return (
        date("date", "clinical date; of a month or a year its first day", f"{model}.clinical_date"),
        code(
            "date_precision",
            "how exact the date is",
            f"{model}.clinical_date_precision",
            frozenset(DatePrecision.values),
        ),
    )


def every(model):
    return lambda leaving: leaving.of(model)


def _person(leaving: Leaving) -> Iterable[Patient]:
    return [leaving.case.patient]


def _age(leaving: Leaving, patient: Patient) -> int | None:
    ages = age_range_on(patient, patient.deceased_on or leaving.as_of)
    return None if ages is None else ages[1]


def _is_old(leaving: Leaving, patient: Patient) -> bool:
    age = _age(leaving, patient)
    return age is not None and age > OLDEST_NAMED


def _birth_year(leaving: Leaving, patient: Patient) -> int | None:
    span = patient.birth_span
    return None if span is None or _is_old(leaving, patient) else span[0].year


def _regimen(_leaving, row: TreatmentLine) -> str:
    return REGIMEN_NAMES.get(row.regimen.strip().lower(), row.regimen)


def _drugs(_leaving, row: TreatmentLine) -> list[str]:
    return [str(drug).strip().lower() for drug in row.drugs]


def _drug(_leaving, row: SsaInjection) -> str:
    return row.drug.strip().lower()


def _loinc(_leaving, row: LabResult) -> str:
    known = ANALYTES.get(row.analyte)
    return known.loinc_for(row.unit) if known else ""


_D, _H, _T, _L = "patients.Diagnosis", "patients.HistologySpecimen", "patients.TreatmentLine", "patients.LabResult"
_UNITS = frozenset(unit for one in ANALYTES.values() for unit in one.units)
_LOINC = frozenset(one for known in ANALYTES.values() for one in (known.loinc, known.loinc_molar) if one)

CLINICAL = (
    Table(
        "patients",
        "one row for each patient",
        _person,
        (
            code("sex", "sex used in formulas", "patients.Patient.sex_for_formulas", frozenset(Patient.Sex.values)),
            number(
                "birth_year", "empty where unknown, or 90 or older", "patients.Patient.birth_date", "a", _birth_year
            ),
            code(
                "age_group",
                "only of those who are, or died, at 90 or older",
                "patients.Patient.birth_date",
                frozenset({OLD}),
                lambda leaving, row: OLD if _is_old(leaving, row) else "",
            ),
            code("vital_status", "", "patients.Patient.vital_status", frozenset(Patient.VitalStatus.values)),
            date("deceased_on", "day of death", "patients.Patient.deceased_on"),
            code(
                "deceased_on_precision",
                "how exact the day of death is",
                "patients.Patient.deceased_on_precision",
                frozenset(DatePrecision.values),
            ),
        ),
    ),
    Table(
        "diagnoses",
        "tumour, stage and function",
        every(Diagnosis),
        (
            *when(_D),
            code("primary_site", "", f"{_D}.primary_site", choices(Diagnosis.primary_site)),
            code("functional_status", "", f"{_D}.functional_status", choices(Diagnosis.functional_status)),
            code("stage", "", f"{_D}.stage", choices(Diagnosis.stage)),
            Column(
                "metastatic_sites", "", "codes", f"{_D}.metastatic_sites", _same("x.metastatic_sites"), codes=SPREAD
            ),
            text("tnm", "as typed", f"{_D}.tnm"),
            text("syndrome", "as typed", f"{_D}.syndrome"),
        ),
    ),
    Table(
        "specimens",
        "histology; Ki-67 as the interval it may stand for",
        every(HistologySpecimen),
        (
            reference("specimen", "name of the specimen", _H, HistologySpecimen, lambda row: row.lineage),
            *when(_H),
            code("procedure", "", f"{_H}.procedure", choices(HistologySpecimen.procedure)),
            code("differentiation", "", f"{_H}.differentiation", choices(HistologySpecimen.differentiation)),
            number("ki67_low", "lowest it may be", f"{_H}.ki67_low", "%"),
            number("ki67_high", "highest it may be", f"{_H}.ki67_high", "%"),
            number("mitoses", "mitoses per 2 mm2", f"{_H}.mitoses_per_2mm2", "1/(2 mm2)"),
            code(
                "stated_grade",
                "as the pathologist wrote it",
                f"{_H}.stated_grade",
                choices(HistologySpecimen.stated_grade),
            ),
            text("site_text", "where it was taken, as typed", f"{_H}.site"),
        ),
    ),
    Table(
        "ihc",
        "stains of the specimens",
        every(IhcResult),
        (
            reference("specimen", "", "patients.IhcResult.specimen", HistologySpecimen, lambda row: row.specimen_id),
            code("marker", "", "patients.IhcResult.marker", MARKERS),
            code("result", "", "patients.IhcResult.result", choices(IhcResult.result)),
            text("score_text", "as typed", "patients.IhcResult.score"),
        ),
    ),
    Table(
        "treatment_lines",
        "what was given, one row a line",
        every(TreatmentLine),
        (
            reference("line", "name of the line", _T, TreatmentLine, lambda row: row.lineage),
            *when(_T),
            date("stop", "end of the line", f"{_T}.stop_date"),
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
    Table(
        "labs",
        "laboratory values in the unit they were entered in",
        every(LabResult),
        (
            *when(_L),
            code("analyte", "", f"{_L}.analyte", frozenset(ANALYTES)),
            code("loinc", "", f"{_L}.analyte", _LOINC, _loinc, of="LOINC"),
            code("comparator", "< or >: the value is a limit", f"{_L}.comparator", frozenset("<>")),
            number("value", "in the unit of this row", f"{_L}.value", "see unit"),
            code("unit", "", f"{_L}.unit", _UNITS, of="UCUM-like, docs/glossary.md"),
            number("reference_low", "in the unit of this row", f"{_L}.reference_low", "see unit"),
            number("reference_high", "in the unit of this row", f"{_L}.reference_high", "see unit"),
        ),
    ),
    Table(
        "performance",
        "performance status",
        every(PerformanceStatus),
        (
            *when("patients.PerformanceStatus"),
            code("instrument", "", "patients.PerformanceStatus.instrument", choices(PerformanceStatus.instrument)),
            number("value", "", "patients.PerformanceStatus.value", "1"),
        ),
    ),
    Table(
        "body",
        "weight and height",
        every(BodyMeasure),
        (
            *when("patients.BodyMeasure"),
            code("kind", "the unit is in the name", "patients.BodyMeasure.kind", choices(BodyMeasure.kind)),
            number("value", "kg or cm, see kind", "patients.BodyMeasure.value", "see kind"),
        ),
    ),
    Table(
        "symptoms",
        "course of symptoms; which one it was is free text",
        every(ClinicalEvent),
        (
            *when("patients.ClinicalEvent"),
            code("course", "", "patients.ClinicalEvent.course", choices(ClinicalEvent.course)),
            text("symptom_text", "as typed", "patients.ClinicalEvent.symptom"),
        ),
    ),
    Table(
        "assertions",
        "what a named person asserted, denied or left unknown",
        every(ClinicalAssertion),
        (
            *when("patients.ClinicalAssertion"),
            code("kind", "", "patients.ClinicalAssertion.kind", choices(ClinicalAssertion.kind)),
            code("state", "", "patients.ClinicalAssertion.state", choices(ClinicalAssertion.state)),
            date("compared_from", "earlier examination", "patients.ClinicalAssertion.compared_from"),
            date("compared_to", "later examination", "patients.ClinicalAssertion.compared_to"),
        ),
    ),
)
