"""Values computed from rows when they are asked for, never stored."""

import datetime as dt

from django.db.models import F, QuerySet

from patients.domain.drugs import contains_alkylator
from patients.domain.grading import GradeResult, who_grade
from patients.domain.renal import RenalEstimate, RenalUnavailable, ckd_epi_2021, cockcroft_gault
from patients.domain.units import convert
from patients.models import BodyMeasure, Diagnosis, HistologySpecimen, IhcResult, LabResult, Patient, TreatmentLine
from patients.selectors.rows import age_range_on, latest_body_measure, latest_lab, rows


def primary_site(patient: Patient, *, known_at: dt.datetime | None = None) -> str:
    """Site of the newest diagnosis, or "unknown"."""
    newest = F("clinical_date").desc(nulls_last=True)
    found = rows(Diagnosis, patient, known_at=known_at).order_by(newest, "-recorded_at").first()
    return found.primary_site if found else Diagnosis.Site.UNKNOWN.value


def grade_of(specimen: HistologySpecimen, *, site: str | None = None) -> GradeResult:
    """Computed WHO grade; ``site`` spares the look-up of the primary when many specimens are graded."""
    site = primary_site(specimen.patient) if site is None else site
    return who_grade(specimen.ki67_interval, specimen.mitoses_per_2mm2, specimen.differentiation, site)


def stains(specimen: HistologySpecimen) -> QuerySet[IhcResult]:
    """Current IHC results of a specimen, in the order they were recorded."""
    return IhcResult.objects.filter(specimen_id=specimen.lineage).order_by("recorded_at", "marker")


def alkylator_exposure_of(line: TreatmentLine) -> bool | None:
    return contains_alkylator(line.regimen, line.drugs)


def creatinine_clearance(patient: Patient, *, as_of: dt.date, known_at: dt.datetime | None = None) -> RenalEstimate:
    """Cockcroft-Gault from the newest creatinine, the weight known by then and the age on that day.

    Raises RenalUnavailable; besides the formula's own codes creatinine_missing, weight_missing, age_missing.
    """
    creatinine = _creatinine(patient, as_of, known_at)
    weight = latest_body_measure(
        patient, BodyMeasure.Kind.WEIGHT, as_of=creatinine.clinical_date, known_at=known_at
    ) or latest_body_measure(patient, BodyMeasure.Kind.WEIGHT, as_of=as_of, known_at=known_at)
    if weight is None:
        raise RenalUnavailable("weight_missing", "No dated body weight is recorded.")
    return cockcroft_gault(
        age_years=_age(patient, creatinine.clinical_date),
        weight_kg=weight.value,
        creatinine_mg_dl=convert(creatinine.value, creatinine.unit, "mg/dL", "creatinine"),
        sex=patient.sex_for_formulas,
    )


def egfr(patient: Patient, *, as_of: dt.date, known_at: dt.datetime | None = None) -> RenalEstimate:
    """CKD-EPI 2021 from the newest creatinine. Raises RenalUnavailable as ``creatinine_clearance`` does."""
    creatinine = _creatinine(patient, as_of, known_at)
    return ckd_epi_2021(
        age_years=_age(patient, creatinine.clinical_date),
        creatinine_mg_dl=convert(creatinine.value, creatinine.unit, "mg/dL", "creatinine"),
        sex=patient.sex_for_formulas,
    )


def _creatinine(patient, as_of, known_at) -> LabResult:
    found = latest_lab(patient, "creatinine", as_of=as_of, known_at=known_at)
    if found is None:
        raise RenalUnavailable("creatinine_missing", "No dated creatinine is recorded.")
    if found.comparator:
        raise RenalUnavailable("creatinine_not_exact", "The newest creatinine is only given as a limit.")
    return found


def _age(patient: Patient, day: dt.date) -> int:
    ages = age_range_on(patient, day)
    if ages is None:
        raise RenalUnavailable("age_missing", "The birth date is not recorded.")
    # The higher age gives the lower estimate, the safe side where only the year of birth is known.
    return ages[1]
