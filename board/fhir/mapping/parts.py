"""Small pieces every resource is made of."""

import datetime as dt
from decimal import Decimal
from typing import Any

from board.fhir.mapping.terms import ABSENT, ABSENT_REASON, CATEGORY, UCUM, code_system, extension_url

Json = dict[str, Any]


def resource(kind: str, pk: object, *, profile: str = "", **fields: Any) -> Json:
    """A resource without its empty elements: FHIR has no empty strings, lists or objects."""
    meta = {"profile": [profile]} if profile else {}
    everything = {"resourceType": kind, "id": str(pk), "meta": meta, **fields}
    return {name: value for name, value in everything.items() if value not in (None, "", [], {})}


def reference(pk: object) -> Json:
    return {"reference": f"urn:uuid:{pk}"}


def coding(system: str, code: str) -> Json:
    return {"system": system, "code": code}


def concept(*codings: Json, text: str = "") -> Json:
    found: Json = {"coding": list(codings)} if codings else {}
    return found | ({"text": text} if text else {})


def local(system: str, code: str, text: str = "") -> Json:
    """A concept of one of our own code systems."""
    return concept(coding(code_system(system), code), text=text)


def category(code: str) -> list[Json]:
    return [concept(coding(CATEGORY, code))]


def quantity(value: Decimal, unit: str, ucum: str, comparator: str = "") -> Json:
    sign = {"comparator": comparator} if comparator else {}
    return {"value": value, **sign, "unit": unit, "system": UCUM, "code": ucum}


def absent(reason: str = "unknown") -> Json:
    """Stands where a value would: that it is missing is said, with why."""
    return {"extension": [{"url": ABSENT, "valueCode": reason}]}


def absent_value(reason: str = "unknown") -> Json:
    """``Observation.dataAbsentReason``."""
    return concept(coding(ABSENT_REASON, reason))


def date_text(day: dt.date, precision: str) -> str:
    """A FHIR date at its stated precision: "2024-03-15", "2024-03" or "2024"."""
    return day.isoformat()[: {"day": 10, "month": 7, "year": 4}[precision]]


def dated(name: str, day: dt.date | None, precision: str = "day") -> Json:
    """The element ``name``, or what FHIR writes beside it when the date is not known."""
    if day is None or precision == "unknown":
        return {f"_{name}": absent()}
    return {name: date_text(day, precision)}


def given(name: str, day: dt.date | None, precision: str = "day") -> Json:
    """As ``dated``, but nothing at all where there is no date."""
    return {} if day is None else dated(name, day, precision)


def extension(name: str, kind: str, value: Any) -> list[Json]:
    """One of our own extensions, or none where there is no value. ``kind``: "String", "Code", "Boolean" ..."""
    if value in (None, "") and value is not False:
        return []
    return [{"url": extension_url(name), f"value{kind}": value}]


def notes(text: str) -> list[Json]:
    return [{"text": text}] if text else []


def instant(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
