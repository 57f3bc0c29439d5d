"""Observations, read: which kind of row each one is, and its values."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from board.fhir.mapping.codes import (
    ANALYTE_OF_LOINC,
    BODY,
    FRAILTY,
    GRADE_CODE,
    KI67,
    PERFORMANCE,
    UNITS,
    UNSURE_LOINC,
)
from board.fhir.mapping.drafts import Draft, NotTaken
from board.fhir.mapping.from_histology import differentiation, grade, ki67, mitoses, stain
from board.fhir.mapping.from_parts import (
    check_final,
    clinical_date,
    codes,
    extras,
    note_of,
    own_code,
    quantity_of,
    text_of,
)
from board.fhir.mapping.parts import Json
from board.fhir.mapping.terms import DICOM, LOINC, NCIT, SNOMED
from patients.domain.units import ANALYTES, UnitRefused, normalise_unit

ROWS: dict[str, Callable[[Json], Draft]] = {"mitoses": mitoses, "differentiation": differentiation, "stain": stain}
COURSES = frozenset({"new", "worse", "stable", "better", "relieved"})
STATES = {True: "asserted", False: "denied"}


def observation(resource: Json) -> Draft:
    """Raises NotTaken."""
    check_final(resource)
    code = resource.get("code", {})
    row = own_code(code, "row")
    if row in ROWS:
        return ROWS[row](resource)
    if row == "symptom":
        return _event(resource)
    if own_code(code, "assertion"):
        return _assertion(resource)
    _refuse_other(code, row)
    return _by_public_code(resource, code)


def _refuse_other(code: Json, row: str) -> None:
    if row == "finding" or codes(code, DICOM) or own_code(code, "99PRRT"):
        raise NotTaken("imaging_not_read")
    if own_code(code, "rule-set"):
        raise NotTaken("decision_not_read")


def _by_public_code(resource: Json, code: Json) -> Draft:
    loinc = set(codes(code, LOINC))
    analytes = {ANALYTE_OF_LOINC[one] for one in loinc & ANALYTE_OF_LOINC.keys()}
    analytes |= {own_code(code, "analyte", ANALYTES)} - {""}
    others = [reader for one, reader in BY_LOINC.items() if one in loinc]
    if GRADE_CODE in codes(code, NCIT):
        others.append(grade)
    if FRAILTY in codes(code, SNOMED):
        others.append(_performance("CFS"))
    if len(analytes) + len(others) > 1:
        raise NotTaken("codes_contradict")
    if others:
        return others[0](resource)
    if analytes:
        return _lab(resource, analytes.pop(), loinc & ANALYTE_OF_LOINC.keys())
    raise NotTaken(_why_not(loinc))


def _why_not(loinc: set[str]) -> str:
    if loinc & UNSURE_LOINC:
        return "loinc_unsure"
    return "imaging_not_read" if "21889-1" in loinc else "observation_not_read"


def _lab(resource: Json, analyte: str, loinc: set[str]) -> Draft:
    found = value_quantity(resource)
    value, written = quantity_of(found)
    unit = _unit(written, analyte)
    if loinc and loinc != {ANALYTES[analyte].loinc_for(unit)}:
        raise NotTaken("unit_contradicts_code", written)
    comparator = found.get("comparator", "")
    if comparator not in ("", "<", ">"):
        raise NotTaken("comparator")
    values = {
        "analyte": analyte,
        "value": value,
        "unit": unit,
        "comparator": comparator,
        **_limits(resource.get("referenceRange", []), analyte, unit),
        **clinical_date(resource, "effectiveDateTime"),
        "note": note_of(resource),
    }
    return Draft("LabResult", values)


def _unit(written: str, analyte: str) -> str:
    try:
        return normalise_unit(UNITS.get(written, written), analyte)
    except UnitRefused as refused:
        raise NotTaken("unit_unknown", written) from refused


def _limits(ranges: list[Json], analyte: str, unit: str) -> dict[str, Decimal]:
    """One range at most is kept: of several, which one holds for this patient is not known here."""
    if len(ranges) != 1:
        return {}
    found = {}
    for end in ("low", "high"):
        if end in ranges[0]:
            value, written = quantity_of(ranges[0][end])
            if _unit(written, analyte) != unit:
                raise NotTaken("reference_range")
            found[f"reference_{end}"] = value
    return found


def value_quantity(resource: Json) -> Json:
    """Raises NotTaken where there is no value, or one of another kind."""
    if isinstance(found := resource.get("valueQuantity"), dict):
        return found
    raise NotTaken(why_no_value(resource))


def why_no_value(resource: Json) -> str:
    if any(name.startswith("value") for name in resource):
        return "value_kind"
    return "value_absent" if resource.get("dataAbsentReason") else "value_missing"


def _performance(instrument: str) -> Callable[[Json], Draft]:
    def read(resource: Json) -> Draft:
        value = resource.get("valueInteger")
        if value is None:
            raise NotTaken(why_no_value(resource))
        return _plain("PerformanceStatus", resource, instrument=instrument, value=value)

    return read


def _body(kind: str, unit: str) -> Callable[[Json], Draft]:
    def read(resource: Json) -> Draft:
        found = value_quantity(resource)
        if found.get("comparator"):
            raise NotTaken("comparator")
        value, written = quantity_of(found)
        if written != unit:
            raise NotTaken("unit_unknown", written)
        return _plain("BodyMeasure", resource, kind=kind, value=value)

    return read


def _event(resource: Json) -> Draft:
    course = own_code(resource.get("valueCodeableConcept"), "course", COURSES)
    if not course and not resource.get("dataAbsentReason"):
        raise NotTaken(why_no_value(resource))
    symptom = text_of(resource["code"])
    return _plain("ClinicalEvent", resource, symptom=symptom, course=course or "unknown")


def _assertion(resource: Json) -> Draft:
    stated = resource.get("valueBoolean")
    if stated is None and not resource.get("dataAbsentReason"):
        raise NotTaken(why_no_value(resource))
    kind = own_code(resource["code"], "assertion")
    return _plain("ClinicalAssertion", resource, kind=kind, state=STATES.get(stated, "unknown"))  # type: ignore[call-overload]


def _plain(model: str, resource: Json, **values: Any) -> Draft:
    own = extras(model, resource) if model.startswith("Clinical") else {}
    return Draft(model, {**values, **own, **clinical_date(resource, "effectiveDateTime"), "note": note_of(resource)})


BY_LOINC: dict[str, Callable[[Json], Draft]] = {
    KI67: ki67,
    **{loinc: _performance(instrument) for instrument, loinc in PERFORMANCE.items()},
    **{loinc: _body(kind, unit) for kind, (loinc, unit) in BODY.items()},
}
