"""The clinical tables of an export."""

from collections.abc import Iterable

from board.cohort.columns import Column, Leaving, Table
from board.cohort.makers import choices, code, date, every, exact_day, number, reference, text, when
from board.domain.cohort_safe import OLDEST_NAMED
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
)
from patients.selectors import age_range_on

OLD = "90 or older"
MARKERS = frozenset(
    {
        "SSTR2A", "SSTR2", "SSTR5", "CgA", "chromogranin A", "synaptophysin", "ATRX", "DAXX", "MEN1", "p53", "Rb",
        "RB1", "MGMT", "CDX2", "TTF1", "ISL1", "INSM1", "CD56",
    }
)  # fmt: skip
SPREAD = frozenset(
    {
        "liver", "lymph_node", "bone", "peritoneum", "lung", "pancreas", "ovary", "brain", "adrenal", "heart", "skin",
        "none",
    }
)  # fmt: skip


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


def _spread(_leaving, row: Diagnosis) -> list[str]:
    """Sites as codes: people write "Lymph nodes"."""
    return [str(site).casefold().replace(" ", "_").replace("nodes", "node") for site in row.metastatic_sites]


def _loinc(_leaving, row: LabResult) -> str:
    known = ANALYTES.get(row.analyte)
    return known.loinc_for(row.unit) if known else ""


_D, _H, _L = "patients.Diagnosis", "patients.HistologySpecimen", "patients.LabResult"
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
            exact_day("deceased_on", "day of death, where it is known", "patients.Patient.deceased_on"),
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
            Column("metastatic_sites", "", "codes", f"{_D}.metastatic_sites", _spread, codes=SPREAD),
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
