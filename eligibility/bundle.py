"""Rows of many tables in one statement.

A patient page needs some twenty small tables. Each becomes one arm of a UNION ALL whose rows travel as JSON, so
the page costs one round trip however many kinds of row there are. The rows come back as ordinary model instances.
"""

import datetime as dt
import json
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any

from django.db import connection, models
from django.db.models import F, Func, Model, QuerySet, Value
from django.db.models.functions import JSONObject

from patients.prepared import STAND_INS, Places, places_of, put_in

Build = Callable[[Any], list[QuerySet]]


def bundle(subject: Model, *builds: Build) -> dict[type[Model], list[Model]]:
    """The rows of every queryset that ``builds`` make for ``subject`` (one per model), unordered, in a single query.

    A function is asked once per process, for a stand-in of the same model: its querysets may depend on nothing but the
    id of the subject, which is a UUID. Raises ValueError for a queryset that does not depend on it at all.
    """
    return _read(_prepared(type(subject), builds, connection.vendor).of(subject))


def bundle_once(subject: Model, *builds: Build) -> dict[type[Model], list[Model]]:
    """The same for querysets that depend on more, a moment for example: compiled for this one time."""
    return _read(_compiled(_querysets(subject, builds)))


@dataclass(frozen=True)
class Statement:
    """``places``: which parameters are the id of the subject."""

    sql: str
    parameters: tuple
    models: tuple[type[Model], ...]
    places: Places = ()

    def of(self, subject: Model) -> "Statement":
        return replace(self, parameters=tuple(put_in(self.parameters, self.places, [_parameter(subject)])))


@cache
def _prepared(model: type[Model], builds: tuple[Build, ...], _vendor: str) -> Statement:
    """Twenty querysets cost more to build and compile than their rows cost to read, so it is done once."""
    stand_in = model(pk=STAND_INS[models.UUIDField])
    querysets, own = _querysets(stand_in, builds), _parameter(stand_in)
    for queryset in querysets:
        if own not in _arm(queryset)[1]:
            raise ValueError(f"{queryset.model._meta.label}: the rows of every {model._meta.label} would be read")
    found = _compiled(querysets)
    return replace(found, places=places_of(found.parameters, [own]))


def _querysets(subject: Model, builds: Iterable[Build]) -> list[QuerySet]:
    return [queryset for build in builds for queryset in build(subject)]


def _parameter(subject: Model):
    return subject._meta.pk.get_db_prep_value(subject.pk, connection)


def _compiled(querysets: Iterable[QuerySet]) -> Statement:
    arms = {queryset.model: _arm(queryset) for queryset in querysets}
    parameters = tuple(value for _, values in arms.values() for value in values)
    return Statement(" UNION ALL ".join(sql for sql, _ in arms.values()), parameters, tuple(arms))


def _read(statement: Statement) -> dict[type[Model], list[Model]]:
    found: dict[type[Model], list[Model]] = {model: [] for model in statement.models}
    by_label = {model._meta.label: model for model in found}
    with connection.cursor() as cursor:
        cursor.execute(statement.sql, statement.parameters)
        for label, body in cursor.fetchall():
            model = by_label[label]
            found[model].append(_instance(model, json.loads(body) if isinstance(body, str) else body))
    return found


def _arm(queryset: QuerySet) -> tuple[str, list]:
    """``SELECT label, row as JSON`` over the rows of ``queryset``."""
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
    names, converted = _fields(model)
    for name, convert in converted:
        if (value := values[name]) is not None:
            values[name] = convert(value)
    return model.from_db("default", names, [values[name] for name in names])


@cache
def _fields(model: type[Model]) -> tuple[list[str], list[tuple[str, Callable]]]:
    """All columns, and those whose JSON is not yet what the ORM itself would have returned."""
    fields = model._meta.concrete_fields
    converted = [(field.attname, convert) for field in fields if (convert := _converter(field))]
    return [field.attname for field in fields], converted


def _converter(field: models.Field) -> Callable | None:
    """For SQLite (text, 0 and 1) and PostgreSQL alike."""
    while isinstance(field, models.ForeignKey):
        field = field.target_field
    if isinstance(field, models.DecimalField):
        step = Decimal(1).scaleb(-field.decimal_places)
        return lambda value: Decimal(repr(value)).quantize(step)
    return next((convert for kind, convert in _CONVERTERS.items() if isinstance(field, kind)), None)


def _aware(value: str) -> dt.datetime:
    moment = dt.datetime.fromisoformat(value)
    return moment.replace(tzinfo=dt.UTC) if moment.tzinfo is None else moment.astimezone(dt.UTC)


_CONVERTERS: dict[type[models.Field], Callable] = {
    models.UUIDField: lru_cache(maxsize=4096)(uuid.UUID),  # most rows of a chart name the same few others
    models.DateTimeField: _aware,
    models.DateField: dt.date.fromisoformat,
    models.FloatField: float,
    models.BooleanField: bool,
    models.JSONField: lambda value: json.loads(value) if isinstance(value, str) else value,
}
