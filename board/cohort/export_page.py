"""What the pages of exports show."""

import uuid

from django.conf import settings
from django.utils import timezone

from board.cohort.changes import changed_words
from board.cohort.columns import leaves
from board.cohort.figures import numbers
from board.cohort.query import CohortQuery, query_of
from board.cohort.running import REASONS
from board.cohort.selection import Cohort, cohort_of
from board.cohort.tables import TABLES, columns_of, text_columns
from board.cohort.writing import Archive, each_case
from board.export_claims import NO_ROOM, NO_ROOM_SENTENCE
from board.models import CohortExport
from patients.domain.roles import Capability
from patients.domain.spreadsheet import neutral
from patients.selectors import visible_patients

MOST_LISTED = 50
PREVIEW_ROWS = 5
_STATE = CohortExport.State
STEPS = ("Tables", "De-identification", "As-known date", "Approval", "Run", "Download")


def list_of(user, query: CohortQuery) -> dict:
    mine = CohortExport.objects.select_related("asked_by", "decided_by")
    if not user.may(Capability.APPROVE_EXPORT):
        mine = mine.filter(asked_by=user)
    may_ask = user.may(Capability.EXPORT_COHORT)
    return {
        "exports": [(export, words_of(export)) for export in mine[:MOST_LISTED]],
        "query": query,
        "may_ask": may_ask,
        "key": uuid.uuid4().hex,
        "numbers": numbers(cohort_of(user, query, today=timezone.localdate()), shows_all=False) if may_ask else None,
        "tables": [(table, ", ".join(text_columns(table))) for table in TABLES.values()],
        "chosen": list(TABLES),
        "hours": settings.COHORT_EXPORT_HOURS,
    }


def detail_of(user, export: CohortExport) -> dict:
    is_own = export.asked_by_id == user.pk
    may_decide = user.may(Capability.APPROVE_EXPORT) and export.state == _STATE.ASKED and not is_own
    found = _found(export) if export.state == _STATE.ASKED else None
    return {
        "export": export,
        "words": words_of(export),
        "is_own": is_own,
        "may_decide": may_decide,
        "may_fetch": is_own and export.is_there and user.may(Capability.EXPORT_COHORT),
        "steps": _steps(export),
        "number": len(found.members) if found and user.may(Capability.READ_CHART) else None,
        "tables": [(TABLES[name], export.rows.get(name)) for name in export.tables if name in TABLES],
        "preview": preview(user, export, found) if may_decide and found and not export.known_at else None,
        "changed": changed_since_last(user, export),
        "query": query_of(export.choices),
        "hours": settings.COHORT_EXPORT_HOURS,
    }


def words_of(export: CohortExport) -> str:
    """The state in a sentence."""
    if export.state == _STATE.ASKED:
        return "Waiting for second approval."
    if export.state == _STATE.REFUSED:
        return f"Refused: {export.refusal}"
    if export.state == _STATE.FAILED:
        return REASONS.get(export.reason_code, "Stopped. Partial file deleted.")
    if export.state == _STATE.DONE:
        rows = sum(export.rows.values())
        said = f"{export.patients} patient{'' if export.patients == 1 else 's'}, {rows} rows"
        return f"{said}, ready." if export.is_there else f"{said}. The file was deleted when its time was over."
    if export.state == _STATE.QUEUED:
        return NO_ROOM_SENTENCE if export.reason_code == NO_ROOM else "Approved, waiting for a worker."
    return f"Running: {export.stage}, {export.progress_done} of {export.progress_total} cases."


def _steps(export: CohortExport) -> list[tuple[str, str]]:
    """Each step with "done", "running" or ""."""
    at = {
        _STATE.ASKED: 3, _STATE.REFUSED: 3, _STATE.QUEUED: 4, _STATE.RUNNING: 4, _STATE.FAILED: 4, _STATE.DONE: 5,
    }[_STATE(export.state)]  # fmt: skip
    has_failed = export.state in (_STATE.FAILED, _STATE.REFUSED)
    states = [
        "done" if n < at else ("failed" if has_failed else "running") if n == at else "" for n in range(len(STEPS))
    ]
    return list(zip(STEPS, states, strict=True))


def _found(export: CohortExport) -> Cohort:
    """What the one who asked would get today."""
    return cohort_of(export.asked_by, query_of(export.choices), today=timezone.localdate())


def preview(user, export: CohortExport, found: Cohort) -> dict | None:
    """The first rows of the first table as they would leave, of cases that who approves may read."""
    if not export.tables or export.tables[0] not in TABLES or not found.members:
        return None
    table, today, archive = TABLES[export.tables[0]], timezone.localdate(), Archive(export)
    columns = columns_of(table, has_free_text=export.has_free_text)
    own = visible_patients(user).filter(pk__in=[case.patient_id for case in found.members])
    rows: list[list[str]] = []
    for case, weighed in each_case(export, list(own[:PREVIEW_ROWS]), today):
        if weighed is None:
            continue
        leaving = archive.leaving(case, weighed, today)
        for row in table.rows(leaving):
            values = [leaves(column, column.get(leaving, row), leaving.shift) for column in columns]
            rows.append([leaving.name, *(neutral(value, keeps_numbers=True) for value in values)])
    return {"table": table.name, "columns": ["patient", *(c.name for c in columns)], "rows": rows[:PREVIEW_ROWS]}


def changed_since_last(user, export: CohortExport) -> str:
    """Against the last export of the same question, tables and columns by the same person."""
    if export.state != _STATE.DONE:
        return ""
    earlier = CohortExport.objects.filter(
        asked_by=export.asked_by,
        query_digest=export.query_digest,
        has_free_text=export.has_free_text,
        state=_STATE.DONE,
        asked_at__lt=export.asked_at,
    )
    last = next((one for one in earlier.order_by("-asked_at") if one.tables == export.tables), None)
    if last is None:
        return ""
    words = changed_words(last.members, export.members, shows_all=user.may(Capability.READ_CHART))
    return f"Since the export of {timezone.localtime(last.asked_at):%Y-%m-%d %H:%M}: {words}."
