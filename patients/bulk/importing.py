"""Taking tables over: one transaction, an outcome for every row, a trial run that stores nothing."""

import uuid
from collections.abc import Callable

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction

from patients import models
from patients.bulk.already import Already
from patients.bulk.cases import Cases
from patients.bulk.differences import Difference, differences
from patients.bulk.faults import as_fault, faults_of, problems_of, said_by_model
from patients.bulk.outcomes import Fault, Line, Report
from patients.bulk.reading import FileRefused, Read, Row
from patients.domain.bulk_cells import CellRefused, Values, values_of
from patients.domain.bulk_columns import CASE, TABLES, Table
from patients.domain.bulk_reasons import CHANGED, NEW, REFUSED, SAME
from patients.domain.roles import Capability
from patients.models import ImportBatch, ImportRow
from patients.services import audit, record_many

NO_RIGHT = "Your role may not enter clinical data."
SAME_CODES = ("already_here", "corrected_since", "withdrawn_since")


def import_tables(
    *,
    by,
    found: Read,
    is_trial: bool,
    only_good: bool = False,
    sha256: str = "",
    also: Callable[[list[Line]], None] | None = None,
) -> Report:
    """``sha256``: the file that was tried; ``also`` is done with the new rows.

    Raises PermissionDenied, or FileRefused when nothing at all was stored."""
    if not by.may(Capability.EDIT_CLINICAL):
        raise PermissionDenied(NO_RIGHT)
    if sha256 and sha256 != found.sha256:
        raise FileRefused("not_this_file")
    with transaction.atomic():
        report = _Import(by, found, is_trial).run()
        if not is_trial:
            _check(report, only_good)
            if also:
                also([line for line in report.lines if line.outcome == NEW])
            report.batch_id = _keep(report, by, only_good).pk
        transaction.set_rollback(is_trial)
    return report


def _check(report: Report, only_good: bool) -> None:
    if report.bad and not only_good:
        raise FileRefused("not_all_good")
    if not report.new:
        raise FileRefused("nothing_new")


def _keep(report: Report, by, only_good: bool) -> ImportBatch:
    batch = ImportBatch.objects.create(
        by=by, sha256=report.sha256, said=report.said, is_only_good=only_good, counts=report.counts
    )
    ImportRow.objects.bulk_create([_kept(batch, line) for line in report.lines], batch_size=500)
    audit(by=by, action="import_table", obj=batch, after={"sha256": report.sha256, **report.counts})
    return batch


def _kept(batch: ImportBatch, line: Line) -> ImportRow:
    row = line.row if line.outcome == NEW else None
    return ImportRow(
        batch=batch,
        patient=line.patient if row is not None else None,
        table=line.table,
        number=line.number,
        outcome=line.outcome,
        code=line.code,
        column=line.column,
        object_id=row.pk if row is not None else None,
        made_at=row.recorded_at if row is not None else None,
    )


class _Import:
    def __init__(self, by, found: Read, is_trial: bool) -> None:
        self.by, self.found = by, found
        self.report = Report(found.sha256, found.said, is_trial)
        self.reason = f"Table {found.sha256[:12]}"
        self.cases, self.already = Cases(by, holds=not is_trial), Already()

    def run(self) -> Report:
        order = list(TABLES)
        for table, rows in sorted(self.found.tables, key=lambda one: order.index(one[0].name)):
            lines = [self._line(table, row) for row in rows]
            self._store(table, lines)
            self.report.lines += lines
        return self.report

    def _line(self, table: Table, row: Row) -> Line:
        values = values_of(table, row.cells, row.refused)
        number = values.fields.pop(CASE, "")
        if values.faults:
            return _refused(table, row, faults_of(table, values, number, self.cases))
        try:
            if table.name == "patients":
                outcome, code, made = self.cases.take(number, values.fields)
            else:
                outcome, code, made = self._take(table, number, values)
        except CellRefused as refused:
            return _refused(table, row, faults_of(table, values, number, self.cases) or [as_fault(refused)])
        except ValidationError as refused:
            return _refused(table, row, said_by_model(table, refused))
        if values.unknown and code == "already_here":
            code = "unknown_not_added"
        line = Line(table.name, row.number, outcome, code, what=str(made), row=made, unknown=tuple(values.unknown))
        if outcome == CHANGED:
            line.differences = self._differences(table, made, values)
        return line

    def _differences(self, table: Table, made, values: Values) -> list[Difference]:
        """Only of a case that this person may read: another's is refused before anything is compared."""
        if isinstance(made, models.Patient):
            return differences(table, made, values.fields, tuple(values.unknown))
        names = {name for c in table.columns for name in (c.field, f"{c.field}_precision") if hasattr(made, name)}
        brought = {name: getattr(made, name) for name in names - {CASE}}
        return differences(table, self.already.recorded(table, made), brought, tuple(values.unknown))

    def _take(self, table: Table, number: str, values: Values) -> tuple[str, str, models.Versioned]:
        patient = self.cases.named(number)
        row = getattr(models, table.model)(id=uuid.uuid4(), patient=patient, **values.fields)
        row.lineage = row.id
        if problems := problems_of(row):
            raise problems
        code = self.already.code_of(table, row)
        if code in SAME_CODES:
            return SAME, code, row
        if code == "twice_in_file":
            raise CellRefused(code)
        if code:
            return CHANGED, code, row
        self.already.add(table, row)
        return NEW, "recorded", row

    def _store(self, table: Table, lines: list[Line]) -> None:
        """The rows of a table together, in few statements."""
        new = [line for line in lines if line.outcome == NEW and table.name != "patients"]
        values = [_values(line.row) for line in new]
        made = record_many(getattr(models, table.model), values, by=self.by, reason=self.reason) if values else []
        for line, row in zip(new, made, strict=True):
            line.row = row


def _values(row) -> dict:
    kept = {f.name for f in row._meta.concrete_fields if f.editable} - {"recorded_by"}
    return {name: getattr(row, name) for name in kept}


def _refused(table: Table, row: Row, faults: list[Fault]) -> Line:
    first = faults[0]
    return Line(table.name, row.number, REFUSED, first.code, first.sentence, first.column, faults=faults)
