"""Rows of many tables in one statement.

A patient page needs some twenty small tables. Each becomes one arm of a UNION ALL whose rows travel as JSON, so
the page costs one round trip however many kinds of row there are. The rows come back as ordinary model instances.
"""

import datetime as dt
import json
from decimal import Decimal
from functools import cache

from django.db import connection, models
from django.db.models import F, Func, Model, QuerySet, Value
from django.db.models.functions import JSONObject
from django.utils.dateparse import parse_datetime


def bundle(querysets: list[QuerySet]) -> dict[type[Model], list[Model]]:
    """The rows of every queryset (one per model), unordered, in a single query."""
    found: dict[type[Model], list[Model]] = {queryset.model: [] for queryset in querysets}
    by_label = {model._meta.label: model for model in found}
    arms, parameters = [], []
    for queryset in querysets:
        arm, values = _arm(queryset)
        arms.append(arm)
        parameters += values
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(arms), parameters)
        for label, body in cursor.fetchall():
            model = by_label[label]
            found[model].append(_instance(model, json.loads(body) if isinstance(body, str) else body))
    return found


def _arm(queryset: QuerySet) -> tuple[str, list]:
    """``SELECT label, row as JSON`` over the rows of ``queryset``; only its conditions are compiled each time."""
    columns, values = _columns(queryset.model, connection.vendor)
    sql, parameters = queryset.order_by().values_list("pk").query.sql_with_params()
    return f"{columns} FROM {sql.partition(' FROM ')[2]}", [*values, *parameters]


@cache
def _columns(model: type[Model], _vendor: str) -> tuple[str, tuple]:
    """The part before FROM: the same for every patient, and by far the dearest part to compile."""
    body = JSONObject(**{field.attname: _column(field) for field in model._meta.concrete_fields})
    everything = model._base_manager.values_list(Value(model._meta.label), body)
    sql, parameters = everything.query.sql_with_params()
    return sql.rpartition(" FROM ")[0], parameters


class _ExactFloat(Func):
    """SQLite writes floats into JSON with 15 digits; its quote() gives all of them, as text."""

    arity = 1
    template = "%(expressions)s"

    def as_sqlite(self, compiler, connection, **context):
        return self.as_sql(compiler, connection, template="NULLIF(quote(%(expressions)s), 'NULL')", **context)


def _column(field: models.Field):
    return _ExactFloat(F(field.attname)) if isinstance(field, models.FloatField) else F(field.attname)


def _instance(model: type[Model], values: dict) -> Model:
    fields = model._meta.concrete_fields
    return model.from_db("default", [f.attname for f in fields], [_python(f, values[f.attname]) for f in fields])


def _python(field: models.Field, value):
    """A JSON value as the ORM itself would have returned it, on SQLite (text, 0 and 1) and PostgreSQL alike."""
    if value is None:
        return None
    while isinstance(field, models.ForeignKey):
        field = field.target_field
    for kind, convert in _CONVERTERS.items():
        if isinstance(field, kind):
            return convert(field, value)
    return value


def _aware(_field, value: str) -> dt.datetime:
    moment = parse_datetime(value)
    return moment.replace(tzinfo=dt.UTC) if moment.tzinfo is None else moment.astimezone(dt.UTC)


_CONVERTERS = {
    models.UUIDField: lambda field, value: field.to_python(value),
    models.DateTimeField: _aware,
    models.DateField: lambda field, value: field.to_python(value),
    models.DecimalField: lambda field, value: Decimal(repr(value)).quantize(Decimal(1).scaleb(-field.decimal_places)),
    models.FloatField: lambda field, value: float(value),
    models.BooleanField: lambda field, value: bool(value),
    models.JSONField: lambda field, value: json.loads(value) if isinstance(value, str) else value,
}
