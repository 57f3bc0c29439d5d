"""Reading patients and their rows. Every page gets its patients from here."""

from patients.selectors.checks import chronology_warnings
from patients.selectors.derived import alkylator_exposure_of, creatinine_clearance, egfr, grade_of, primary_site, stains
from patients.selectors.people import (
    accounts,
    emergencies,
    grants_of,
    invitations_of,
    open_emergencies,
    teams,
    unreviewed_emergencies,
)
from patients.selectors.rewinding import as_they_were
from patients.selectors.rows import (
    OLDEST_FIRST,
    age_on,
    age_range_on,
    cohort_patients,
    dependants,
    get_visible_patient,
    in_visible_chart,
    latest,
    latest_body_measure,
    latest_lab,
    patient_as_known,
    patient_lookup,
    readers_of,
    rows,
    visible_patients,
)

__all__ = [
    "OLDEST_FIRST",
    "accounts",
    "age_on",
    "age_range_on",
    "alkylator_exposure_of",
    "as_they_were",
    "chronology_warnings",
    "cohort_patients",
    "creatinine_clearance",
    "dependants",
    "egfr",
    "emergencies",
    "get_visible_patient",
    "grade_of",
    "grants_of",
    "in_visible_chart",
    "invitations_of",
    "latest",
    "latest_body_measure",
    "latest_lab",
    "open_emergencies",
    "patient_as_known",
    "patient_lookup",
    "primary_site",
    "readers_of",
    "rows",
    "stains",
    "teams",
    "unreviewed_emergencies",
    "visible_patients",
]
