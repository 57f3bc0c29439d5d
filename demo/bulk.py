"""Rows in bulk, past the services: only for synthetic load, never for data that anybody decides on.

Each model gets a template of its column defaults; a row is that template with a few values put in. SQLite takes
``executemany``, PostgreSQL takes COPY.
"""

import io
import json
import random
import uuid
from collections.abc import Callable
from typing import Any

from django.db import connection, models

_UNESCAPED = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


class Table:
    """Pending rows of one model; ``common`` values go into every row that has such a column."""

    def __init__(self, model: type[models.Model], common: dict[str, Any]):
        fields = [f for f in model._meta.concrete_fields if not isinstance(f, models.AutoField)]
        self.name = model._meta.db_table
        self.columns = [f.column for f in fields]
        self.places = {f.attname: i for i, f in enumerate(fields)}
        self.stored = [_stored_by(f) for f in fields]
        values = [common.get(f.attname, _default(f)) for f in fields]
        self.template = [stored(value) for value, stored in zip(values, self.stored, strict=True)]
        self.rows: list[list[Any]] = []

    def add(self, values: dict[str, Any]) -> None:
        row = self.template.copy()
        for name, value in values.items():
            place = self.places[name]
            row[place] = self.stored[place](value)
        self.rows.append(row)

    def flush(self) -> int:
        count = len(self.rows)
        if count:
            insert = _copy if connection.vendor == "postgresql" else _execute_many
            insert(self)
        self.rows = []
        return count


class Bulk:
    """A batch across tables; tables are written in the order in which they were first used, parents first."""

    def __init__(self, seed: int, common: dict[str, Any]):
        self.random = random.Random(seed)  # noqa: S311 - synthetic data
        self.common = common
        self.tables: dict[type[models.Model], Table] = {}

    def add(self, model: type[models.Model], **values: Any) -> uuid.UUID | None:
        """Queue one row; its id where the model has a UUID key. Versioned rows get their lineage."""
        table = self.tables.get(model) or self.tables.setdefault(model, Table(model, self.common))
        key = None
        if isinstance(model._meta.pk, models.UUIDField):
            key = uuid.UUID(int=self.random.getrandbits(128), version=4)
            values["id"] = key
        if "lineage" in table.places:
            values["lineage"] = key
        table.add(values)
        return key

    def flush(self) -> int:
        return sum(table.flush() for table in self.tables.values())


def _default(field: models.Field) -> Any:
    if field.has_default():
        return field.get_default()
    return "" if not field.null and field.empty_strings_allowed else None


def _stored_by(field: models.Field) -> Callable[[Any], Any]:
    """How a value of this column is handed to the database. Values other than ids repeat, so they are remembered."""
    if isinstance(field, models.JSONField):
        return json.dumps
    if isinstance(field, models.UUIDField | models.ForeignKey) and _is_uuid(field):
        return _uuid_text if connection.features.has_native_uuid_field else _uuid_hex
    known: dict[Any, Any] = {}

    def stored(value: Any) -> Any:
        if value not in known:
            known[value] = field.get_db_prep_save(value, connection)
        return known[value]

    return stored


def _is_uuid(field: models.Field) -> bool:
    target = field.target_field if isinstance(field, models.ForeignKey) else field
    return isinstance(target, models.UUIDField)


def _uuid_hex(value: uuid.UUID | None) -> str | None:
    return value and value.hex


def _uuid_text(value: uuid.UUID | None) -> str | None:
    return value and str(value)


def _execute_many(table: Table) -> None:
    quoted = ", ".join(connection.ops.quote_name(c) for c in table.columns)
    marks = ", ".join(["%s"] * len(table.columns))
    with connection.cursor() as cursor:
        sql = f"INSERT INTO {connection.ops.quote_name(table.name)} ({quoted}) VALUES ({marks})"  # noqa: S608 - names
        cursor.executemany(sql, table.rows)


def _copy(table: Table) -> None:
    quoted = ", ".join(connection.ops.quote_name(c) for c in table.columns)
    text = io.StringIO()
    for row in table.rows:
        text.write("\t".join(map(_copy_text, row)) + "\n")
    text.seek(0)
    with connection.cursor() as cursor:
        cursor.copy_expert(f"COPY {connection.ops.quote_name(table.name)} ({quoted}) FROM STDIN", text)


def _copy_text(value: Any) -> str:
    if value is None:
        return "\\N"
    return str(value).translate(_UNESCAPED)
