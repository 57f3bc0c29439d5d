"""Every action of the trail is an event of DICOM PS3.15 A.5, and each message is valid by the schema."""

import ast
import datetime as dt
from base64 import b64decode
from pathlib import Path

import pytest
from lxml import etree
from pydicom.sr._concepts_dict import concepts

from patients import atna
from patients.domain import atna_codes, trail_words
from patients.models import AccessEvent
from patients.trail_lines import TrailLine

ROOT = Path(__file__).resolve().parents[2]
APPS = ("patients", "imaging", "eligibility", "board", "demo")
# Functions that hand an action on to ``audit`` by position, and where it stands.
CARRIERS = {"_stored": 1, "_steer": 2, "set_state": 4, "set_values": 2, "_written": 2}
# Words of a keyword ``action`` that belong to forms and screens, not to the trail.
NOT_OF_THE_TRAIL = {"store_true", "append", "Book an earlier SSTR scan"}


OBJECT = "ParticipantObjectIdentification"


@pytest.fixture(scope="module")
def schema():
    return etree.RelaxNG(etree.parse(ROOT / "docs/schemas/atna.rng"))


def actions_in(source: str) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        given = [keyword.value for keyword in node.keywords if keyword.arg == "action"]
        if name in CARRIERS and len(node.args) > CARRIERS[name]:
            given.append(node.args[CARRIERS[name]])
        for value in given if name in CARRIERS or name in {"audit", "audit_many", "_judge", "partial"} else []:
            options = [value.body, value.orelse] if isinstance(value, ast.IfExp) else [value]
            found |= {one.value for one in options if isinstance(one, ast.Constant)}
    return found


def actions() -> set[str]:
    files = [path for app in APPS for path in (ROOT / app).rglob("*.py") if "migrations" not in path.parts]
    return {action for path in files for action in actions_in(path.read_text())}


def test_every_action_of_the_code_is_mapped_and_nothing_else():
    assert actions() | {"display_code_refused"} == set(atna_codes.OF_WRITES)


def test_every_action_of_the_code_has_a_phrase():
    assert actions() | {"display_code_refused"} == set(trail_words.OF_WRITES)
    phrases = list(trail_words.OF_WRITES.values())
    assert len(set(phrases)) == len(phrases) and not any("_" in phrase for phrase in phrases)


def test_a_new_action_would_be_found():
    assert actions_in("audit(by=by, action='new_action', obj=x)") == {"new_action"}


def test_every_kind_of_access_is_mapped():
    assert set(AccessEvent.Kind.values) == set(atna_codes.OF_ACCESSES)


def test_codes_and_meanings_are_those_of_dicom():
    events = [*atna_codes.OF_WRITES.values(), *atna_codes.OF_ACCESSES.values()]
    used = {event.event for event in events} | {event.type for event in events if event.type}
    used |= {atna.APPLICATION, atna.SOURCE_ROLE, atna.DESTINATION_ROLE, atna.URI_MEDIA}
    used |= {atna.SOURCE_MEDIA, atna.DESTINATION_MEDIA}
    dicom = concepts["DCM"].values()
    known = {code: meaning for by_code in dicom for code, (meaning, *_) in by_code.items()}
    assert {code: known.get(code) for code, _ in used} == dict(used)


def line(action: str, *, is_access: bool, **more) -> TrailLine:
    values = {"key": "a1", "at": dt.datetime(2026, 5, 4, 9, 30, tzinfo=dt.UTC), "person": "Dr A", "username": "a"}
    values |= {"device": "", "case_number": "T-1", "what": action, "about": "board:patient", "address": "192.0.2.1"}
    return TrailLine(**values | more, action=action, is_access=is_access)


def every_message():
    for is_access, table in ((False, atna_codes.OF_WRITES), (True, atna_codes.OF_ACCESSES)):
        yield from (line(action, is_access=is_access) for action in table)
    yield line("display", is_access=True, person="", username="", device="display 1 of meeting 2", request_id="0" * 32)
    yield line("sign_in_failed", is_access=True, person="", username="", case_number="", about="", address="")
    yield line("came_later", is_access=False)


def test_each_message_is_valid_by_itself_and_in_a_file(schema):
    for one in every_message():
        schema.assertValid(etree.fromstring(atna.messages([one])))
        found = etree.fromstring(atna.messages([one])).find("AuditMessage")
        assert schema.validate(found), f"{one.action}: {schema.error_log}"
    assert schema.validate(etree.fromstring(atna.messages(every_message())))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda m: m.find("EventIdentification").set("EventActionCode", "X"),
        lambda m: m.find("EventIdentification/EventID").set("csd-code", "999999"),
        lambda m: m.remove(m.find("AuditSourceIdentification")),
        lambda m: m.find("EventIdentification").set("EventDateTime", "yesterday"),
        lambda m: m.find(OBJECT).remove(m.find(f"{OBJECT}/ParticipantObjectName")),
        lambda m: m.find("AuditSourceIdentification/AuditSourceTypeCode").set("codeSystemName", "DCM"),
    ],
)
def test_the_schema_refuses_what_is_no_message(schema, spoil):
    found = etree.fromstring(atna.messages([line("record", is_access=False)])).find("AuditMessage")
    assert schema.validate(found)
    spoil(found)
    assert not schema.validate(found)


# DICOM PS3.15 A.5.3.2 to A.5.3.15: EventActionCode, and EventTypeCode where it is mandatory.
ANY = set("CRUD")
ALLOWED = {"110101": {"R"}, "110103": ANY, "110106": {"R"}, "110107": {"C"}, "110110": ANY, "110111": ANY}
ALLOWED |= {"110112": {"E"}, "110113": {"E"}, "110114": {"E"}}
TYPES = {"110113": {"110132", "110135", "110136", "110137"}, "110114": {"110122", "110123"}}


def roles(participant) -> list[str]:
    return [one.get("csd-code") for one in participant.findall("RoleIDCode")]


def test_each_event_does_only_what_its_section_allows():
    for one in every_message():
        event = atna.message(one).find("EventIdentification")
        code, types = event.find("EventID").get("csd-code"), event.findall("EventTypeCode")
        assert event.get("EventActionCode") in ALLOWED[code], one.action
        said = {found.get("csd-code") for found in types if found.get("codeSystemName") == "DCM"}
        assert said <= TYPES.get(code, set()) and bool(said) == (code in TYPES), one.action


@pytest.mark.parametrize(
    ("action", "is_access", "own", "media"),
    [("export", True, "110153", "110154"), ("open_upload", False, "110152", "110155")],
)
def test_what_leaves_or_comes_names_its_media(action, is_access, own, media):
    for address, place in (("192.0.2.1", "computer 192.0.2.1"), ("", "folder of the server")):
        person, server, found = atna.message(line(action, is_access=is_access, address=address)).findall(
            "ActiveParticipant"
        )
        assert roles(person) == roles(server) == [own]
        assert roles(found) == [media] and found.get("UserID") == place
        assert found.find("MediaIdentifier/MediaType").get("csd-code") == "110037"
        assert [p.get("UserIsRequestor") for p in (person, server, found)] == ["true", "false", "false"]
    assert len(atna.message(line("page", is_access=True)).findall("ActiveParticipant")) == 2


def test_the_log_that_was_read_has_its_name_and_an_alert_its_description():
    read = atna.message(line("trail_read", is_access=True)).findall(OBJECT)
    assert [o.find("ParticipantObjectName").text for o in read] == ["T-1", "Security Audit Log"]
    log = read[-1]
    assert (log.get("ParticipantObjectTypeCode"), log.get("ParticipantObjectTypeCodeRole")) == ("2", "13")
    assert log.find("ParticipantObjectIDTypeCode").get("csd-code") == "12"
    alert = atna.message(line("grant_access", is_access=False, what="gave access")).findall(OBJECT)[-1]
    details = {d.get("type"): b64decode(d.get("value")).decode() for d in alert.findall("ParticipantObjectDetail")}
    assert details == {"Alert Description": "gave access"}


def test_the_patient_of_a_record_is_one_person_by_number():
    for action in ("page", "list"):
        first, *others = atna.message(line(action, is_access=True)).findall(OBJECT)
        assert (first.get("ParticipantObjectTypeCode"), first.get("ParticipantObjectTypeCodeRole")) == ("1", "1")
        assert first.find("ParticipantObjectIDTypeCode").get("csd-code") == "2"
        assert not [o for o in others if o.get("ParticipantObjectTypeCode") == "1"]


def test_who_what_when_from_where():
    found = etree.fromstring(atna.messages([line("page", is_access=True)])).find("AuditMessage")
    assert found.find("EventIdentification").get("EventDateTime") == "2026-05-04T09:30:00+00:00"
    person = found.find("ActiveParticipant")
    assert (person.get("UserID"), person.get("NetworkAccessPointID")) == ("a", "192.0.2.1")
    assert found.find("ParticipantObjectIdentification").get("ParticipantObjectID") == "T-1"
