"""What of a row is recorded for its case already: the same, something else under the same key, or nothing.

Earlier versions count: what was corrected or withdrawn here does not come back because a table is sent again. What an
import brought and its own undo took away may come back.
"""

import re
from collections import defaultdict
from decimal import Decimal
from uuid import UUID

from patients.domain.bulk_columns import CASE, Table
from patients.models import ImportRow, Patient, Versioned
from patients.services.versions import BOOKKEEPING

# What is not known was once written into the note by an import.
_FORMERLY = re.compile(r" ?Not known: [a-z0-9_ ,]+\.$")


class Already:
    def __init__(self) -> None:
        self._loaded: dict = {}

    def code_of(self, table: Table, row: Versioned) -> str:
        """already_here, corrected_since, withdrawn_since, row_differs, twice_in_file, or "" for a new row."""
        known = self._known(table, row.patient, type(row))
        state = known["content"].get(content(row))
        if state:
            return state
        return known["keys"].get(key(table, row), "")

    def add(self, table: Table, row: Versioned) -> None:
        known = self._known(table, row.patient, type(row))
        known["content"][content(row)] = "already_here"
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
        known: dict = {"content": {}, "keys": {}}
        for lineage, versions in by_lineage.items():
            current = [row for row in versions if row.superseded_at is None]
            if not current and lineage in undone:
                continue
            for row in versions:
                known["content"].setdefault(content(row), "corrected_since" if current else "withdrawn_since")
            for row in current:
                known["content"][content(row)] = "already_here"
                known["keys"][key(table, row)] = "row_differs"
        return known


def _undone(table: Table, patient: Patient) -> set[UUID]:
    found = ImportRow.objects.filter(patient=patient, table=table.name, undone="taken_back")
    return set(found.values_list("object_id", flat=True))


def content(row: Versioned) -> tuple:
    names = sorted(f.attname for f in row._meta.concrete_fields if f.name not in BOOKKEEPING | {"patient"})
    return tuple(_plain(getattr(row, name)) for name in names)


def key(table: Table, row: Versioned) -> tuple:
    found: list = []
    for name in table.key:
        if name == CASE:
            continue
        field = table.column(name).field
        value = getattr(row, field)
        found.append(_plain(value).lower() if isinstance(value, str) else value)
        if hasattr(row, f"{field}_precision"):
            found.append(getattr(row, f"{field}_precision"))
    return tuple(found)


def _plain(value):
    if isinstance(value, str):
        return _FORMERLY.sub("", value)
    if isinstance(value, list):
        return tuple(value)
    return value.normalize() if isinstance(value, Decimal) else value
