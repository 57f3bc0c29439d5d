"""Tables taken over together with what they say is not known: the same rows that the proforma writes for it."""

from functools import partial

from board.entry.unknowns import state_unknown
from patients.bulk.importing import import_tables
from patients.bulk.outcomes import Line, Report
from patients.models import Patient


def take_tables(*, by, **how) -> Report:
    """``import_tables``, for good."""
    return import_tables(by=by, is_trial=False, also=partial(_state, by), **how)


def _state(by, line: Line) -> None:
    is_case = isinstance(line.row, Patient)
    patient, lineage = (line.row, None) if is_case else (line.row.patient, line.row.lineage)
    for name in line.unknown:
        state_unknown(by=by, patient=patient, lineage=lineage, name=f"patient.{name}" if is_case else name)
