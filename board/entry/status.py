"""The card of the person's state: each answer is a row of its own, dated by the day of the assessment."""

import copy
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
NOTE = "status.note"
_WITHDRAWN = "withdraw"
ALONE = "A note is stored with an answer of this card: change or add one."
NO_DAY = "Say on which day this was: a value without a day counts nowhere."
_PREGNANCY = {"pregnant": ("asserted", ""), "not_excluded": ("unknown", "not_excluded"), UNKNOWN: ("unknown", "")}


@dataclass
class Answer:
    """``act``: record, revise, withdraw or nothing; ``columns`` what is stored, as ``row`` would be."""

    name: str
    act: str
    model: type
    stored: Any
    columns: dict[str, Any]
    problem: str = ""
    row: Any = None

    @property
    def is_stored(self) -> bool:
        return self.act in ("record", "revise")


def answers(entry: Entry, patient: Patient) -> tuple[list[Answer], str]:
    """Every answer that differs from the chart, and what is wrong with the day."""
    values, chart = entry.values, entry.chart.values
    try:
        day, precision = day_of(values.get(DAY, ""))
        trouble = ""
    except Unreadable as said:
        day, precision, trouble = None, "unknown", str(said)
    is_new_day = values.get(DAY, "") != chart.get(DAY, "")
    note = values.get(NOTE, "")
    found = []
    for name in (*SCALES, *MEASURED, *ASSERTED):
        text, before = values.get(name, ""), chart.get(name, "")
        again = name == "status.ecog" and is_new_day and text not in ("", UNKNOWN)
        if text != before or again:
            found.append(_answer(entry, name, text, (day, precision)))
    if note and not found and values.get("status.ecog", "") not in ("", UNKNOWN):
        found = [_answer(entry, "status.ecog", values["status.ecog"], (day, precision))]
    for one in found:
        _check(one, patient, note)
    return found, trouble


def note_alone(entry: Entry, found: list[Answer]) -> str:
    """A sentence where there is a note and no answer to store it with."""
    return ALONE if entry.values.get(NOTE, "") and not any(one.is_stored for one in found) else ""


def in_question(entry: Entry, found: list[Answer], patient: Patient) -> dict[str, tuple[str, str]]:
    """By field: what is in question about what is stored, or would be, and the reason that keeps it."""
    changed = {one.name: one.row for one in found if one.act}
    stored = {name: entry.chart.stored.get(name) for name in ("status.ecog", *MEASURED, *ASSERTED)}
    said = {}
    for name, row in (stored | changed).items():
        if row is None:
            continue
        row.patient = patient
        if doubts := row.doubts:
            said[name] = (" ".join(one.text for one in doubts), getattr(row, row.reason_field))
    return said


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


def _check(one: Answer, patient: Patient, note: str) -> None:
    if one.problem or not one.is_stored:
        return
    row = one.row = copy.copy(one.stored) if one.act == "revise" else one.model()
    row.patient = patient
    for name, value in one.columns.items():
        setattr(row, name, value)
    if note and (row.reason_field == "note" or row.doubts):
        setattr(row, row.reason_field, note)
        one.columns[row.reason_field] = note
    try:
        row.full_clean(exclude={"patient", "recorded_by", "lineage"}, validate_unique=False, validate_constraints=False)
    except ValidationError as refused:
        one.problem = sentence(next(iter(refused.error_dict.values()))[0])
