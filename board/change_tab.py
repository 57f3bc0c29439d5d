"""The tab "Change": two scans side by side in words, every check, what is still to be entered, what readers said."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from urllib.parse import urlencode

from django.urls import reverse

from board.chart import Chart
from board.forms import VerdictForm
from board.words import row_day
from eligibility.change_facts import change_between, comparable_scans, verdicts_of_pair
from eligibility.change_report import gates_of
from eligibility.change_verdicts import has_two_readers, shown_to
from eligibility.domain.change import ChangeAssessment
from eligibility.domain.change_classes import PRECEDENCE, Row
from eligibility.domain.change_inputs import LesionPair, Number, Seen
from eligibility.domain.check_types import Check, Missing, percent
from eligibility.models import ChangeVerdict
from imaging.models import Scan
from patients.domain.roles import Capability

_TONES = {
    "CONFIRMED": "met",
    "PROBABLE": "caution",
    "REFERENCE_DRIVEN": "caution",
    "LESION_LOSS": "caution",
    "NOT_COMPARABLE": "caution",
    "UNDETERMINED": "unknown",
    "NO_CHANGE": "information",
    "LOSS": "not_met",
}
_CHECKED = {"ok": ("met", "OK"), "soft": ("caution", "Weigh"), "hard": ("contraindicated", "Blocks")}
_TRUTHS = {True: ("met", "Holds"), False: ("not_met", "Does not hold"), None: ("unknown", "Unknown")}
_BY_READER = frozenset({"extravasation", "quality", "score"})
_OF_CASE = frozenset({"histology", "cycles"})
NOTHING = "–"


@dataclass(frozen=True)
class Line:
    """One row of a table: a tone and a word for its state, never a colour alone."""

    title: str
    rule: str
    evidence: str
    tone: str
    word: str
    reason: str
    letter: str = ""


@dataclass(frozen=True)
class LesionChange:
    label: str
    where: str
    status: str
    is_index: bool
    scores: tuple[str, str]
    sizes: tuple[str, str]
    size_change: str
    uptakes: tuple[str, str]
    suv_change: str
    ratio_change: str
    said: str


@dataclass(frozen=True)
class ToEnter:
    text: str
    href: str


@dataclass(frozen=True)
class VerdictLine:
    row: ChangeVerdict
    by: str
    is_outdated: bool


@dataclass(frozen=True)
class PairLink:
    text: str
    href: str
    is_current: bool


@dataclass(frozen=True)
class ChangeTab:
    """``found`` is None where there are no two SSTR scans. ``hidden``: verdicts a reader may not see yet."""

    found: ChangeAssessment | None = None
    tone: str = "unknown"
    days: tuple[str, str] = ("", "")
    lesions: tuple[LesionChange, ...] = ()
    checks: tuple[Line, ...] = ()
    criteria: tuple[Line, ...] = ()
    to_enter: tuple[ToEnter, ...] = ()
    blocking: tuple[Line, ...] = ()
    verdicts: tuple[VerdictLine, ...] = ()
    hidden: int = 0
    has_two_readers: bool = False
    form: VerdictForm | None = None
    pairs: tuple[PairLink, ...] = ()
    gates: tuple[dict, ...] = ()
    precedence: tuple[Row, ...] = PRECEDENCE


def change_tab(chart: Chart, user, scans: tuple[str, str] = ("", "")) -> ChangeTab:
    """The newest pair, or the two scans of these lineages where they are two of this case in their order."""
    found = _asked(chart, scans)
    if found is None:
        return ChangeTab()
    may_read = user.may(Capability.SIGN_READING)
    said = verdicts_of_pair(chart.of(ChangeVerdict), found)
    visible = shown_to(user.pk, said, found.digest, may_read=may_read)
    return ChangeTab(
        found=found,
        tone=_TONES[found.name],
        days=(_day(chart, found.before.id), _day(chart, found.after.id)),
        lesions=tuple(_lesion(lesion, found) for lesion in found.lesions),
        checks=tuple(_check(c) for c in found.checks),
        blocking=tuple(_check(c) for c in found.checks if c.blocks),
        criteria=tuple(
            Line(c.title, c.rule, c.evidence, *_TRUTHS[c.truth], c.reason, letter)
            for letter, c in found.criteria.items()
        ),
        to_enter=tuple(_to_enter(item, found, chart, user) for item in found.missing),
        verdicts=tuple(VerdictLine(v, chart.names[v.reader_id], v.digest != found.digest) for v in visible[::-1]),
        hidden=len(said) - len(visible),
        has_two_readers=has_two_readers(said, found.digest),
        form=VerdictForm(initial=seen_of(found)) if may_read else None,
        pairs=_pairs(chart, found),
        gates=tuple(gates_of(chart.case, found)),
    )


def _check(c: Check) -> Line:
    return Line(c.rule.title, c.rule.rule, c.rule.evidence, *_CHECKED.get(c.state, _unknown(c.blocks)), c.reason)


def seen_of(found: ChangeAssessment) -> dict[str, str]:
    """What a verdict says it was given on."""
    return {"first": found.before.id, "second": found.after.id, "seen": found.digest}


def _asked(chart: Chart, scans: tuple[str, str]) -> ChangeAssessment | None:
    known = {str(scan.lineage): scan for scan in comparable_scans(chart.case)}
    first, second = (known.get(key) for key in scans)
    if first is None or second is None or first.lineage == second.lineage:
        return chart.change
    if _moment(second) < _moment(first):
        first, second = second, first
    return change_between(chart.case, first, second)


def _moment(scan: Scan) -> tuple[dt.date, dt.datetime]:
    return scan.clinical_date, scan.recorded_at


def _unknown(blocks: bool) -> tuple[str, str]:
    return "unknown", "Unknown, blocks" if blocks else "Unknown"


def _day(chart: Chart, lineage: str) -> str:
    scan = next(view.scan for view in chart.scans if str(view.scan.lineage) == lineage)
    return ", ".join(word for word in (row_day(scan), scan.label) if word)


def _lesion(lesion: LesionPair, found: ChangeAssessment) -> LesionChange:
    moved = "rose" if lesion.rose else "fell" if lesion.fell else ""
    status = f"{lesion.status} {lesion.other}".strip()
    return LesionChange(
        label=lesion.label,
        where=lesion.organ.replace("_", " "),
        status=status,
        is_index=lesion.label in found.index,
        scores=(_score(lesion.before), _score(lesion.after)),
        sizes=tuple(_number(seen.size_mm, 0, "mm", seen.size_reason) for seen in (lesion.before, lesion.after)),
        size_change=_change(lesion.size_change),
        uptakes=tuple(_number(seen.suv_max, 2, "", seen.suv_reason) for seen in (lesion.before, lesion.after)),
        suv_change=_change(found.suv_change(lesion)),
        ratio_change=_change(found.ratio_change(lesion)),
        said=moved,
    )


def _score(seen: Seen) -> str:
    return f"{seen.text} ({seen.scale})" if seen.is_scored else (seen.text or "not scored")


def _number(value: Number, digits: int, unit: str, reason: str) -> str:
    """The reason in a word: the list of what is to be entered has it whole."""
    if value is None:
        return reason.partition(",")[0] or NOTHING
    return f"{value:.{digits}f} {unit}".strip()


def _change(value: Number) -> str:
    return NOTHING if value is None else percent(value)


def _to_enter(item: Missing, found: ChangeAssessment, chart: Chart, user) -> ToEnter:
    """Where a person records it: readers' answers in the reading, the rest at the desk, else on the scan's page."""
    may_edit = user.is_staff and user.may(Capability.EDIT_CLINICAL)
    if item.field in _OF_CASE:
        return ToEnter(item.text, reverse("admin:patients_patient_change", args=[chart.patient.pk]) if may_edit else "")
    scan = getattr(found, item.side).id
    if item.field in _BY_READER:
        return ToEnter(item.text, reverse("imaging:read", args=[scan]))
    return ToEnter(item.text, reverse("admin:imaging_scan_change" if may_edit else "imaging:scan", args=[scan]))


def _pairs(chart: Chart, found: ChangeAssessment) -> tuple[PairLink, ...]:
    """Each scan against the one before it; newest first. Nothing where there is only one pair."""
    scans: Sequence[Scan] = comparable_scans(chart.case)
    if len(scans) < 3:
        return ()
    links = []
    for first, second in pairwise(scans):
        query = urlencode({"tab": "change", "first": first.lineage, "second": second.lineage})
        is_current = (str(first.lineage), str(second.lineage)) == (found.before.id, found.after.id)
        links.append(PairLink(f"{row_day(first)} to {row_day(second)}", f"?{query}", is_current))
    return tuple(links[::-1])
