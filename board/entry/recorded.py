"""What the chart says already, as the texts of the page."""

import uuid
from dataclasses import dataclass, field
from typing import Any

from board.entry.codec import text_of
from board.entry.fields import (
    BY_KEY,
    HISTOLOGY,
    LABS,
    LINES,
    PATIENT,
    PRRT,
    SSA,
    TUMOUR,
    UNKNOWN,
    Card,
    field_of,
)
from board.models import CaseQuestion, StatedUnknown
from patients.models import (
    AuditEvent,
    BodyMeasure,
    ClinicalAssertion,
    Diagnosis,
    LabResult,
    Patient,
    PerformanceStatus,
)
from patients.selectors import OLDEST_FIRST, latest, rows

# Single facts of a person or of the whole case: name on the page -> kind of assertion.
ASSERTED = {
    "status.pregnancy": "pregnancy",
    "status.breast_feeding": "breast_feeding",
    "status.self_care": "self_care",
    "status.preference": "preference",
    "lines.prior_systemic": "prior_systemic",
    "prrt.prior_prrt": "prior_prrt",
    "ssa.prior_ssa": "prior_ssa",
}
# Scales read by an examiner: name on the page -> instrument.
SCALES = {"status.ecog": "ECOG", "status.frailty": "CFS"}
MEASURED = {"status.weight_kg": BodyMeasure.Kind.WEIGHT, "status.height_cm": BodyMeasure.Kind.HEIGHT}


@dataclass
class Recorded:
    """``values``: name of a field -> text. ``stored``: row behind a prefix ("lines.<row>", "tumour", "status.ecog")."""

    patient: Patient | None
    values: dict[str, str] = field(default_factory=dict)
    stored: dict[str, Any] = field(default_factory=dict)
    older_labs: int = 0


def recorded(patient: Patient | None, aliases: dict[str, str] | None = None) -> Recorded:
    """``aliases``: name under which a row is known on open pages -> its lineage."""
    found = Recorded(patient)
    if patient is None:
        return found
    names = {lineage: alias for alias, lineage in (aliases or {}).items()}
    _patient(found, patient)
    _single(found, TUMOUR, rows(Diagnosis, patient).order_by(*OLDEST_FIRST).last())
    for card in (HISTOLOGY, LINES, PRRT, SSA):
        for row in rows(card.model, patient).order_by(*OLDEST_FIRST):
            _row(found, card, row, names)
    newest = _newest_labs(patient)
    for row in newest:
        _row(found, LABS, row, names)
    found.older_labs = rows(LabResult, patient).count() - len(newest)
    _status(found, patient)
    _unknowns(found, patient)
    return found


def mark_of(patient: Patient | None) -> int:
    """Rises with every write to the case: a page that has seen a lower one looks again before it saves."""
    if patient is None:
        return 0
    return AuditEvent.objects.filter(patient=patient).order_by("-id").values_list("id", flat=True).first() or 0


def last_edits(found: Recorded) -> dict[str, str]:
    """Who stored a row and when, by prefix: the line beside its fields."""
    lines = {}
    for prefix, row in found.stored.items():
        by = row.recorded_by.shown_name if row.recorded_by else "the system"
        lines[prefix] = f"{by}, {row.recorded_at:%Y-%m-%d}"
    return lines


def _patient(found: Recorded, patient: Patient) -> None:
    found.stored["patient"] = patient
    asked = CaseQuestion.objects.filter(patient=patient).last()
    for one in PATIENT.fields:
        found.values[f"patient.{one.name}"] = (
            (asked.text if asked else "") if one.name == "question" else text_of(patient, one)
        )
    if asked:
        found.stored["patient.question"] = asked


def _single(found: Recorded, card: Card, row) -> None:
    if row is None:
        return
    found.stored[card.key] = row
    found.values |= {f"{card.key}.{one.name}": text_of(row, one) for one in card.fields}


def _row(found: Recorded, card: Card, row, names: dict[str, str]) -> None:
    prefix = names.get(str(row.lineage)) or f"{card.key}.{row.lineage.hex}"
    found.stored[prefix] = row
    found.values |= {f"{prefix}.{one.name}": text_of(row, one) for one in card.fields}


def _newest_labs(patient: Patient) -> list[LabResult]:
    newest: dict[str, LabResult] = {}
    for row in rows(LabResult, patient).order_by(*OLDEST_FIRST):
        newest[row.analyte] = row
    return list(newest.values())


def _status(found: Recorded, patient: Patient) -> None:
    for name, instrument in SCALES.items():
        if row := _last(PerformanceStatus, patient, instrument=instrument):
            found.stored[name] = row
            found.values[name] = str(row.value)
            found.values.setdefault("status.clinical_date", text_of(row, _day("status")))
    for name, kind in MEASURED.items():
        if row := _last(BodyMeasure, patient, kind=kind):
            found.stored[name] = row
            found.values[name] = f"{row.value.normalize():f}"
    asserted = list(rows(ClinicalAssertion, patient).order_by(*OLDEST_FIRST))
    for name, kind in ASSERTED.items():
        if said := [row for row in asserted if row.kind == kind]:
            found.stored[name] = said[-1]
            found.values[name] = assertion_text(said[-1])


def _last(model, patient: Patient, **filters):
    """The newest; where its day counts nowhere it still stands on the page, with its mark."""
    written = rows(model, patient).filter(clinical_date__isnull=False, **filters)
    return latest(model, patient, **filters) or written.order_by("clinical_date", "recorded_at").last()


def assertion_text(row: ClinicalAssertion) -> str:
    if row.kind == "preference":
        return row.note or UNKNOWN
    if row.kind == "pregnancy":
        return (
            "pregnant"
            if row.state == "asserted"
            else row.detail or ("negative_test" if row.state == "denied" else UNKNOWN)
        )
    return UNKNOWN if row.state == "unknown" else row.state


def _day(card: str):
    return next(one for one in BY_KEY[card].fields if one.name == "clinical_date")


def _unknowns(found: Recorded, patient: Patient) -> None:
    """Stated as unknown: shown so while the chart has nothing else to say."""
    prefixes = {getattr(row, "lineage", None): prefix for prefix, row in found.stored.items() if "." in prefix}
    prefixes |= {row.lineage: "tumour" for row in [found.stored.get("tumour")] if row}
    last: dict[tuple[uuid.UUID | None, str], bool] = {}
    for said in StatedUnknown.objects.filter(patient=patient):
        last[said.lineage, said.name] = said.is_unknown
    for (lineage, name), is_unknown in last.items():
        full = name if lineage is None else f"{prefixes.get(lineage, '')}.{name}"
        is_there = lineage is None or lineage in prefixes
        if is_unknown and is_there and field_of(full) and not found.values.get(full):
            found.values[full] = UNKNOWN
