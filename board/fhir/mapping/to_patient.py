"""Patient and Diagnosis as resources. No name, address or foreign identifier is written: the model has none."""

from typing import Any

from board.fhir.mapping.codes import NET, site_concept
from board.fhir.mapping.extras import extras_of
from board.fhir.mapping.parts import (
    Json,
    absent,
    coding,
    concept,
    dated,
    given,
    instant,
    local,
    notes,
    reference,
    resource,
)
from board.fhir.mapping.terms import CASE_NUMBER, CONDITION_CATEGORY, SNOMED, profile

GENDERS = {"F": "female", "M": "male", "O": "other", "U": "unknown"}


def patient(row: Any) -> Json:
    """mCODE asks for a name: it is said to be masked."""
    return resource(
        "Patient",
        row.pk,
        profile=profile("cancer-patient"),
        extension=extras_of("Patient", row),
        identifier=[{"system": CASE_NUMBER, "value": row.case_number}],
        name=[absent("masked")],
        gender=GENDERS[row.sex_for_formulas],
        **dated("birthDate", row.birth_date, row.birth_date_precision),
        **_deceased(row),
        managingOrganization={"display": row.centre} if row.centre else None,
    )


def _deceased(row: Any) -> Json:
    if row.vital_status == "unknown":
        return {"_deceasedBoolean": absent()}
    if row.deceased_on is not None:
        return given("deceasedDateTime", row.deceased_on, row.deceased_on_precision)
    return {"deceasedBoolean": row.vital_status == "deceased"}


def diagnosis(row: Any, patient_id: object) -> Json:
    return resource(
        "Condition",
        row.lineage,
        profile=profile("primary-cancer-condition"),
        extension=extras_of("Diagnosis", row),
        category=[concept(coding(CONDITION_CATEGORY, "encounter-diagnosis"))],
        code=concept(coding(SNOMED, NET), text="neuroendocrine tumour"),
        bodySite=[site_concept("primary-site", row.primary_site)],
        subject=reference(patient_id),
        **dated("onsetDateTime", row.clinical_date, row.clinical_date_precision),
        recordedDate=instant(row.recorded_at),
        stage=_stages(row),
        note=notes(row.note),
    )


def _stages(row: Any) -> list[Json]:
    tnm = [{"summary": {"text": row.tnm}, "type": local("stage-type", "tnm", "TNM")}] if row.tnm else []
    return [{"summary": local("stage", row.stage), "type": local("stage-type", "extent", "extent of disease")}, *tnm]
