"""What of a row is recorded for its case already: the same, something else under the same key, or nothing.

Earlier versions count: what was corrected or withdrawn here does not come back because a table is sent again. What an
import brought and its own undo took away may come back.
"""

import re
from collections import defaultdict
from decimal import Decimal
from uuid import UUID

from patients.domain.bulk_columns import CASE, DATE, LIST, TEXT, UNKNOWN, Column, Table
from patients.models import ImportRow, Patient, Versioned

# What is not known was once written into the note by an import.
_FORMERLY = re.compile(r" ?Not known: [a-z0-9_ ,]+\.$")


class Already:
    def __init__(self) -> None:
        self._loaded: dict = {}

    def code_of(self, table: Table, row: Versioned) -> str:
        """already_here, corrected_since, withdrawn_since, row_differs, twice_in_file, or "" for a new row."""
        known = self._known(table, row.patient, type(row))
        state = known["content"].get(content(table, row))
        if state:
            return state
        return known["keys"].get(key(table, row), "")

    def recorded(self, table: Table, row: Versioned) -> Versioned | None:
        """The current row of the same key."""
        return self._known(table, row.patient, type(row))["rows"].get(key(table, row))

    def add(self, table: Table, row: Versioned) -> None:
        known = self._known(table, row.patient, type(row))
        known["content"][content(table, row)] = "already_here"
        known["keys"][key(table, row)] = "twice_in_file"

    def _known(self, table: Table, patient: Patient, model: type[Versioned]) -> dict:
        where = (table.name, patient.pk)
        if where not in self._loaded:
            self._loaded[where] = self._load(table, patient, model)
        return self._loaded[where]

    def _load(self, table: Table, patient: Patient, model: type[Versioned]) -> dict:
        by_lineage = defaultdict(list)
        for row in model.versions.filter(patient=patient).order_by("recorded_at"):
            by_lineage[row.lineage].append(row)
        undone = _undone(table, patient)
        known: dict = {"content": {}, "keys": {}, "rows": {}}
        for lineage, versions in by_lineage.items():
            current = [row for row in versions if row.superseded_at is None]
            if not current and lineage in undone:
                continue
            for row in versions:
                known["content"].setdefault(content(table, row), "corrected_since" if current else "withdrawn_since")
            for row in current:
                known["content"][content(table, row)] = "already_here"
                known["keys"][key(table, row)] = "row_differs"
                known["rows"][key(table, row)] = row
        return known


def _undone(table: Table, patient: Patient) -> set[UUID]:
    found = ImportRow.objects.filter(patient=patient, table=table.name, undone="taken_back")
    return set(found.values_list("object_id", flat=True))


def content(table: Table, row: Versioned) -> tuple:
    """What a table can say of a row: the line that a cycle belongs to, for example, has no column."""
    found: list = []
    for column in table.columns:
        if column.name != CASE:
            found.append(plain(column, getattr(row, column.field)))
            found.append(getattr(row, f"{column.field}_precision") if column.kind == DATE else "")
    return tuple(found)


def key(table: Table, row: Versioned) -> tuple:
    found: list = []
    for name in table.key:
        if name == CASE:
            continue
        column = table.column(name)
        value = plain(column, getattr(row, column.field))
        found.append(value.lower() if isinstance(value, str) else value)
        if column.kind == DATE:
            found.append(getattr(row, f"{column.field}_precision"))
    return tuple(found)


def plain(column: Column, value):
    """As it is compared. The word "unknown" in a text was once kept where nothing is kept now."""
    if isinstance(value, str):
        kept = _FORMERLY.sub("", value)
        return "" if column.kind == TEXT and kept.strip().lower() == UNKNOWN else kept
    if isinstance(value, list):
        kept_words = tuple(value)
        is_unknown = column.kind == LIST and [word.strip().lower() for word in value] == [UNKNOWN]
        return () if is_unknown else kept_words
    return value.normalize() if isinstance(value, Decimal) else value
