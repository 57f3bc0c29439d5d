"""Taking a bundle over: one transaction, a report on every resource, a trial run that stores nothing.

Rows are written by the services of ``patients`` alone, so each has its author, its version and its trail.
"""

import uuid
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, PermissionDenied, ValidationError
from django.db import transaction

from board.fhir.already_here import Recorded
from board.fhir.identity import case_number_of, check_identity, existing_case
from board.fhir.mapping.drafts import NotTaken
from board.fhir.mapping.from_patient import case_numbers
from board.fhir.outcomes import Line, Report, not_taken, taken
from board.fhir.reading import Planned, Read, read
from board.fhir.received import BundleRefused, Entry, Received
from patients import models
from patients.domain.roles import Capability
from patients.models import Patient, Versioned
from patients.services import audit, create_patient, record, record_many

REFUSED = "Your role may not enter clinical data."
# What others rest on comes first.
ORDER = (
    "Diagnosis",
    "HistologySpecimen",
    "IhcResult",
    "TreatmentLine",
    "SsaInjection",
    "PrrtCycle",
    "LabResult",
    "PerformanceStatus",
    "BodyMeasure",
    "ClinicalEvent",
    "ClinicalAssertion",
)
# Nothing rests on these: they are stored together at the end, in few statements.
TOGETHER = ("SsaInjection", "LabResult", "PerformanceStatus", "BodyMeasure", "ClinicalEvent", "ClinicalAssertion")
MISSING = {"line": "line_missing", "specimen": "specimen_missing"}


def import_bundle(*, by, received: Received, case_number: str = "", is_trial: bool) -> Report:
    """Raises PermissionDenied, or BundleRefused when nothing at all was taken over."""
    if not by.may(Capability.EDIT_CLINICAL):
        raise PermissionDenied(REFUSED)
    found = read(received)
    with transaction.atomic():
        report = _Import(by, received, found, case_number.strip(), is_trial).run()
        transaction.set_rollback(is_trial)
    return report


class _Import:
    def __init__(self, by, received: Received, found: Read, named: str, is_trial: bool) -> None:
        self.by, self.received, self.found = by, received, found
        self.number = case_number_of(found.patient.resource, named)
        self.report = Report(received.sha256, self.number, is_trial)
        self.reason = f"FHIR bundle {received.sha256[:12]}"
        self.lines: dict[int, Line] = {}
        self.rows: dict[str, Versioned | None] = {}
        self.waiting: dict[type[Versioned], list[dict[str, Any]]] = {}

    def run(self) -> Report:
        patient = self._patient()
        self.recorded = Recorded(patient)
        for planned in sorted(self.found.planned, key=lambda one: ORDER.index(one.draft.model)):
            self._take(patient, planned)
        for model, values in self.waiting.items():
            record_many(model, values, by=self.by, reason=self.reason)
        for entry in self.received.entries:
            if reason := self.found.not_taken.get(entry.position):
                self._say([entry], *not_taken(reason), what=entry.words)
        self.report.lines = [self.lines[position] for position in sorted(self.lines)]
        said = {"sha256": self.received.sha256, **self.report.counts}
        audit(by=self.by, action="import_fhir", obj=patient, patient=patient, after=said)
        return self.report

    def _patient(self) -> Patient:
        entry, values = self.found.patient, self.found.patient_values
        patient = existing_case(self.number, by=self.by)
        if patient is None:
            patient = self._open(values)
            self.report.is_new_case = True
            self._say([entry], *taken("case_opened"), what=str(patient))
            return patient
        check_identity(patient, values, is_stated=bool(case_numbers(entry.resource)))
        differing = _differing(patient, values)
        outcome = taken("case_differs", ", ".join(differing)) if differing else taken("same_case")
        self._say([entry], *outcome, what=str(patient))
        return patient

    def _open(self, values: dict[str, Any]) -> Patient:
        try:
            return create_patient(by=self.by, case_number=self.number, **values)
        except ValidationError as refused:
            sentence = f"The case cannot be opened. {' '.join(refused.messages)}"
            raise BundleRefused("case_not_accepted", sentence) from refused

    def _take(self, patient: Patient, planned: Planned) -> None:
        try:
            outcome, row = self._store(patient, planned)
        except NotTaken as reason:
            for entry in planned.entries:
                self._say([entry], *not_taken(reason), what=entry.words)
            return
        self.rows[planned.key] = row
        self._say(planned.entries, *outcome, what=str(row) if row else "")

    def _store(self, patient: Patient, planned: Planned) -> tuple[tuple[str, str, str], Versioned | None]:
        draft, model = planned.draft, getattr(models, planned.draft.model)
        values = draft.values | {name: self._needed(name, where) for name, where in draft.needs.items()}
        row = _made(model, patient, values)
        if known := self.recorded.find(row):
            return taken(known.code), known.row
        said = " ".join(part for part in (draft.said, self.recorded.same_day(row)) if part)
        if draft.model in TOGETHER:
            self.waiting.setdefault(model, []).append(values | {"patient": patient})
        else:
            row = _recorded(model, by=self.by, patient=patient, reason=self.reason, **values)
        self.recorded.add(row)
        return taken("recorded", said=said), row

    def _needed(self, name: str, where: str) -> Versioned:
        entry = self.received.of(where)
        row = self.rows.get(entry.key) if entry else None
        expected = {"line": models.TreatmentLine, "specimen": models.HistologySpecimen}[name]
        if not isinstance(row, expected):
            raise NotTaken(MISSING[name])
        return row

    def _say(self, entries: list[Entry], outcome: str, code: str, sentence: str, what: str = "") -> None:
        for entry in entries:
            self.lines[entry.position] = Line(entry.kind, entry.label, outcome, code, sentence, what)


def _made(model: type[Versioned], patient: Patient, values: dict[str, Any]) -> Versioned:
    """The row as it would be stored: units normalised, derived fields filled. Raises NotTaken."""
    own = {"patient": patient} if any(field.name == "patient" for field in model._meta.concrete_fields) else {}
    row = model(id=uuid.uuid4(), **own, **values)
    row.lineage = row.id
    try:
        row.clean_fields(exclude=["recorded_by", "patient"])
        row.clean()
    except ValidationError as refused:
        raise NotTaken("not_accepted", _sentences(refused)) from refused
    return row


def _recorded(model: type[Versioned], **values: Any) -> Versioned:
    """Raises NotTaken where the service refuses what the row alone could not know."""
    try:
        return record(model, **values)
    except ValidationError as refused:
        raise NotTaken("not_accepted", _sentences(refused)) from refused


def _sentences(refused: ValidationError) -> str:
    if not hasattr(refused, "error_dict"):
        return " ".join(refused.messages)
    found = refused.message_dict.items()
    return " ".join(
        " ".join(said) if name == NON_FIELD_ERRORS else f"{name.replace('_', ' ')}: {' '.join(said)}"
        for name, said in found
    )


def _differing(patient: Patient, values: dict[str, Any]) -> list[str]:
    """Words for the fields that the bundle states otherwise than the case."""
    names = [name for name, value in values.items() if getattr(patient, name) != value]
    return sorted({Patient._meta.get_field(name).verbose_name for name in names if value_is_stated(values[name])})


def value_is_stated(value: object) -> bool:
    return value not in (None, "", "unknown", "U")
