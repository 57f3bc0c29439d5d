"""The one function that says what a rule set means for a patient on a day.

Verdict order and row states follow "Verdicts" in the architecture: the first that applies wins, unknown
is never met or clear, and a set with inactive or unread safety rows never says eligible.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple, Protocol

from eligibility.domain.criteria import Finding, check, truth_of, words_of
from eligibility.domain.facts import REASONS, Fact, Facts, Source
from eligibility.domain.guideline import SAFETY_LEVELS, Criterion, Guideline, GuidelineKind, Level
from eligibility.domain.said import said

ENGINE_VERSION = "rules/1.0"


class RowState(StrEnum):
    MET = "met"
    NOT_MET = "not met"
    CLEAR = "clear"
    TRIGGERED = "triggered"
    UNKNOWN = "unknown"
    INFORMATION = "information"


class Verdict(StrEnum):
    CONTRAINDICATED = "contraindicated"
    NOT_ELIGIBLE = "not_eligible"
    NOT_RECOMMENDED = "not_recommended"
    CANNOT_DETERMINE = "cannot_determine"
    ACTIVE_ROWS_MET = "active_rows_met"
    ELIGIBLE = "eligible"
    GATE_MET = "met"
    GATE_NOT_MET = "not_met"
    GATE_UNKNOWN = "unknown"


FAVOURABLE = frozenset({Verdict.ELIGIBLE, Verdict.ACTIVE_ROWS_MET, Verdict.GATE_MET})


class Standing(Protocol):
    """What of a row the verdict depends on."""

    @property
    def level(self) -> Level: ...
    @property
    def state(self) -> RowState: ...
    @property
    def is_active(self) -> bool: ...
    @property
    def verify_before_release(self) -> bool: ...


class BareRow(NamedTuple):
    """A row of which only the verdict is wanted."""

    level: Level
    state: RowState
    is_active: bool
    verify_before_release: bool


@dataclass(frozen=True)
class BareVerdict:
    """What one rule set says, for where its rows are not shown; the same words as those of an AssessmentResult."""

    verdict: Verdict
    verdict_text: str


@dataclass(frozen=True)
class RowResult:
    """One criterion applied: its state, the value it saw, and everything needed to check it by hand."""

    id: str
    level: Level
    title: str
    text: str
    state: RowState
    value_text: str
    threshold_text: str
    quantifier_text: str
    citation: str
    evidence: str
    is_active: bool
    verify_before_release: bool
    is_exclusion: bool = False
    is_modifiable: bool = False
    is_indication: bool = False
    clinical_date: dt.date | None = None
    age_days: int | None = None
    sources: tuple[Source, ...] = ()
    reason_codes: tuple[str, ...] = ()
    reason_text: str = ""
    fact_names: tuple[str, ...] = ()
    among: tuple[str, ...] = ()

    @property
    def wanted_text(self) -> str:
        """What the row asks for, so that a limit never reads like a finding: "must not be < 30 mL/min".

        Of several words, ``among``: "must be none of: not excluded, pregnant", where a second "not" would mislead.
        """
        if not self.threshold_text:
            return ""
        says_must = self.level is Level.REQUIRED and not self.is_exclusion
        if self.among and not says_must and (len(self.among) > 1 or self.among[0].startswith("not ")):
            said = f"must be none of: {', '.join(self.among)}"
            return ", ".join(part for part in (said, self.quantifier_text) if part)
        verb = "must be" if says_must else "must not be"
        return ", ".join(part for part in (f"{verb} {self.threshold_text}", self.quantifier_text) if part)

    @property
    def is_open(self) -> bool:
        """Unknown on an active row: what the team can act on."""
        return self.is_active and self.state is RowState.UNKNOWN

    @property
    def is_adverse(self) -> bool:
        return self.is_active and self.state in (RowState.NOT_MET, RowState.TRIGGERED)


@dataclass(frozen=True)
class AssessmentResult:
    """What one rule set says about one patient on one day. ``digest`` changes when any of it does."""

    guideline_id: str
    guideline_version: str
    guideline_title: str
    guideline_kind: GuidelineKind
    guideline_sha256: str
    citation: str
    as_of: dt.date
    verdict: Verdict
    verdict_text: str
    rows: tuple[RowResult, ...]
    facts: Facts = field(repr=False, compare=False)

    @cached_property
    def digest(self) -> str:
        return _digest(self.guideline_sha256, self.rows, self.facts)

    @property
    def verdict_code(self) -> str:
        return self.verdict.value

    @property
    def unknown_rows(self) -> tuple[RowResult, ...]:
        return tuple(r for r in self.rows if r.is_open)

    @property
    def adverse_rows(self) -> tuple[RowResult, ...]:
        return tuple(r for r in self.rows if r.is_adverse)

    @property
    def unverified_rows(self) -> tuple[RowResult, ...]:
        """Safety rows that are inactive, or active without anybody having read their source in full."""
        return tuple(r for r in self.rows if r.level in SAFETY_LEVELS and (not r.is_active or r.verify_before_release))

    @property
    def off_label_reasons(self) -> tuple[str, ...]:
        """What would make the use off-label under a product label: its indication rows that are known not to hold."""
        return tuple(f"{r.title}: {r.state}, {r.value_text}" for r in self.rows if r.is_indication and r.is_adverse)

    @property
    def label_unknown(self) -> tuple[str, ...]:
        """Indication rows nobody can answer yet: without them, no reason for off-label use does not mean on-label."""
        return tuple(r.title for r in self.rows if r.is_indication and r.is_open)

    @property
    def rows_unknown_first(self) -> tuple[RowResult, ...]:
        return tuple(sorted(self.rows, key=_reading_order))


def evaluate(guideline: Guideline, facts: Facts, as_of: dt.date) -> AssessmentResult:
    """Apply every row of ``guideline`` to ``facts`` on ``as_of`` (clinical date) and draw the verdict."""
    rows = tuple(_row(criterion, facts, as_of) for criterion in guideline.criteria)
    if not guideline.is_in_force(as_of):
        rows = (_not_in_force(guideline, as_of), *rows)
    verdict = verdict_of(guideline.kind, rows)
    return AssessmentResult(
        guideline_id=guideline.id,
        guideline_version=guideline.version,
        guideline_title=guideline.title,
        guideline_kind=guideline.kind,
        guideline_sha256=guideline.sha256,
        citation=guideline.citation,
        as_of=as_of,
        verdict=verdict,
        verdict_text=_verdict_text(verdict, rows, guideline.label),
        rows=rows,
        facts=facts,
    )


def bare_verdict(guideline: Guideline, facts: Facts, as_of: dt.date) -> BareVerdict:
    """Verdict and words of ``evaluate`` without its rows: no values, reasons, sources or digest are put together.

    Only rows that can move the verdict are asked; cautions are, once there is a verdict that counts them.
    """
    rows: list[Standing] = [
        _bare_row(one, facts, as_of) if one.is_active and one.level in SAFETY_LEVELS else _unasked(one)
        for one in guideline.criteria
    ]
    if not guideline.is_in_force(as_of):
        rows.append(_not_in_force(guideline, as_of))
    verdict = verdict_of(guideline.kind, rows)
    if verdict in _COUNTS_CAUTIONS:
        cautions = [one for one in guideline.criteria if one.is_active and one.level is Level.CAUTION]
        rows = [row for row in rows if row.level is not Level.CAUTION or not row.is_active]
        rows += [_bare_row(one, facts, as_of) for one in cautions]
    return BareVerdict(verdict, _verdict_text(verdict, rows, guideline.label))


_COUNTS_CAUTIONS = frozenset({Verdict.ACTIVE_ROWS_MET, Verdict.ELIGIBLE})


def verdict_of(kind: GuidelineKind, rows: Sequence[Standing]) -> Verdict:
    """The verdict of rows in these states: the first that applies wins."""
    return _gate_verdict(rows) if kind is GuidelineKind.GATE else _verdict(rows)


def _row(criterion: Criterion, facts: Facts, as_of: dt.date) -> RowResult:
    found = Finding(None, "") if criterion.test is None else check(criterion.test, facts, as_of)
    return RowResult(
        id=criterion.id,
        level=criterion.level,
        title=criterion.title,
        text=criterion.text,
        state=_state(criterion, found.truth),
        value_text=found.value_text,
        threshold_text=criterion.limit_text,
        quantifier_text=criterion.quantifier_text,
        citation=criterion.citation,
        evidence=criterion.evidence,
        is_active=criterion.is_active,
        verify_before_release=criterion.verify_before_release,
        is_exclusion=criterion.is_exclusion,
        is_modifiable=criterion.is_modifiable,
        is_indication=criterion.is_indication,
        clinical_date=found.clinical_date,
        age_days=None if found.clinical_date is None else (as_of - found.clinical_date).days,
        sources=found.sources,
        reason_codes=found.reasons,
        reason_text=found.reason_text,
        fact_names=found.fact_names,
        among=words_of(criterion.test),
    )


def _bare_row(criterion: Criterion, facts: Facts, as_of: dt.date) -> BareRow:
    truth = None if criterion.test is None else truth_of(criterion.test, facts, as_of)
    return BareRow(criterion.level, _state(criterion, truth), criterion.is_active, criterion.verify_before_release)


def _unasked(criterion: Criterion) -> BareRow:
    return BareRow(criterion.level, RowState.UNKNOWN, criterion.is_active, criterion.verify_before_release)


def _state(criterion: Criterion, truth: bool | None) -> RowState:
    if criterion.test is None:
        return RowState.INFORMATION
    if truth is None:
        return RowState.UNKNOWN
    if criterion.level is Level.REQUIRED:
        return RowState.NOT_MET if truth == criterion.is_exclusion else RowState.MET
    return RowState.TRIGGERED if truth else RowState.CLEAR


def _verdict(rows: Sequence[Standing]) -> Verdict:
    active = [r for r in rows if r.is_active and r.level in SAFETY_LEVELS]
    if any(r.level is Level.ABS_CI and r.state is RowState.TRIGGERED for r in active):
        return Verdict.CONTRAINDICATED
    if any(r.state is RowState.NOT_MET for r in active):
        return Verdict.NOT_ELIGIBLE
    if any(r.state is RowState.TRIGGERED for r in active):
        return Verdict.NOT_RECOMMENDED
    if not active or any(r.state is RowState.UNKNOWN for r in active):
        return Verdict.CANNOT_DETERMINE
    return Verdict.ACTIVE_ROWS_MET if _count_unverified(rows) else Verdict.ELIGIBLE


def _gate_verdict(rows: Sequence[Standing]) -> Verdict:
    states = [r.state for r in rows if r.is_active and r.level is Level.REQUIRED]
    if RowState.NOT_MET in states:
        return Verdict.GATE_NOT_MET
    return Verdict.GATE_MET if states and set(states) == {RowState.MET} else Verdict.GATE_UNKNOWN


def _verdict_text(verdict: Verdict, rows: Sequence[Standing], label: str) -> str:
    if verdict is Verdict.CANNOT_DETERMINE:
        unknown = sum(r.is_active and r.state is RowState.UNKNOWN and r.level in SAFETY_LEVELS for r in rows)
        return f"cannot determine under {label} ({_plural(unknown, 'row')} unknown)"
    if verdict is Verdict.ACTIVE_ROWS_MET:
        return f"active rows met, {_count_unverified(rows)} not verified, under {label} ({_noted(rows)})"
    if verdict is Verdict.ELIGIBLE:
        return f"eligible under {label} ({_noted(rows)})"
    return _PLAIN_TEXTS[verdict].format(label)


_PLAIN_TEXTS = {
    Verdict.CONTRAINDICATED: "contraindicated under {}",
    Verdict.NOT_ELIGIBLE: "not eligible under {}",
    Verdict.NOT_RECOMMENDED: "not recommended under {} (board may override with a reason)",
    Verdict.GATE_MET: "met under {}",
    Verdict.GATE_NOT_MET: "not met under {}",
    Verdict.GATE_UNKNOWN: "unknown under {}",
}


def _noted(rows: Sequence[Standing]) -> str:
    cautions = [r for r in rows if r.is_active and r.level is Level.CAUTION]
    triggered = sum(r.state is RowState.TRIGGERED for r in cautions)
    return _plural(triggered, "caution") + _open_cautions(cautions)


def _open_cautions(cautions: list[Standing]) -> str:
    count = sum(r.state is RowState.UNKNOWN for r in cautions)
    return f", {_plural(count, 'caution')} unknown" if count else ""


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _count_unverified(rows: Sequence[Standing]) -> int:
    return sum(r.level in SAFETY_LEVELS and (not r.is_active or r.verify_before_release) for r in rows)


def _not_in_force(guideline: Guideline, as_of: dt.date) -> RowResult:
    starts = guideline.valid_from.isoformat() if guideline.valid_from else "the beginning"
    ends = guideline.valid_to.isoformat() if guideline.valid_to else "further notice"
    return RowResult(
        id="SET.IN_FORCE",
        level=Level.REQUIRED,
        title="Rule set in force",
        text="A rule set says nothing about a day outside its validity.",
        state=RowState.UNKNOWN,
        value_text=as_of.isoformat(),
        threshold_text=f"from {starts} until {ends}",
        quantifier_text="",
        citation=guideline.citation,
        evidence="D",
        is_active=True,
        verify_before_release=False,
        reason_codes=("not_in_force",),
        reason_text=REASONS["not_in_force"],
    )


def _digest(guideline_sha256: str, rows: Iterable[RowResult], facts: Facts) -> str:
    """Depends on what was said and why, in codes and values; not on the words for it, nor on ages, which a later day
    changes by itself."""
    rows_said = [
        [
            *(r.id, r.state, r.reason_codes, str(r.clinical_date)),
            [said(facts.get(name) or Fact()) for name in r.fact_names],
            [[s.model, s.id] for s in r.sources],
        ]
        for r in rows
    ]
    text = json.dumps([ENGINE_VERSION, guideline_sha256, rows_said], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


_STATE_ORDER = [
    RowState.UNKNOWN,
    RowState.NOT_MET,
    RowState.TRIGGERED,
    RowState.MET,
    RowState.CLEAR,
    RowState.INFORMATION,
]
_LEVEL_ORDER = list(Level)


def _reading_order(row: RowResult) -> tuple[bool, int, int]:
    return not row.is_active, _STATE_ORDER.index(row.state), _LEVEL_ORDER.index(row.level)
