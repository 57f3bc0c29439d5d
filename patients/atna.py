"""Lines of the trail as audit messages of DICOM PS3.15 A.5 (the XML of IHE ATNA): docs/schemas/atna.rng."""

import base64
from collections.abc import Iterable
from xml.etree import ElementTree as ET

from patients.domain.atna_codes import Code, event_of
from patients.trail_lines import TrailLine

SOURCE = "prrt-board"
APPLICATION_SERVER = "4"
APPLICATION, SOURCE_ROLE = ("110150", "Application"), ("110153", "Source Role ID")
IP_ADDRESS = "2"
PERSON, SYSTEM_OBJECT = "1", "2"
PATIENT_ROLE, SECURITY_RESOURCE, REPORT = "1", "13", "3"
PATIENT_NUMBER: tuple[str, str, str] = ("2", "RFC-3881", "Patient Number")
NODE = ("12", "RFC-3881", "URI")


def messages(lines: Iterable[TrailLine]) -> bytes:
    """Many messages in one file: the element around them is ours, each message is the standard's."""
    root = ET.Element("AuditMessages")
    root.extend(message(line) for line in lines)
    ET.indent(root)
    return ET.tostring(root, encoding="utf-8", xml_declaration=True)


def message(line: TrailLine) -> ET.Element:
    found = event_of(action=line.action, is_access=line.is_access)
    root = ET.Element("AuditMessage")
    event = ET.SubElement(
        root,
        "EventIdentification",
        EventActionCode=found.action,
        EventDateTime=line.at.isoformat(),
        EventOutcomeIndicator=found.outcome,
    )
    _coded(event, "EventID", found.event)
    _types(event, found.type, line)
    _participants(root, line)
    source = ET.SubElement(root, "AuditSourceIdentification", AuditSourceID=SOURCE)
    ET.SubElement(source, "AuditSourceTypeCode", {"csd-code": APPLICATION_SERVER})  # a bare digit
    _objects(root, line)
    return root


def _types(event: ET.Element, type_: Code | None, line: TrailLine) -> None:
    """The standard's type where it has one, and always our own word for what was done."""
    if type_ is not None:
        _coded(event, "EventTypeCode", type_)
    _coded(event, "EventTypeCode", (line.action, line.what), system=SOURCE)


def _participants(root: ET.Element, line: TrailLine) -> None:
    where = {"NetworkAccessPointID": line.address, "NetworkAccessPointTypeCode": IP_ADDRESS} if line.address else {}
    who = {"UserID": line.username or line.device or "system", "UserIsRequestor": "true"}
    named = {"UserName": line.person} if line.username else {}
    person = ET.SubElement(root, "ActiveParticipant", {**who, **named, **where})
    if not line.username:
        _coded(person, "RoleIDCode", APPLICATION)
    server = ET.SubElement(root, "ActiveParticipant", {"UserID": SOURCE, "UserIsRequestor": "false"})
    _coded(server, "RoleIDCode", SOURCE_ROLE)


def _objects(root: ET.Element, line: TrailLine) -> None:
    if line.case_number:
        _object(root, line.case_number, (PERSON, PATIENT_ROLE), PATIENT_NUMBER)
    if line.about:
        found = _object(root, line.about, (SYSTEM_OBJECT, REPORT if line.case_number else SECURITY_RESOURCE), NODE)
        if line.request_id:
            detail = {"type": "request", "value": _base64(line.request_id)}
            ET.SubElement(found, "ParticipantObjectDetail", detail)


def _object(root: ET.Element, pk: str, type_role: tuple[str, str], id_type: tuple[str, str, str]) -> ET.Element:
    kind, role = type_role
    named = {"ParticipantObjectTypeCode": kind, "ParticipantObjectTypeCodeRole": role}
    found = ET.SubElement(root, "ParticipantObjectIdentification", {"ParticipantObjectID": pk, **named})
    code, system, meaning = id_type
    _coded(found, "ParticipantObjectIDTypeCode", (code, meaning), system=system)
    ET.SubElement(found, "ParticipantObjectName").text = pk  # the schema asks for one; never a patient's name
    return found


def _coded(parent: ET.Element, name: str, code: Code, *, system: str = "DCM") -> None:
    """``csd-code`` as the schema has it since 2014; readers of RFC 3881 call it ``code``."""
    ET.SubElement(parent, name, {"csd-code": code[0], "codeSystemName": system, "originalText": code[1]})


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
