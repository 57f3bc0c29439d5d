"""Laboratory values, performance status, body measures, symptoms and assertions as Observations."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from board.fhir.mapping.codes import BODY, FRAILTY, PERFORMANCE, UCUM_CODES, analyte_concept
from board.fhir.mapping.extras import extras_of
from board.fhir.mapping.parts import (
    Json,
    absent_value,
    category,
    coding,
    concept,
    dated,
    instant,
    local,
    notes,
    quantity,
    reference,
    resource,
)
from board.fhir.mapping.terms import LOINC, SNOMED, profile


def observation(row: Any, patient_id: object, *, pk: object = None, profile: str = "", **fields: Any) -> Json:
    """What every Observation of a clinical row has; ``fields`` are its own."""
    return resource(
        "Observation",
        pk or row.lineage,
        profile=profile,
        extension=fields.pop("extension", None),
        status="final",
        category=fields.pop("category", None),
        code=fields.pop("code"),
        subject=reference(patient_id),
        **dated("effectiveDateTime", row.clinical_date, row.clinical_date_precision),
        issued=instant(row.recorded_at),
        **fields,
    )


def lab(row: Any, patient_id: object) -> Json:
    ucum = UCUM_CODES[row.unit]
    limits = (("low", row.reference_low), ("high", row.reference_high))
    known = {end: quantity(value, row.unit, ucum) for end, value in limits if value is not None}
    return observation(
        row,
        patient_id,
        category=category("laboratory"),
        code=analyte_concept(row.analyte, row.unit),
        valueQuantity=quantity(row.value, row.unit, ucum, row.comparator),
        note=notes(row.note),
        referenceRange=[known] if known else None,
    )


def performance(row: Any, patient_id: object) -> Json:
    name = {"ECOG": "ecog-performance-status", "KPS": "karnofsky-performance-status"}.get(row.instrument)
    code = coding(SNOMED, FRAILTY) if row.is_frailty else coding(LOINC, PERFORMANCE[row.instrument])
    return observation(
        row,
        patient_id,
        profile=profile(name) if name else "",
        category=category("survey"),
        code=concept(code, text=row.get_instrument_display()),
        valueInteger=row.value,
        note=notes(row.note),
    )


def body_measure(row: Any, patient_id: object) -> Json:
    loinc, unit = BODY[row.kind]
    return observation(
        row,
        patient_id,
        category=category("vital-signs"),
        code=concept(coding(LOINC, loinc), text={"kg": "body weight", "cm": "body height"}[unit]),
        valueQuantity=quantity(row.value, unit, unit),
        note=notes(row.note),
    )


def event(row: Any, patient_id: object) -> Json:
    course = local("course", row.course) if row.course != "unknown" else None
    return observation(
        row,
        patient_id,
        extension=extras_of("ClinicalEvent", row),
        code=local("row", "symptom", row.symptom),
        valueCodeableConcept=course,
        dataAbsentReason=None if course else absent_value(),
        note=notes(row.note),
    )


def assertion(row: Any, patient_id: object) -> Json:
    """Asserted is true, denied is false; unknown was asked and is not known."""
    stated = {"asserted": True, "denied": False}.get(row.state)
    return observation(
        row,
        patient_id,
        extension=extras_of("ClinicalAssertion", row),
        code=local("assertion", row.kind, row.get_kind_display()),
        valueBoolean=stated,
        dataAbsentReason=absent_value() if stated is None else None,
        note=notes(row.note),
    )


def component(code: Json, value: Decimal | None, unit: str, ucum: str) -> list[Json]:
    return [] if value is None else [{"code": code, "valueQuantity": quantity(value, unit, ucum)}]


def joined(parts: Iterable[list[Json]]) -> list[Json]:
    return [one for part in parts for one in part]
