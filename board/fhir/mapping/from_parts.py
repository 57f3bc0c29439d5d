"""Reading the small pieces of a resource. Everything here has passed the structure check of the library."""

import datetime as dt
import re
from decimal import Decimal
from typing import Any

from board.fhir.mapping.drafts import NotTaken
from board.fhir.mapping.extras import ExtraRefused, read_extras
from board.fhir.mapping.parts import Json
from board.fhir.mapping.terms import ABSENT, UCUM, code_system
from patients.domain.partial_dates import DateRefused, parse_partial_date

FINAL = frozenset({"final", "amended", "corrected"})


def codes(concept: Json | None, system: str) -> list[str]:
    """The codes of one system in a concept, in order."""
    return [one["code"] for one in (concept or {}).get("coding", []) if one.get("system") == system and "code" in one]


def own_code(concept: Json | None, system: str, known: object = None) -> str:
    """The code of one of our own systems, or "". Raises NotTaken when it is none of ``known``, or there are two."""
    found = set(codes(concept, code_system(system)))
    if len(found) > 1:
        raise NotTaken("codes_contradict")
    code = found.pop() if found else ""
    if code and known is not None and code not in known:  # type: ignore[operator]
        raise NotTaken("code_unknown", code)
    return code


def text_of(concept: Json | None) -> str:
    return str((concept or {}).get("text", "")).strip()


def note_of(resource: Json) -> str:
    return "; ".join(one["text"] for one in resource.get("note", []) if one.get("text"))


def extras(model: str, resource: Json) -> dict[str, Any]:
    try:
        return read_extras(model, resource)
    except ExtraRefused as refused:
        raise NotTaken("extension_refused", str(refused)) from refused


def date_of(holder: Json, name: str) -> tuple[dt.date | None, str]:
    """Day and precision of the element ``name``; (None, "unknown") only where that is what it says.

    Of a time of day only the day is kept, as it was written, in the time zone it was written in.
    """
    if name in holder:
        return partial(holder[name])
    if is_said_unknown(holder, name):
        return None, "unknown"
    raise NotTaken("date_missing")


def partial(value: object) -> tuple[dt.date | None, str]:
    text = str(value)
    try:
        return parse_partial_date(text[:10] if re.match(r"\d{4}-\d{2}-\d{2}T", text) else text)
    except DateRefused as refused:
        raise NotTaken("date_refused", text[:32]) from refused


def is_said_unknown(holder: Json, name: str) -> bool:
    """Whether the extension beside an element says why there is no value."""
    beside = holder.get(f"_{name}") or {}
    return any(one.get("url") == ABSENT for one in beside.get("extension", []))


def clinical_date(holder: Json, name: str) -> dict[str, Any]:
    day, precision = date_of(holder, name)
    return {"clinical_date": day, "clinical_date_precision": precision}


def check_final(resource: Json, final: frozenset[str] = FINAL) -> None:
    status = resource.get("status", "")
    if status == "entered-in-error":
        raise NotTaken("entered_in_error")
    if status not in final:
        raise NotTaken("status_not_final")


def quantity_of(found: Json) -> tuple[Decimal, str]:
    """Value and unit, by its UCUM code where it has one, else as it is written."""
    if found.get("value") is None:
        raise NotTaken("value_missing")
    unit = found.get("code") if found.get("system") == UCUM and found.get("code") else found.get("unit")
    if not unit:
        raise NotTaken("unit_missing")
    return Decimal(str(found["value"])), str(unit)


def amount(found: Json | None, unit: str, factors: dict[str, int]) -> tuple[Decimal | None, str]:
    """A dose in ``unit``; from another unit only by a factor in ``factors``, and then it is said."""
    if found is None:
        return None, ""
    if found.get("comparator"):
        raise NotTaken("comparator")
    value, written = quantity_of(found)
    if written not in factors:
        raise NotTaken("unit_unknown", written)
    if written == unit:
        return value, ""
    return value * factors[written], f"{value:f} {written} is recorded as {value * factors[written]:f} {unit}."
