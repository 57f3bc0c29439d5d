"""Which patients an answer is about, noted while it is composed and written down before it leaves.

Gates note by themselves (``get_visible_patient`` and those of imaging and of meetings); whoever makes a list notes its
rows. Outside a request nobody collects and a note does nothing. What is noted counts as read, unless the view says
``nothing``: an answer that was forgotten here is written down once too often, never once too little.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from patients.access_models import AccessEvent
from patients.models import Patient

Kind = AccessEvent.Kind


@dataclass
class Notes:
    """``patients``: key and whether it was opened by itself or is one of a list."""

    patients: dict[str, str] = field(default_factory=dict)
    cases: set[str] = field(default_factory=set)
    subjects: set[str] = field(default_factory=set)
    kind: str = ""
    device: str = ""
    holds_nothing: bool = False

    def add(self, patient_id: Any, kind: str) -> None:
        if patient_id is not None and self.patients.get(str(patient_id)) != Kind.PAGE:
            self.patients[str(patient_id)] = kind


_collected: ContextVar[Notes | None] = ContextVar("reads", default=None)


@contextmanager
def collecting() -> Iterator[Notes]:
    notes = Notes()
    before = _collected.set(notes)
    try:
        yield notes
    finally:
        _collected.reset(before)


def note(row: Any) -> None:
    """A case, or a row of one, is shown by itself."""
    _add(row, Kind.PAGE)


def note_all(rows: Iterable[Any]) -> None:
    """These cases, or rows of them, are shown in a list. Keys are taken as keys of cases."""
    if _collected.get() is not None:
        for row in rows:
            _add(row, Kind.LIST)


def note_case(case_number: str) -> None:
    """For what is shown by its case number alone."""
    if (notes := _collected.get()) is not None and case_number:
        notes.cases.add(case_number)


def nothing() -> None:
    """The answer says no word about the patient it was asked for: a version, a progress, a refusal."""
    if (notes := _collected.get()) is not None:
        notes.holds_nothing = True


def exported() -> None:
    """What is noted leaves the product as a file."""
    _as(Kind.EXPORT)


def of_the_trail(*, is_exported: bool = False) -> None:
    """Looking into the trail is in the trail, whether it names a case or none."""
    if (notes := _collected.get()) is not None:
        notes.kind = Kind.TRAIL_EXPORT if is_exported else Kind.TRAIL_READ
        notes.subjects.add("the trail")


def on_display(device: str) -> None:
    """It is shown on the screen of a room, where nobody is signed in."""
    if (notes := _collected.get()) is not None:
        notes.kind, notes.device = Kind.DISPLAY, device


def _as(kind: str) -> None:
    if (notes := _collected.get()) is not None:
        notes.kind = kind


def _add(row: Any, kind: str) -> None:
    if (notes := _collected.get()) is not None and row is not None:
        patient_id = _patient_id(row)
        if patient_id is None and kind == Kind.PAGE and _names_somebody(row):
            notes.subjects.add(f"{row._meta.verbose_name} {row.pk}")
        notes.add(patient_id, kind)


def _names_somebody(row: Any) -> bool:
    """A series and an upload bring an identity along, also before it is known whose they are."""
    return hasattr(row, "candidate_patient_id") or hasattr(row, "items")


def _patient_id(row: Any) -> Any:
    """Of a case, of a row that names one, of a row of such a row; what belongs to no case yet has none."""
    if isinstance(row, Patient):
        return row.pk
    for name in ("patient_id", "candidate_patient_id"):
        if hasattr(row, name):
            return getattr(row, name)
    if not hasattr(row, "_meta"):
        return row
    owners = (f.name for f in row._meta.concrete_fields if f.related_model and hasattr(f.related_model, "patient_id"))
    return next((getattr(row, name).patient_id for name in owners if getattr(row, name) is not None), None)
