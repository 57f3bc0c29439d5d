"""Treatment lines, SSA injections and PRRT cycles.

A line of drugs is a MedicationAdministration over a period; PRRT, surgery, liver-directed treatment and external
radiotherapy are Procedures. A PRRT cycle is one administration, part of its line.
"""

from typing import Any

from board.fhir.mapping.codes import LU_DOTATATE, RADIOPHARMACEUTICAL, RADIOTHERAPY_COURSE
from board.fhir.mapping.extras import extras_of
from board.fhir.mapping.parts import Json, coding, concept, dated, given, local, notes, quantity, reference, resource
from board.fhir.mapping.terms import MCODE, SNOMED, profile

PROCEDURES = frozenset({"prrt", "local", "ebrt"})
MODALITY_AND_TECHNIQUE = f"{MCODE}/mcode-radiotherapy-modality-and-technique"
MODALITY = f"{MCODE}/mcode-radiotherapy-modality"


def line(row: Any, patient_id: object) -> Json:
    return _procedure(row, patient_id) if row.treatment_class in PROCEDURES else _drugs(row, patient_id)


def _drugs(row: Any, patient_id: object) -> Json:
    return resource(
        "MedicationAdministration",
        row.lineage,
        profile=profile("cancer-related-medication-administration"),
        extension=extras_of("TreatmentLine", row),
        status=_status(row),
        medicationCodeableConcept={"text": row.regimen},
        subject=reference(patient_id),
        effectivePeriod=_period(row),
        note=notes(row.note),
    )


def _procedure(row: Any, patient_id: object) -> Json:
    is_prrt = row.treatment_class == "prrt"
    course = [coding(SNOMED, RADIOTHERAPY_COURSE)] if is_prrt else []
    return resource(
        "Procedure",
        row.lineage,
        profile=profile("radiotherapy-course-summary") if is_prrt else "",
        extension=[*(_modality() if is_prrt else []), *extras_of("TreatmentLine", row)],
        status=_status(row),
        category=local("treatment-class", row.treatment_class),
        code=concept(*course, text=row.regimen),
        subject=reference(patient_id),
        performedPeriod=_period(row),
        note=notes(row.note),
    )


def _modality() -> list[Json]:
    value = concept(coding(SNOMED, RADIOPHARMACEUTICAL))
    return [{"url": MODALITY_AND_TECHNIQUE, "extension": [{"url": MODALITY, "valueCodeableConcept": value}]}]


def _status(row: Any) -> str:
    if row.is_ongoing:
        return "in-progress"
    return "completed" if row.is_ongoing is False or row.stop_date is not None else "unknown"


def _period(row: Any) -> Json:
    return dated("start", row.clinical_date, row.clinical_date_precision) | given(
        "end", row.stop_date, row.stop_date_precision
    )


def _given_on(row: Any) -> Json:
    """R4B wants a date or a period: of an unknown date it is a period whose start is not known."""
    if row.clinical_date is None:
        return {"effectivePeriod": dated("start", None)}
    return dated("effectiveDateTime", row.clinical_date, row.clinical_date_precision)


def injection(row: Any, patient_id: object) -> Json:
    return resource(
        "MedicationAdministration",
        row.lineage,
        extension=extras_of("SsaInjection", row),
        status="completed",
        medicationCodeableConcept={"text": row.drug},
        subject=reference(patient_id),
        **_given_on(row),
        note=notes(row.note),
        dosage=None if row.dose_mg is None else {"dose": quantity(row.dose_mg, "mg", "mg")},
    )


def cycle(row: Any, patient_id: object) -> Json:
    codes = [coding(SNOMED, LU_DOTATATE)] if row.compound == "177Lu-DOTATATE" else []
    return resource(
        "MedicationAdministration",
        row.lineage,
        extension=extras_of("PrrtCycle", row),
        partOf=[reference(row.line_id)] if row.line_id else None,
        status="completed",
        medicationCodeableConcept=concept(*codes, text=row.compound),
        subject=reference(patient_id),
        **_given_on(row),
        note=notes(row.note),
        dosage=None if row.activity_mbq is None else {"dose": quantity(row.activity_mbq, "MBq", "MBq")},
    )
