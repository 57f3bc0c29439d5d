"""``patient.json``: all rows about one patient, written piece by piece."""

import datetime as dt
import json
from collections.abc import Callable, Iterator
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Model, QuerySet

from board.export_patient.tables import COLUMNS_LEFT_OUT, LEFT_OUT, PATHS, rows_of
from board.export_patient.withheld import Withheld
from patients.models import Patient, User

SCHEMA = "prrt-board/patient-export/1"
NOTICE = "Decision support, not a certified medical device. Identifiable: handle like the patient's chart."
BATCH = 500


def pieces(patient: Patient, *, at: dt.datetime, withheld: Withheld, told: Callable[[int, int], None]) -> Iterator[str]:
    """The text of the file; ``told`` hears after each table how many of them are written."""
    people: set[Any] = set()
    head = {"schema": SCHEMA, "notice": NOTICE, "made_at": at, "code_version": settings.VERSION, "left_out": LEFT_OUT}
    yield _json(head)[:-1] + ',\n"tables": {'
    for number, label in enumerate(PATHS, start=1):
        yield (",\n" if number > 1 else "\n") + json.dumps(label) + ": ["
        yield from _rows(rows_of(label, patient).exclude(pk__in=withheld.of(label)), people)
        yield "]"
        told(number, len(PATHS))
    yield '},\n"people": ' + _json(_people(people)) + "}\n"


def _rows(found: QuerySet[Model], people: set[Any]) -> Iterator[str]:
    for number, row in enumerate(found.iterator(chunk_size=BATCH)):
        people |= _named_in(row)
        yield (",\n" if number else "\n") + _json(as_values(row))


def as_values(row: Model) -> dict[str, Any]:
    hidden = COLUMNS_LEFT_OUT.get(row._meta.label, frozenset())
    return {f.attname: getattr(row, f.attname) for f in row._meta.concrete_fields if f.name not in hidden}


def _named_in(row: Model) -> set[Any]:
    fields = (field for field in row._meta.concrete_fields if field.related_model is User)
    return {value for field in fields if (value := getattr(row, field.attname)) is not None}


def _people(ids: set[Any]) -> list[dict[str, Any]]:
    found = User.objects.filter(pk__in=ids).order_by("pk")
    return [{"id": u.pk, "username": u.username, "name": u.get_full_name(), "role": u.role} for u in found]


def _json(value: Any) -> str:
    return json.dumps(value, cls=_Encoder, ensure_ascii=False)


class _Encoder(DjangoJSONEncoder):
    """Moments with every digit that is stored."""

    def default(self, o: Any) -> Any:
        return o.isoformat() if isinstance(o, dt.datetime) else super().default(o)


def models_of_ours() -> set[str]:
    labels = {"patients", "imaging", "eligibility", "board"}
    found = apps.get_models(include_auto_created=True)
    return {model._meta.label for model in found if model._meta.app_label in labels}
