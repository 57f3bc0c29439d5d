"""A histology specimen: the Specimen, and what was found in it as Observations of it.

Ki-67: an exact value or a one-sided limit is a Quantity; a range is its text with the two ends as components, because
the mCODE profile of tumour marker tests allows no Range.
"""

import uuid
from typing import Any

from board.fhir.mapping.codes import GRADE_CODE, GRADES, KI67
from board.fhir.mapping.extras import extras_of
from board.fhir.mapping.parts import (
    Json,
    absent,
    absent_value,
    category,
    coding,
    concept,
    dated,
    extension,
    local,
    notes,
    quantity,
    reference,
    resource,
)
from board.fhir.mapping.terms import LOINC, NCIT, SNOMED, profile
from board.fhir.mapping.to_observations import component, joined, observation

KI67_TEXT = "ki67-text"
PER_2MM2 = ("/2 mm2", "/(2.mm2)")


def specimen(row: Any, patient_id: object) -> list[Json]:
    """The Specimen, then one Observation for each thing stated of it."""
    return [_specimen(row, patient_id), *_ki67(row, patient_id), *_mitoses(row, patient_id), *_coded(row, patient_id)]


def part_id(row: Any, name: str) -> uuid.UUID:
    """The id of one finding of a specimen: the same at every export."""
    return uuid.uuid5(row.lineage, name)


def _specimen(row: Any, patient_id: object) -> Json:
    is_known = row.procedure != "unknown"
    return resource(
        "Specimen",
        row.lineage,
        profile=profile("human-specimen"),
        extension=extras_of("HistologySpecimen", row),
        subject=reference(patient_id),
        collection={
            **dated("collectedDateTime", row.clinical_date, row.clinical_date_precision),
            "method": local("procedure", row.procedure) if is_known else absent(),
            **({"bodySite": {"text": row.site}} if row.site else {}),
        },
        note=notes(row.note),
    )


def _of_specimen(row: Any, patient_id: object, name: str, **fields: Any) -> list[Json]:
    own = {"pk": part_id(row, name), "category": category("laboratory"), "specimen": reference(row.lineage)}
    return [observation(row, patient_id, **own, **fields)]


def _ki67(row: Any, patient_id: object) -> list[Json]:
    if not row.ki67_text:
        return []
    return _of_specimen(
        row,
        patient_id,
        "ki67",
        profile=profile("tumor-marker-test"),
        extension=extension(KI67_TEXT, "String", row.ki67_text),
        code=concept(coding(LOINC, KI67), text="Ki-67"),
        method={"text": row.ki67_method} if row.ki67_method else None,
        **_ki67_value(row),
    )


def _ki67_value(row: Any) -> Json:
    """Ends at 0 and 100 % that nobody wrote are those of a one-sided limit."""
    low, high = row.ki67_low, row.ki67_high
    is_about = row.ki67_low_open and row.ki67_high_open
    if low == high and not is_about:
        return {"valueQuantity": quantity(low, "%", "%")}
    if low == 0 and not is_about and row.ki67_high_open:
        return {"valueQuantity": quantity(high, "%", "%", "<")}
    if high == 100 and not is_about and row.ki67_low_open:
        return {"valueQuantity": quantity(low, "%", "%", ">")}
    ends = [] if is_about else [(local("ki67", "low"), low), (local("ki67", "high"), high)]
    return {"valueString": row.ki67_text, "component": joined(component(code, end, "%", "%") for code, end in ends)}


def _mitoses(row: Any, patient_id: object) -> list[Json]:
    if row.mitoses_per_2mm2 is None:
        return []
    code = local("row", "mitoses", "mitotic count")
    return _of_specimen(row, patient_id, "mitoses", code=code, valueQuantity=quantity(row.mitoses_per_2mm2, *PER_2MM2))


def _coded(row: Any, patient_id: object) -> list[Json]:
    """Differentiation and the stated grade. What is not stated is left out."""
    found: list[Json] = []
    if row.differentiation != "not_stated":
        code, value = local("row", "differentiation", "differentiation"), local("differentiation", row.differentiation)
        found += _of_specimen(row, patient_id, "differentiation", code=code, valueCodeableConcept=value)
    if row.stated_grade:
        found += _of_specimen(
            row,
            patient_id,
            "grade",
            profile=profile("histologic-grade"),
            code=concept(coding(NCIT, GRADE_CODE), text="grade, as the report states it"),
            valueCodeableConcept=_grade(row.stated_grade),
            method={"text": row.classification_edition} if row.classification_edition else None,
        )
    return found


def _grade(grade: str) -> Json:
    own = local("grade", grade, grade)
    if grade in GRADES:
        own["coding"].append(coding(SNOMED, GRADES[grade]))
    return own


def stain(row: Any, patient_id: object) -> Json:
    """An IHC result of a specimen; its date is that of the specimen."""
    is_known = row.result != "unknown"
    return resource(
        "Observation",
        row.lineage,
        extension=extras_of("IhcResult", row),
        status="final",
        category=category("laboratory"),
        code=local("row", "stain", row.marker),
        subject=reference(patient_id),
        **dated("effectiveDateTime", row.specimen.clinical_date, row.specimen.clinical_date_precision),
        valueCodeableConcept=local("stain-result", row.result) if is_known else None,
        dataAbsentReason=None if is_known else absent_value(),
        specimen=reference(row.specimen_id),
    )
