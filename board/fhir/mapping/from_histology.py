"""A specimen and what was found in it, read. Findings of one specimen are put together by its address."""

from decimal import Decimal
from typing import Any

from board.fhir.mapping.codes import GRADES
from board.fhir.mapping.drafts import ITSELF, Draft, NotTaken
from board.fhir.mapping.extras import has_extra
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
from board.fhir.mapping.terms import ABSENT, SNOMED, extension_url
from board.fhir.mapping.to_histology import KI67_TEXT, PER_2MM2
from patients.domain.ki67 import Interval, Ki67TextRefused, parse_ki67

PROCEDURES = frozenset({"biopsy", "resection", "cytology"})
DIFFERENTIATIONS = frozenset({"well", "poor", "minen"})
STAIN_RESULTS = frozenset({"positive", "negative", "focal", "lost", "retained"})
OWN_GRADES = frozenset({"G1", "G2", "G3", "NEC"})


def specimen(resource: Json) -> Draft:
    if resource.get("status") == "entered-in-error":
        raise NotTaken("entered_in_error")
    collection = resource.get("collection", {})
    method = collection.get("method")
    is_unknown = any(one.get("url") == ABSENT for one in (method or {}).get("extension", []))
    procedure = "unknown" if is_unknown else own_code(method, "procedure", PROCEDURES) or "unknown"
    values = {
        "site": text_of(collection.get("bodySite")),
        "procedure": procedure,
        **clinical_date(collection, "collectedDateTime"),
        **extras("HistologySpecimen", resource),
        "note": note_of(resource),
    }
    return Draft("HistologySpecimen", values, part_of=ITSELF)


def ki67(resource: Json) -> Draft:
    text = _stated_text(resource)
    try:
        found = parse_ki67(text)
    except Ki67TextRefused as refused:
        raise NotTaken("ki67_refused", str(refused)) from refused
    _check_limits(resource, found)
    return _part(resource, ki67_text=text, ki67_method=text_of(resource.get("method")))


def _stated_text(resource: Json) -> str:
    """As the pathologist wrote it, where that is there and says the same as the value."""
    composed = _composed(resource)
    if not has_extra(resource, KI67_TEXT):
        return composed
    verbatim = next(one for one in resource["extension"] if one.get("url") == extension_url(KI67_TEXT)).get(
        "valueString"
    )
    if not isinstance(verbatim, str):
        raise NotTaken("extension_refused", KI67_TEXT)
    try:
        is_same = parse_ki67(verbatim) == parse_ki67(composed)
    except Ki67TextRefused as refused:
        raise NotTaken("ki67_refused", str(refused)) from refused
    if not is_same:
        raise NotTaken("ki67_contradicts")
    return verbatim


def _composed(resource: Json) -> str:
    if quantity := resource.get("valueQuantity"):
        value = _percent(quantity)
        return f"{quantity.get('comparator', '')} {value:f} %".strip()
    if found := resource.get("valueRange"):
        if "low" not in found or "high" not in found:
            raise NotTaken("ki67_refused", "a range needs both ends.")
        return f"{_percent(found['low']):f}-{_percent(found['high']):f} %"
    if "valueString" in resource:
        return str(resource["valueString"]).strip()
    if any(name.startswith("value") for name in resource):
        raise NotTaken("value_kind")
    raise NotTaken("value_absent" if resource.get("dataAbsentReason") else "value_missing")


def _percent(found: Json) -> Decimal:
    value, unit = quantity_of(found)
    if unit != "%":
        raise NotTaken("unit_unknown", unit)
    return value


def _check_limits(resource: Json, found: Interval) -> None:
    for part in resource.get("component", []):
        end = own_code(part.get("code"), "ki67")
        if end and _percent(part.get("valueQuantity", {})) != getattr(found, end, None):
            raise NotTaken("ki67_contradicts")


def mitoses(resource: Json) -> Draft:
    value, unit = quantity_of(resource.get("valueQuantity", {}))
    if unit not in PER_2MM2:
        raise NotTaken("unit_unknown", unit)
    return _part(resource, mitoses_per_2mm2=value)


def differentiation(resource: Json) -> Draft:
    return _part(resource, differentiation=_coded(resource, "differentiation", DIFFERENTIATIONS))


def grade(resource: Json) -> Draft:
    concept = resource.get("valueCodeableConcept")
    by_snomed = {code: name for name, code in GRADES.items()}
    found = {by_snomed[code] for code in codes(concept, SNOMED) if code in by_snomed}
    found |= {own_code(concept, "grade", OWN_GRADES)} - {""}
    if len(found) > 1:
        raise NotTaken("codes_contradict")
    if not found:
        raise NotTaken("value_absent" if resource.get("dataAbsentReason") else "value_kind")
    edition = text_of(resource.get("method"))
    return _part(resource, stated_grade=found.pop(), **({"classification_edition": edition} if edition else {}))


def stain(resource: Json) -> Draft:
    result = own_code(resource.get("valueCodeableConcept"), "stain-result", STAIN_RESULTS)
    if not result and not resource.get("dataAbsentReason"):
        raise NotTaken("value_missing")
    values = {"marker": text_of(resource["code"]), "result": result or "unknown", **extras("IhcResult", resource)}
    return Draft("IhcResult", values, needs={"specimen": specimen_of(resource)})


def specimen_of(resource: Json) -> str:
    return str(resource.get("specimen", {}).get("reference", ""))


def _coded(resource: Json, system: str, known: frozenset[str]) -> str:
    found = own_code(resource.get("valueCodeableConcept"), system, known)
    if not found:
        raise NotTaken("value_absent" if resource.get("dataAbsentReason") else "value_kind")
    return found


def _part(resource: Json, **values: Any) -> Draft:
    """What one Observation adds to its specimen; without one it is a specimen of its own, dated like itself."""
    check_final(resource)
    where, own = specimen_of(resource), clinical_date(resource, "effectiveDateTime")
    note = note_of(resource)
    noted = values | ({"note": note} if note else {})
    return Draft("HistologySpecimen", noted, part_of=where or ITSELF, alone=own)
