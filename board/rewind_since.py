"""What has come since a moment: every row that is new, reads otherwise or is gone, and the verdicts that moved."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from board import words
from board.chart import Chart
from board.criteria_view import own_keys
from board.models import BoardDecision, CaseClosing, CaseQuestion, Contact, DecisionFollowUp, DecisionNotice
from eligibility.case_rows import VERSIONED
from eligibility.loader import guideline
from eligibility.models import ChangeVerdict
from imaging.models import Reading, SuvInput, UptakeMeasurement
from patients.kept import Kept
from patients.models import Patient
from patients.services import snapshot
from patients.trail import values_shown

NEW, CHANGED, GONE = "new", "changed", "withdrawn"
PATIENT_ROWS = (*VERSIONED, SuvInput)
BOARD_ROWS = (BoardDecision, DecisionFollowUp, DecisionNotice, CaseQuestion, Contact, CaseClosing)


@dataclass(frozen=True)
class Difference:
    kind: str
    what: str
    fields: list[tuple[str, str, str]]
    at: dt.datetime | None
    by: str


@dataclass(frozen=True)
class VerdictMove:
    label: str
    before: str
    after: str

    @property
    def is_changed(self) -> bool:
        return self.before != self.after


@dataclass(frozen=True)
class Since:
    differences: list[Difference]
    verdicts: list[VerdictMove]


def since(then: Chart) -> Since:
    """Against the chart as it is now, newest first."""
    today = timezone.localdate()
    now = Chart(Patient.objects.get(pk=then.patient.pk), today)
    found = [*_person(then, now), *_versioned(then, now), *_written(then, now), *_read(then, now), *_numbers(then, now)]
    found.sort(key=lambda row: row.at or dt.datetime.min.replace(tzinfo=dt.UTC), reverse=True)
    return Since(found, _verdicts(then, now))


def _person(then: Chart, now: Chart) -> list[Difference]:
    fields = _fields(Patient, _values(then.patient), _values(now.patient))
    return [Difference(CHANGED, "Case", fields, now.patient.recorded_at, "")] if fields else []


def _versioned(then: Chart, now: Chart) -> list[Difference]:
    found = []
    for model in PATIENT_ROWS:
        before, after = ({row.lineage: row for row in chart.of(model)} for chart in (then, now))
        for key in {**before, **after}:
            if one := _difference(before.get(key), after.get(key), now):
                found.append(one)
    return found


def _difference(before: Any, after: Any, now: Chart) -> Difference | None:
    if after is None:
        return Difference(GONE, _name(before), [], None, "")
    fields = _fields(type(after), _values(before) if before is not None else {}, _values(after))
    if before is not None and not fields:
        return None
    kind = NEW if before is None else CHANGED
    return Difference(kind, _name(after), fields, after.recorded_at, now.names.get(after.recorded_by_id, ""))


def _written(then: Chart, now: Chart) -> list[Difference]:
    found = []
    for model in BOARD_ROWS:
        known = {row.pk for row in then.of(model)}
        for row in now.of(model):
            if row.pk not in known:
                at = row.noticed_at if isinstance(row, DecisionNotice) else row.recorded_at
                by = now.names.get(getattr(row, "recorded_by_id", None), "the system")
                found.append(Difference(NEW, _name(row), [("", "", _said(row))], at, by))
    return found


def _said(row: Any) -> str:
    if isinstance(row, DecisionNotice):
        return "; ".join(change["text"] for change in row.changes)
    text = getattr(row, "text", "")
    return f"{row}: {text}" if text and text != str(row) else str(row)


def _read(then: Chart, now: Chart) -> list[Difference]:
    """Readings signed since, and verdicts of readers as numbers only: what they say may be hidden from this one."""
    signed = {row.pk for row in _signed(then)}
    found = [
        Difference(NEW, "Signed reading", [("", "", str(row))], row.signed_at, now.names.get(row.reader_id, ""))
        for row in _signed(now)
        if row.pk not in signed
    ]
    known = {row.pk for row in then.of(ChangeVerdict)}
    later = [row for row in now.of(ChangeVerdict) if row.pk not in known]
    return found + [Difference(NEW, "Verdict of a reader on a change", [], row.recorded_at, "") for row in later]


def _signed(chart: Chart) -> list[Reading]:
    return [row for row in chart.of(Reading) if row.state == Reading.State.SIGNED]


def _numbers(then: Chart, now: Chart) -> list[Difference]:
    """Measurements are counted: each stands on the page of its scan."""
    known = {row.pk for row in then.of(UptakeMeasurement)}
    later = [row for row in now.of(UptakeMeasurement) if row.pk not in known]
    if not later:
        return []
    text = f"{len(later)} number{'' if len(later) == 1 else 's'} measured"
    return [Difference(NEW, "Measurements", [("", "", text)], max(row.computed_at for row in later), "the system")]


def _values(row: Any) -> dict:
    """What a person entered; the ids by which rows name each other say nothing to a reader."""
    row = _as_written(row)
    return snapshot(row, [field.name for field in row._meta.concrete_fields if not field.is_relation])


def _as_written(row: Any) -> Any:
    return row.as_written if isinstance(row, Kept) else row


def _fields(model, before: dict, after: dict) -> list[tuple[str, str, str]]:
    old, new = dict(values_shown(model, before)), dict(values_shown(model, after))
    return [(name, old.get(name, ""), new.get(name, "")) for name in {**old, **new} if old.get(name) != new.get(name)]


def _name(row: Any) -> str:
    headline = row.headline() if hasattr(row, "headline") else str(row._meta.verbose_name)
    day = words.row_day(_as_written(row)) if hasattr(row, "clinical_date") else ""
    return words.sentence(", ".join(part for part in (headline, day) if part))


def _verdicts(then: Chart, now: Chart) -> list[VerdictMove]:
    before, after = then.verdicts_on(then.today), now.verdicts_on(now.today)
    return [_move(key, before, after) for key in own_keys()]


def _move(key: str, before: Mapping, after: Mapping) -> VerdictMove:
    said = [words.sentence(found[key].verdict_text) for found in (before, after)]
    return VerdictMove(guideline(key).label, *said)
