"""Lines of the trail as audit messages of DICOM PS3.15 A.5 (the XML of IHE ATNA): docs/schemas/atna.rng.

What A.5.3 asks of single events beyond the schema: roles and media of exports and imports (A.5.3.4, A.5.3.5), the name
of the log that was read (A.5.3.2), the description of an alert (A.5.3.11).
"""

import base64
from collections.abc import Iterable
from xml.etree import ElementTree as ET

from patients.domain.atna_codes import AUDIT_LOG_USED, EXPORT, IMPORT, SECURITY_ALERT, Code, event_of
from patients.trail_lines import TrailLine

SOURCE = "prrt-board"
APPLICATION_SERVER = "4"
APPLICATION, SOURCE_ROLE = ("110150", "Application"), ("110153", "Source Role ID")
DESTINATION_ROLE = ("110152", "Destination Role ID")
DESTINATION_MEDIA, SOURCE_MEDIA = ("110154", "Destination Media"), ("110155", "Source Media")
URI_MEDIA = ("110037", "URI")
# What leaves this site and what comes to it: the role of who and what did it, and of where the data were.
_MOVED = {EXPORT: (SOURCE_ROLE, DESTINATION_MEDIA), IMPORT: (DESTINATION_ROLE, SOURCE_MEDIA)}
IP_ADDRESS = "2"
PERSON, SYSTEM_OBJECT = "1", "2"
PATIENT_ROLE, SECURITY_RESOURCE, REPORT = "1", "13", "3"
PATIENT_NUMBER: tuple[str, str, str] = ("2", "RFC-3881", "Patient Number")
NODE = ("12", "RFC-3881", "URI")
LOG_NAME = "Security Audit Log"


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
    _participants(root, line, found.event)
    source = ET.SubElement(root, "AuditSourceIdentification", AuditSourceID=SOURCE)
    ET.SubElement(source, "AuditSourceTypeCode", {"csd-code": APPLICATION_SERVER})  # a bare digit
    _objects(root, line, found.event)
    return root


def _types(event: ET.Element, type_: Code | None, line: TrailLine) -> None:
    """The standard's type where it has one, and always our own word for what was done."""
    if type_ is not None:
        _coded(event, "EventTypeCode", type_)
    _coded(event, "EventTypeCode", (line.action, line.what), system=SOURCE)


def _participants(root: ET.Element, line: TrailLine, event: Code) -> None:
    where = {"NetworkAccessPointID": line.address, "NetworkAccessPointTypeCode": IP_ADDRESS} if line.address else {}
    who = {"UserID": line.username or line.device or "system", "UserIsRequestor": "true"}
    named = {"UserName": line.person} if line.username else {}
    person = ET.SubElement(root, "ActiveParticipant", {**who, **named, **where})
    if event in _MOVED:
        _coded(person, "RoleIDCode", _MOVED[event][0])
    if not line.username:
        _coded(person, "RoleIDCode", APPLICATION)
    server = ET.SubElement(root, "ActiveParticipant", {"UserID": SOURCE, "UserIsRequestor": "false"})
    _coded(server, "RoleIDCode", _MOVED[event][0] if event in _MOVED else SOURCE_ROLE)
    if event in _MOVED:
        _media(root, line, _MOVED[event][1])


def _media(root: ET.Element, line: TrailLine, role: Code) -> None:
    """Files go to, and come from, the computer that asked; where none did, they stay in a folder of the server."""
    place = f"computer {line.address}" if line.address else "folder of the server"
    media = ET.SubElement(root, "ActiveParticipant", {"UserID": place, "UserIsRequestor": "false"})
    if line.address:
        media.attrib |= {"NetworkAccessPointID": line.address, "NetworkAccessPointTypeCode": IP_ADDRESS}
    _coded(media, "RoleIDCode", role)
    _coded(ET.SubElement(media, "MediaIdentifier"), "MediaType", URI_MEDIA)


def _objects(root: ET.Element, line: TrailLine, event: Code) -> None:
    if line.case_number:
        _object(root, line.case_number, (PERSON, PATIENT_ROLE), PATIENT_NUMBER)
    if not line.about:
        return
    is_of_a_case = line.case_number and event != AUDIT_LOG_USED
    found = _object(
        root,
        line.about,
        (SYSTEM_OBJECT, REPORT if is_of_a_case else SECURITY_RESOURCE),
        NODE,
        name=LOG_NAME if event == AUDIT_LOG_USED else line.about,
    )
    if event == SECURITY_ALERT:
        _detail(found, "Alert Description", line.what)
    if line.request_id:
        _detail(found, "request", line.request_id)


def _object(
    root: ET.Element, pk: str, type_role: tuple[str, str], id_type: tuple[str, str, str], name: str = ""
) -> ET.Element:
    kind, role = type_role
    named = {"ParticipantObjectTypeCode": kind, "ParticipantObjectTypeCodeRole": role}
    found = ET.SubElement(root, "ParticipantObjectIdentification", {"ParticipantObjectID": pk, **named})
    code, system, meaning = id_type
    _coded(found, "ParticipantObjectIDTypeCode", (code, meaning), system=system)
    # The schema asks for one; never a patient's name.
    ET.SubElement(found, "ParticipantObjectName").text = name or pk
    return found


def _coded(parent: ET.Element, name: str, code: Code, *, system: str = "DCM") -> None:
    """``csd-code`` as the schema has it since 2014; readers of RFC 3881 call it ``code``."""
    ET.SubElement(parent, name, {"csd-code": code[0], "codeSystemName": system, "originalText": code[1]})


def _detail(found: ET.Element, kind: str, text: str) -> None:
    value = base64.b64encode(text.encode()).decode()
    ET.SubElement(found, "ParticipantObjectDetail", {"type": kind, "value": value})
