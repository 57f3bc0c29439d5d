"""What the rule sets say: a matrix over the scans, and one panel of criteria per set, unknown first."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from django.conf import settings
from django.urls import get_script_prefix, reverse

from board import words
from board.asked_days import name_of_day
from board.chart import Chart
from board.record_table import ROW_MODELS
from board.sensitivity_view import FlipWords, flip_words
from eligibility.domain.facts import Source
from eligibility.domain.guideline import SAFETY_LEVELS, GuidelineKind
from eligibility.domain.margin import Margin
from eligibility.domain.rules import AssessmentResult, BareVerdict, RowResult, RowState
from eligibility.loader import guideline, guidelines
from eligibility.sensitivity import margins

FOLD_FROM = 70
ROWS_SHOWN_WHOLE = 3
REASONS_SHOWN = 3
TABLED = {model._meta.label for model in ROW_MODELS}


@dataclass(frozen=True)
class Moment:
    """A day the sets can be asked about."""

    day: dt.date
    label: str
    is_chosen: bool
    name: str

    @property
    def query(self) -> str:
        return f"?as_of={self.name}" if self.name else ""


@dataclass(frozen=True)
class MatrixLine:
    key: str
    label: str
    title: str
    results: list[BareVerdict]


@dataclass(frozen=True)
class SourceLink:
    label: str
    href: str


@dataclass(frozen=True)
class Text:
    """A long enumeration shows its first part; the rest opens."""

    first: str
    rest: list[str]


@dataclass(frozen=True)
class CriterionLine:
    """``wanted``: the limit with its verb, since "yes" below "Clear" would read as the finding."""

    row: RowResult
    value: Text
    reasons: list[str]
    more_reasons: list[str]
    wanted: str
    day: str
    links: list[SourceLink]
    margin: Margin | None = None
    changed: str = ""
    """Since which decision it says something else; "" where it does not."""


@dataclass(frozen=True)
class Group:
    title: str
    lines: list[CriterionLine]

    @property
    def is_changed(self) -> bool:
        return any(line.changed for line in self.lines)


@dataclass(frozen=True)
class RuleSetPanel:
    key: str
    result: AssessmentResult
    counts: str
    groups: list[Group]
    folded: list[Group]
    flips: FlipWords

    @property
    def is_gate(self) -> bool:
        return self.result.guideline_kind == "gate"

    @property
    def has_illustrative_value(self) -> bool:
        return any("†" in row.value_text for row in self.result.rows)


@dataclass(frozen=True)
class GateChange:
    """A gate at the first and at the newest SSTR scan."""

    label: str
    before: BareVerdict
    after: BareVerdict
    before_day: str
    after_day: str

    @property
    def is_changed(self) -> bool:
        return self.before.verdict != self.after.verdict


def moments(chart: Chart, as_of: dt.date) -> list[Moment]:
    """Each dated scan and today, oldest first; a day that is none of them is added when it was asked for."""
    labels = {
        view.day: f"{words.row_day(view.scan)}, {view.scan.label}".rstrip(", ") for view in chart.scans if view.day
    }
    labels[chart.today] = "Today" if chart.case.known_at is None else "As known"
    labels.setdefault(as_of, words.day_words((as_of, as_of)))
    return [Moment(day, labels[day], day == as_of, name_of_day(chart, day)) for day in sorted(labels)]


def matrix(chart: Chart, days: list[Moment], keys: Iterable[str]) -> list[MatrixLine]:
    on_day, sets = [chart.verdicts_on(moment.day) for moment in days], guidelines()
    return [MatrixLine(key, sets[key].label, sets[key].title, [found[key] for found in on_day]) for key in keys]


def gate_changes(chart: Chart, keys: list[str]) -> list[GateChange]:
    views = chart.dated_sstr_scans
    if len(views) < 2:
        return []
    first, last = views[0], views[-1]
    before, after = chart.verdicts_on(first.day), chart.verdicts_on(last.day)
    return [
        GateChange(one.label, before[key], after[key], words.row_day(first.scan), words.row_day(last.scan))
        for key, one in guidelines().items()
        if one.kind is GuidelineKind.GATE and key in keys
    ]


def panels(chart: Chart, as_of: dt.date, keys: Iterable[str]) -> list[RuleSetPanel]:
    results = chart.assessed_on(as_of)
    return [_panel(chart, key, results[key]) for key in keys]


def all_keys() -> list[str]:
    """Gates first."""
    sets = guidelines()
    return sorted(sets, key=lambda key: (sets[key].kind is not GuidelineKind.GATE, key))


def own_keys() -> list[str]:
    """The site's own choice; all of them where it has made none."""
    keys = all_keys()
    return [key for key in keys if key in settings.PRIMARY_GUIDELINES] or keys


def _panel(chart: Chart, key: str, result: AssessmentResult) -> RuleSetPanel:
    facts, one = chart.facts_on(result.as_of), guideline(key)
    by_row = {row: _printed(margin) for row, margin in margins(one, facts, result.as_of).items()}
    return _grouped(key, result, flip_words(one, result, facts), by_row)


def _printed(margin: Margin) -> Margin:
    return replace(margin, text=words.typeset(margin.text))


def _grouped(key: str, result: AssessmentResult, flips: FlipWords, by_row: Mapping[str, Margin]) -> RuleSetPanel:
    ordered = result.rows_unknown_first
    active = [row for row in ordered if row.is_active]
    inactive = [row for row in ordered if not row.is_active]
    told = [row for row in active if row.state is RowState.INFORMATION]
    fine = [row for row in active if row.state in (RowState.MET, RowState.CLEAR)]
    quiet = [
        Group(f"{_rows(fine)} met or clear", _lines(fine, by_row)),
        Group(f"{_rows(told)} for information", _lines(told, by_row)),
        Group(f"{_rows(inactive)} not active, to be verified", _lines(inactive, by_row)),
    ]
    shown = [
        Group("Unknown", _lines([row for row in active if row.is_open], by_row)),
        Group("Not met or triggered", _lines([row for row in active if row.is_adverse], by_row)),
    ]
    if len(fine) <= ROWS_SHOWN_WHOLE:
        shown.append(Group("Met or clear", quiet.pop(0).lines))
    return RuleSetPanel(key, result, counts(result), _filled(shown), _filled(quiet), flips)


def _rows(rows: list[RowResult]) -> str:
    return f"{len(rows)} row{'' if len(rows) == 1 else 's'}"


def _filled(groups: list[Group]) -> list[Group]:
    return [group for group in groups if group.lines]


def counts(result: AssessmentResult) -> str:
    """The verdict counts only rows that decide it; a caution without a value is open all the same."""
    found, active = result.unknown_rows, sum(row.is_active for row in result.rows)
    if not found:
        return ""
    deciding = sum(row.level in SAFETY_LEVELS for row in found)
    cautions = len(found) - deciding
    split = f": {deciding} that decide, {cautions} caution{'' if cautions == 1 else 's'}" if cautions else ""
    return f"{len(found)} of {active} active rows have no usable value{split}"


def _lines(rows: list[RowResult], by_row: Mapping[str, Margin]) -> list[CriterionLine]:
    return [_line(row, by_row.get(row.id)) for row in rows]


def _line(row: RowResult, margin: Margin | None) -> CriterionLine:
    value, reason = _said_once(words.typeset(row.value_text), words.typeset(row.reason_text))
    reasons = reason.split("; ") if reason else []
    day = words.day_words((row.clinical_date, row.clinical_date)) if row.clinical_date and not row.sources else ""
    return CriterionLine(
        row,
        folded(value),
        reasons[:REASONS_SHOWN],
        reasons[REASONS_SHOWN:],
        words.typeset(row.wanted_text),
        day,
        [source_link(source) for source in row.sources],
        margin,
    )


def _said_once(value: str, reason: str) -> tuple[str, str]:
    """Value and reason without repeating one in the other; of two enumerations of what is missing, the fuller."""
    if value.lower() in reason.lower() or (
        reason and value.split("; ", maxsplit=1)[0] == reason.split("; ", maxsplit=1)[0]
    ):
        return reason, ""
    return value, "" if reason.lower() in value.lower() else reason


def folded(text: str) -> Text:
    """A long enumeration by its first part."""
    first, *rest = text.split("; ")
    return Text(first, rest) if len(text) > FOLD_FROM else Text(text, [])


def source_link(source: Source) -> SourceLink:
    """To the scan's page, the lesion table, or the row's line among all records; what has no line is only named."""
    return _source_link(source, get_script_prefix())


@lru_cache(maxsize=1024)
def _source_link(source: Source, _prefix: str) -> SourceLink:
    """Many criteria rest on the same few rows."""
    label = words.typeset(source.label)
    if source.model == "imaging.Scan":
        return SourceLink(label, reverse("imaging:scan", args=[source.id]))
    if source.model.startswith("imaging."):
        return SourceLink(label, "#lesions")
    return SourceLink(label, f"#row-{source.id}" if source.model in TABLED else "")
