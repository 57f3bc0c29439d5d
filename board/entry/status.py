"""The card of the person's state: each answer is a row of its own, dated by the day of the assessment."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError

from board.entry.build import sentence
from board.entry.codec import Unreadable, columns_of, day_of
from board.entry.drafts import Entry
from board.entry.fields import STATUS, UNKNOWN
from board.entry.recorded import ASSERTED, MEASURED, SCALES
from patients.models import BodyMeasure, ClinicalAssertion, Patient, PerformanceStatus

DAY = "status.clinical_date"
_WITHDRAWN = "withdraw"
NO_DAY = "Say on which day this was: a value without a day counts nowhere."
_PREGNANCY = {"pregnant": ("asserted", ""), "not_excluded": ("unknown", "not_excluded"), UNKNOWN: ("unknown", "")}


@dataclass
class Answer:
    """``act``: record, revise, withdraw or nothing; ``columns`` what is stored."""

    name: str
    act: str
    model: type
    stored: Any
    columns: dict[str, Any]
    problem: str = ""


def answers(entry: Entry, patient: Patient) -> tuple[list[Answer], str]:
    """Every answer that differs from the chart, and what is wrong with the day."""
    values, chart = entry.values, entry.chart.values
    try:
        day, precision = day_of(values.get(DAY, ""))
        trouble = ""
    except Unreadable as said:
        day, precision, trouble = None, "unknown", str(said)
    is_new_day = values.get(DAY, "") != chart.get(DAY, "")
    found = []
    for name in (*SCALES, *MEASURED, *ASSERTED):
        text, before = values.get(name, ""), chart.get(name, "")
        again = name == "status.ecog" and is_new_day and text not in ("", UNKNOWN)
        if text != before or again:
            found.append(_answer(entry, name, text, (day, precision)))
    for one in found:
        _check(one, patient)
    return found, trouble


def _answer(entry: Entry, name: str, text: str, when: tuple[dt.date | None, str]) -> Answer:
    """A row is corrected under its own day only: on another day it stays true, and the answer is a row beside it."""
    stored = entry.chart.stored.get(name)
    model, columns, problem = _columns(name, text)
    is_same = stored is not None and (stored.clinical_date, stored.clinical_date_precision) == when
    if columns is None:
        return Answer(name, _WITHDRAWN if is_same else "", model, stored, {}, problem)
    if is_same:
        return Answer(name, "revise", model, stored, columns, problem)
    if when[0] is None and model is not ClinicalAssertion:
        problem = problem or NO_DAY
    dated = {"clinical_date": when[0], "clinical_date_precision": when[1]}
    return Answer(name, "record", model, None, columns | dated, problem)


def _columns(name: str, text: str) -> tuple[type, dict[str, Any] | None, str]:
    """Model and columns; None where nothing is stored for this answer."""
    if name in ASSERTED:
        return ClinicalAssertion, _assertion(ASSERTED[name], text), ""
    model = PerformanceStatus if name in SCALES else BodyMeasure
    if text in ("", UNKNOWN):
        return model, None, ""
    field = name.partition(".")[2]
    columns, problems = columns_of(STATUS, {field: text})
    kind = {"instrument": SCALES[name]} if name in SCALES else {"kind": MEASURED[name]}
    if name in SCALES and text.isdigit():
        return model, kind | {"value": int(text)}, ""
    return model, kind | {"value": columns.get(field)}, problems.get(field, "")


def _assertion(kind: str, text: str) -> dict[str, Any] | None:
    if not text:
        return None
    if kind == "preference":
        return {
            "kind": kind,
            "state": "unknown" if text == UNKNOWN else "asserted",
            "note": "" if text == UNKNOWN else text,
        }
    if kind == "pregnancy":
        state, detail = _PREGNANCY.get(text, ("denied", text))
        return {"kind": kind, "state": state, "detail": detail}
    return {"kind": kind, "state": text}


def _check(one: Answer, patient: Patient) -> None:
    if one.problem or one.act in ("", _WITHDRAWN):
        return
    row = one.model(patient=patient, **one.columns)
    if one.model is BodyMeasure and one.act == "revise":
        row.note = one.stored.note
    try:
        row.full_clean(exclude={"patient", "recorded_by", "lineage"}, validate_unique=False, validate_constraints=False)
    except ValidationError as refused:
        one.problem = sentence(next(iter(refused.error_dict.values()))[0])
