"""Tables taken over together with what they say is not known: the same rows that the proforma writes for it."""

from functools import partial

from board.entry.unknowns import state_many
from board.models import StatedUnknown
from patients.bulk.importing import import_tables
from patients.bulk.outcomes import Line, Report
from patients.models import Patient


def take_tables(*, by, **how) -> Report:
    """``import_tables``, for good."""
    return import_tables(by=by, is_trial=False, also=partial(_state, by), **how)


def _state(by, lines: list[Line]) -> None:
    stated = []
    for line in lines:
        is_case = isinstance(line.row, Patient)
        lineage = None if is_case else line.row.lineage
        names = [f"patient.{name}" if is_case else name for name in line.unknown]
        stated += [StatedUnknown(patient=line.patient, lineage=lineage, name=name, recorded_by=by) for name in names]
    state_many(by=by, stated=stated)
