"""Everything that is wrong with a row, told at once: its cells, its case, and what its model says of the others."""

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError

from patients import models
from patients.bulk.cases import Cases
from patients.bulk.outcomes import Fault
from patients.domain.bulk_cells import CellRefused, Values
from patients.domain.bulk_columns import CASE, Table
from patients.models import Patient

NOT_ASKED = ["recorded_by", "patient"]


def faults_of(table: Table, values: Values, number: str, cases: Cases) -> list[Fault]:
    """Of a row that cannot be taken; empty where cells, case and model say nothing against it."""
    found = [as_fault(fault) for fault in values.faults]
    unread = {fault.column for fault in found}
    patient = Patient()
    if number:
        try:
            patient = cases.named_or_new(number) if table.name == "patients" else cases.named(number)
        except CellRefused as refused:
            found.append(as_fault(refused))
    if table.name == "patients":
        row = Patient(case_number=number, **values.fields)
    else:
        row = getattr(models, table.model)(patient=patient, **values.fields)
    problems = problems_of(row)
    said = said_by_model(table, problems) if problems else []
    return [*found, *(one for one in said if one.column and one.column not in {*unread, CASE})]


def problems_of(row) -> ValidationError | None:
    """What its model says of all its fields."""
    found: dict[str, list[ValidationError]] = {}
    for check in (lambda: row.clean_fields(exclude=NOT_ASKED), row.clean):
        try:
            check()
        except ValidationError as refused:
            for name, errors in refused.update_error_dict({}).items():
                found.setdefault(name, []).extend(errors)
    return ValidationError(found) if found else None


def said_by_model(table: Table, refused: ValidationError) -> list[Fault]:
    by_name = refused.update_error_dict({})
    columns = {column.field: column.name for column in table.columns}
    return [
        Fault(columns.get(name, ""), " ".join(dict.fromkeys(ValidationError(errors).messages)), "not_accepted")
        for name, errors in sorted(by_name.items(), key=lambda one: one[0] == NON_FIELD_ERRORS)
    ]


def as_fault(refused: CellRefused) -> Fault:
    return Fault(refused.column, str(refused), refused.code)
