"""MedicationAdministrations and Procedures, read: lines, SSA injections, PRRT cycles.

Ours say by their extensions what they are. Of others the name of the drug has to say it; nothing is guessed.
"""

from typing import Any

from board.fhir.mapping import as_written
from board.fhir.mapping.codes import LU_DOTATATE, MBQ_PER
from board.fhir.mapping.drafts import Draft, NotTaken
from board.fhir.mapping.extras import has_extra
from board.fhir.mapping.from_parts import (
    amount,
    check_final,
    clinical_date,
    codes,
    extras,
    note_of,
    partial,
    text_of,
)
from board.fhir.mapping.parts import Json
from board.fhir.mapping.terms import SNOMED
from patients.domain.drugs import REGIMENS, drugs_of, is_chemotherapy, is_prrt

GIVEN = frozenset({"in-progress", "completed", "stopped", "unknown"})
SSA = ("lanreotide", "octreotide", "pasireotide")
TARGETED = frozenset({"everolimus", "sunitinib", "cabozantinib"})
ONGOING = {"in-progress": True, "completed": False, "stopped": False}


def administration(resource: Json) -> Draft:
    """Raises NotTaken."""
    check_final(resource, GIVEN)
    name = _drug(resource)
    if has_extra(resource, "treatment-class"):
        return _line(resource, name, extras("TreatmentLine", resource), "effectivePeriod")
    if has_extra(resource, "cycle-number") or is_prrt([name]):
        return _cycle(resource, name)
    has_one_day = "effectiveDateTime" in resource or has_extra(resource, as_written.NAME)
    if has_extra(resource, "is-long-acting") or (has_one_day and _is_ssa(name)):
        return _injection(resource, name)
    if "effectivePeriod" not in resource:
        raise NotTaken("administration_is_no_line")
    return _line(resource, name, _worked_out(resource, name), "effectivePeriod")


def procedure(resource: Json) -> Draft:
    """Raises NotTaken."""
    check_final(resource, GIVEN)
    if not has_extra(resource, "treatment-class"):
        raise NotTaken("procedure_not_read")
    return _line(resource, text_of(resource.get("code")), extras("TreatmentLine", resource), "performedPeriod")


def _drug(resource: Json) -> str:
    concept = resource.get("medicationCodeableConcept")
    if name := text_of(concept):
        return name
    if LU_DOTATATE in codes(concept, SNOMED):
        return "177Lu-DOTATATE"
    raise NotTaken("drug_not_stated")


def _is_ssa(name: str) -> bool:
    return any(word in name.lower() for word in SSA)


def _worked_out(resource: Json, name: str) -> dict[str, Any]:
    """Class and drugs of a line that somebody else wrote, from the vocabulary of regimens and drugs alone."""
    known = {drug.lower() for drugs in REGIMENS.values() for drug in drugs}
    drugs = list(drugs_of(name)) or ([name.lower()] if name.lower() in known else [])
    ongoing = {"is_ongoing": ONGOING[resource["status"]]} if resource["status"] in ONGOING else {}
    return {"treatment_class": _class(name, drugs), "drugs": drugs, **ongoing}


def _class(name: str, drugs: list[str]) -> str:
    if is_chemotherapy(name, drugs):
        return "chemo"
    if drugs and set(drugs) <= TARGETED:
        return "targeted"
    if _is_ssa(name):
        return "ssa"
    if drugs == ["interferon alfa"]:
        return "interferon"
    raise NotTaken("treatment_class_unknown", name)


def _line(resource: Json, regimen: str, own: dict[str, Any], period: str) -> Draft:
    span = resource.get(period) or {}
    stop = partial(span["end"]) if "end" in span else (None, "unknown")
    values = {
        "regimen": regimen,
        **clinical_date(span, "start"),
        "stop_date": stop[0],
        "stop_date_precision": stop[1],
        **own,
        "note": note_of(resource),
    }
    return Draft("TreatmentLine", values)


def _given_on(resource: Json) -> dict[str, Any]:
    """The day of one administration: of an infusion, the day it began."""
    if "effectiveDateTime" in resource:
        return clinical_date(resource, "effectiveDateTime")
    return clinical_date(resource.get("effectivePeriod", {}), "start")


def _dose(resource: Json) -> Json | None:
    return (resource.get("dosage") or {}).get("dose")


def _injection(resource: Json, name: str) -> Draft:
    own = extras("SsaInjection", resource)
    dose, said = amount(_dose(resource), "mg", {"mg": 1})
    values = {"drug": name, "dose_mg": dose, **own, **_given_on(resource)}
    return Draft("SsaInjection", values | {"note": note_of(resource)}, said=said)


def _cycle(resource: Json, name: str) -> Draft:
    own = extras("PrrtCycle", resource)
    if "number" not in own:
        raise NotTaken("cycle_number_missing")
    activity, said = amount(_dose(resource), "MBq", MBQ_PER)
    line = [one["reference"] for one in resource.get("partOf", []) if one.get("reference")]
    values = {"compound": name, "activity_mbq": activity, **own, **_given_on(resource)}
    needs = {"line": line[0]} if line else {}
    return Draft("PrrtCycle", values | {"note": note_of(resource)}, needs=needs, said=said)
