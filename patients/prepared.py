"""Queries that every page asks anew of another row: built and compiled once per process, then only run.

Building a query of subqueries costs the ORM several times what the database needs to answer it.
"""

import datetime as dt
import uuid
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from django.db import connection, models
from django.db.models import QuerySet

Places = tuple[tuple[int, int], ...]
# Values that no row has: their places in a compiled statement are where the real ones belong.
STAND_INS: dict[type[models.Field], Any] = {
    models.UUIDField: uuid.UUID("1c9f0a52-64be-4b0d-8a37-e0d75b21c964"),
    models.DateTimeField: dt.datetime(1850, 3, 7, 11, 13, 17, 190_723, tzinfo=dt.UTC),
    models.AutoField: 1_850_030_711,
    models.CharField: "a text that stands in no row 1c9f0a52",
}


def places_of(parameters: Sequence[Any], stand_ins: Sequence[Any]) -> Places:
    """Which parameters are stand-ins, and for which value."""
    return tuple((n, stand_ins.index(one)) for n, one in enumerate(parameters) if one in stand_ins)


def put_in(parameters: Sequence[Any], places: Places, values: Sequence[Any]) -> list[Any]:
    """The parameters with the real values in the places of their stand-ins."""
    filled = list(parameters)
    for place, which in places:
        filled[place] = values[which]
    return filled


class Prepared:
    """``build`` makes a queryset from one value of each of ``fields`` and may depend on nothing else.

    Raises ValueError on the first run for a query that does not use one of its values: it would answer every question
    alike.
    """

    def __init__(self, build: Callable[..., QuerySet], *fields: models.Field):
        self._build, self._fields = build, fields

    def rows(self, *values: Any) -> list[tuple]:
        """As the database gives them, without the conversions of the fields."""
        with connection.cursor() as cursor:
            cursor.execute(*self.statement(*values))
            return cursor.fetchall()

    def statement(self, *values: Any) -> tuple[str, list]:
        sql, parameters, places = _compiled(self, connection.vendor)
        own = [_parameter(field, value) for field, value in zip(self._fields, values, strict=True)]
        return sql, put_in(parameters, places, own)

    def compiled(self) -> tuple[str, tuple, Places]:
        values = [next(one for kind, one in STAND_INS.items() if isinstance(field, kind)) for field in self._fields]
        sql, parameters = self._build(*values).query.sql_with_params()
        stand_ins = [_parameter(field, value) for field, value in zip(self._fields, values, strict=True)]
        places = places_of(parameters, stand_ins)
        if missing := set(range(len(stand_ins))) - {which for _, which in places}:
            raise ValueError(f"{self._build.__name__} does not use its value {min(missing) + 1}")
        return sql, parameters, places


@cache
def _compiled(one: Prepared, _vendor: str) -> tuple[str, tuple, Places]:
    return one.compiled()


def _parameter(field: models.Field, value: Any) -> Any:
    return field.get_db_prep_value(value, connection)
