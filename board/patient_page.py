"""Everything the patient page shows, composed from one chart."""

import datetime as dt

from board.chart import Chart
from board.criteria_view import gate_changes, matrix, moments, panels
from board.decision_view import decision_lines
from board.domain.timeline import draw
from board.history import history
from board.identity import identity_of
from board.lesion_view import lesion_table
from board.record_table import record_rows
from patients.domain.roles import Capability


def patient_context(chart: Chart, user, as_of: dt.date) -> dict:
    days = moments(chart, as_of)
    records = record_rows(chart)
    return {
        "patient": chart.patient,
        "identity": identity_of(chart),
        "picture": draw(history(chart)),
        "records": records,
        "is_illustrative": any(row.is_illustrative for row in records),
        "lesions": lesion_table(chart),
        "as_of": as_of,
        "moments": days,
        "chosen": next(moment for moment in days if moment.is_chosen),
        "matrix": matrix(chart, days),
        "gates": gate_changes(chart),
        "rule_sets": panels(chart, as_of),
        "decisions": decision_lines(chart),
        "has_open_jobs": chart.has_open_jobs,
        "may_decide": user.may(Capability.RECORD_DECISION),
        "may_edit": user.is_staff and user.may(Capability.EDIT_CLINICAL),
        "may_import": user.may(Capability.IMPORT_SCAN),
    }
