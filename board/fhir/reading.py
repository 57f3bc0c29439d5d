"""From the entries of a bundle to drafts of rows. Asks the database nothing."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from board.fhir import library
from board.fhir.mapping import as_written, from_observations, from_patient, from_treatment
from board.fhir.mapping.drafts import ITSELF, Draft, NotTaken
from board.fhir.mapping.from_histology import specimen
from board.fhir.mapping.parts import Json
from board.fhir.received import BundleRefused, Entry, Received, is_storable

READERS: dict[str, Callable[[Json], Draft]] = {
    "Condition": from_patient.condition,
    "Observation": from_observations.observation,
    "Specimen": specimen,
    "MedicationAdministration": from_treatment.administration,
    "Procedure": from_treatment.procedure,
}
# What only one Observation of a specimen may state, even if a second one agrees.
FINDINGS = frozenset({"ki67_text", "mitoses_per_2mm2", "differentiation", "stated_grade"})
NOT_READ = {
    "ImagingStudy": "imaging_not_read",
    "BodyStructure": "imaging_not_read",
    "CarePlan": "decision_not_read",
    "ClinicalImpression": "decision_not_read",
}


@dataclass
class Planned:
    """A row to be, and the entries it is read from. ``key`` is the address others name it by."""

    key: str
    draft: Draft
    entries: list[Entry] = field(default_factory=list)


@dataclass
class Read:
    patient: Entry
    patient_values: dict[str, Any]
    planned: list[Planned]
    not_taken: dict[int, NotTaken]
    """By position of the entry."""


def read(received: Received) -> Read:
    """Raises BundleRefused where the patient of the bundle cannot be told."""
    person = _patient(received)
    try:
        values = from_patient.patient(person.resource)
    except NotTaken as reason:
        raise BundleRefused(reason.code, f"The Patient of this bundle is refused. {reason.sentence}") from reason
    found = Read(person, values, [], {})
    for entry in received.entries:
        if entry is not person:
            _plan(found, received, entry)
    _put_together(found, received)
    return found


def _patient(received: Received) -> Entry:
    people = [entry for entry in received.entries if entry.kind == "Patient"]
    if len(people) != 1:
        code = "patients_several" if people else "patient_missing"
        words = "several Patients" if people else "no Patient"
        raise BundleRefused(code, f"The bundle holds {words}; one is needed.")
    try:
        _check(people[0], received)
    except NotTaken as reason:
        raise BundleRefused(reason.code, f"The Patient of this bundle is refused. {reason.sentence}") from reason
    return people[0]


def _check(entry: Entry, received: Received) -> None:
    if not is_storable(entry.resource):
        raise NotTaken("text_not_storable")
    if received.is_twice(entry):
        raise NotTaken("id_twice")
    try:
        library.check(entry.resource)
    except library.NotR4B as refused:
        raise NotTaken("not_r4b") from refused
    except library.StructureRefused as refused:
        raise NotTaken("structure", refused.where) from refused


def _plan(found: Read, received: Received, entry: Entry) -> None:
    try:
        draft = _draft(found, received, entry)
    except NotTaken as reason:
        found.not_taken[entry.position] = reason
        return
    found.planned.append(Planned(entry.key, draft, [entry]))


def _draft(found: Read, received: Received, entry: Entry) -> Draft:
    _check(entry, received)
    if entry.kind not in READERS:
        raise NotTaken(NOT_READ.get(entry.kind, "kind_not_read"))
    _check_subject(found, received, entry)
    draft = READERS[entry.kind](entry.resource)
    draft.values.update(as_written.read(draft.model, entry.resource))
    return draft


def _check_subject(found: Read, received: Received, entry: Entry) -> None:
    reference = (entry.resource.get("subject") or {}).get("reference")
    if not reference:
        raise NotTaken("subject_missing")
    if received.of(reference) is not found.patient:
        raise NotTaken("subject_is_another")


def _put_together(found: Read, received: Received) -> None:
    """The findings of one specimen become one row; what a second entry states anew is refused."""
    specimens: dict[str, Planned] = {}
    kept = []
    for planned in sorted(found.planned, key=lambda one: one.entries[0].kind != "Specimen"):
        if not planned.draft.part_of:
            kept.append(planned)
            continue
        key = _specimen_key(planned, received)
        try:
            _join(specimens, key, planned, received)
        except NotTaken as reason:
            found.not_taken[planned.entries[0].position] = reason
    found.planned = [*specimens.values(), *kept]


def _specimen_key(planned: Planned, received: Received) -> str:
    if planned.draft.part_of == ITSELF:
        return planned.key
    entry = received.of(planned.draft.part_of)
    return entry.key if entry else planned.draft.part_of


def _join(specimens: dict[str, Planned], key: str, part: Planned, received: Received) -> None:
    whole = specimens.get(key)
    if whole is None:
        if part.draft.part_of != ITSELF and received.of(part.draft.part_of) is not None:
            raise NotTaken("specimen_missing")
        draft = Draft(part.draft.model, part.draft.alone | part.draft.values, part_of=ITSELF)
        specimens[key] = Planned(key, draft, part.entries)
        return
    _add(whole, part)


def _add(whole: Planned, part: Planned) -> None:
    known, new = whole.draft.values, dict(part.draft.values)
    note = "; ".join(text for text in (known.get("note", ""), new.pop("note", "")) if text)
    twice = sorted(name for name in new if name in known and (name in FINDINGS or known[name] != new[name]))
    if twice:
        raise NotTaken("said_twice", ", ".join(twice))
    whole.draft.values |= new | ({"note": note} if note else {})
    whole.entries = [*whole.entries, *part.entries]
