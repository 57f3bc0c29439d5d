"""Tables taken over together with what they say is not known: the same rows that the proforma writes for it."""

from django.db import transaction

from board.entry.unknowns import has_own_word, state_unknown
from patients.bulk.importing import import_tables
from patients.bulk.outcomes import Line, Report
from patients.domain.bulk_reasons import NEW
from patients.models import Patient


@transaction.atomic
def take_tables(*, by, **how) -> Report:
    """``import_tables``, for good."""
    report = import_tables(by=by, is_trial=False, **how)
    for line in report.lines:
        if line.outcome == NEW:
            _state(by, line)
    return report


def _state(by, line: Line) -> None:
    is_case = isinstance(line.row, Patient)
    patient, lineage = (line.row, None) if is_case else (line.row.patient, line.row.lineage)
    for name in line.unknown:
        if not has_own_word(name):
            state_unknown(by=by, patient=patient, lineage=lineage, name=f"patient.{name}" if is_case else name)
