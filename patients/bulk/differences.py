"""Where a row of a table and what is recorded say different things, column by column, in the words of the table."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from patients.bulk.already import plain
from patients.domain.bulk_columns import CASE, DATE, UNKNOWN, Column, Table
from patients.domain.dates import in_words

EMPTY = "(empty)"


@dataclass(frozen=True)
class Difference:
    column: str
    stored: str
    brought: str


def differences(table: Table, stored: Any, brought: Mapping[str, Any], unknown: tuple[str, ...]) -> list[Difference]:
    """``brought``: what the row of the table says by field; ``unknown``: fields it says are not known."""
    found = []
    for column in table.columns:
        if column.name == CASE or column.field not in brought:
            continue
        now = {name: getattr(stored, name) for name in _names(column)}
        new = {name: brought.get(name) for name in now}
        if any(plain(column, now[name]) != plain(column, new[name]) for name in now):
            said = UNKNOWN if column.field in unknown else _text(column, new)
            found.append(Difference(column.name, _text(column, now), said))
    return found


def _names(column: Column) -> list[str]:
    return [column.field, f"{column.field}_precision"] if column.kind == DATE else [column.field]


def _text(column: Column, values: dict[str, Any]) -> str:
    value = values[column.field]
    if value in (None, "", []):
        return EMPTY
    if column.kind == DATE:
        return in_words(value, values[f"{column.field}_precision"])
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return "; ".join(value) if isinstance(value, list) else str(value)
