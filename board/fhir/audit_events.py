"""Lines of the trail as FHIR R4B AuditEvents in a bundle: the same codes as in the audit messages of DICOM."""

import json
import uuid
from collections.abc import Iterable
from typing import Any

from django.utils import timezone

from board.fhir import library
from patients.atna import SOURCE
from patients.domain.atna_codes import Code, event_of
from patients.trail_lines import TrailLine

DCM = "http://dicom.nema.org/resources/ontology/DCM"
OWN_WORDS = "urn:prrt-board:trail-action"
CASE_NUMBERS = "urn:prrt-board:case-number"
ENTITY_TYPE = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
OBJECT_ROLE = "http://terminology.hl7.org/CodeSystem/object-role"
_SPACE = uuid.UUID("5f0c2b0e-6f43-4c4e-9d8e-2d6a3f5b7c10")
Json = dict[str, Any]


def as_bundle(lines: Iterable[TrailLine]) -> bytes:
    entries = [{"fullUrl": f"urn:uuid:{_id(line)}", "resource": audit_event(line)} for line in lines]
    bundle = {"resourceType": "Bundle", "type": "collection", "timestamp": timezone.now().isoformat()}
    if entries:
        bundle["entry"] = entries
    library.check(bundle)
    return json.dumps(bundle, ensure_ascii=False, indent=1).encode()


def audit_event(line: TrailLine) -> Json:
    found = event_of(action=line.action, is_access=line.is_access)
    subtypes = [_coding(DCM, found.type)] if found.type else []
    event: Json = {
        "resourceType": "AuditEvent",
        "id": _id(line),
        "type": _coding(DCM, found.event),
        "subtype": [*subtypes, _coding(OWN_WORDS, (line.action, line.what))],
        "action": found.action,
        "recorded": line.at.isoformat(),
        "outcome": found.outcome,
        "agent": [_agent(line)],
        "source": {"observer": {"display": SOURCE}},
    }
    return event | ({"entity": entities} if (entities := _entities(line)) else {})


def _agent(line: TrailLine) -> Json:
    agent: Json = {"requestor": True, "who": {"display": line.who}}
    if line.username:
        agent |= {"altId": line.username, "name": line.person}
    if line.address:
        agent["network"] = {"address": line.address, "type": "2"}
    return agent


def _entities(line: TrailLine) -> list[Json]:
    found: list[Json] = []
    if line.case_number:
        who = {"identifier": {"system": CASE_NUMBERS, "value": line.case_number}, "type": "Patient"}
        found.append({"what": who, "type": _of(ENTITY_TYPE, "1", "Person"), "role": _of(OBJECT_ROLE, "1", "Patient")})
    if line.about:
        about: Json = {"what": {"display": line.about}, "type": _of(ENTITY_TYPE, "2", "System Object")}
        request = [{"type": "request", "valueString": line.request_id}] if line.request_id else []
        found.append(about | ({"detail": request} if request else {}))
    return found


def _id(line: TrailLine) -> str:
    """The same line has the same id in every export."""
    return str(uuid.uuid5(_SPACE, line.key))


def _coding(system: str, code: Code) -> Json:
    return {"system": system, "code": code[0], "display": code[1]}


def _of(system: str, code: str, display: str) -> Json:
    return {"system": system, "code": code, "display": display}
