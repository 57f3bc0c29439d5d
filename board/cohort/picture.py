"""The rows of the swimmer plot, by pseudonym or by case number."""

from dataclasses import dataclass, replace

from django.conf import settings

from board.cohort.cases import CohortCase
from board.cohort.selection import Cohort
from board.cohort.tables_treatment import REGIMEN_NAMES
from board.domain.cohort_pairs import EXCLUSIONS, SHORT
from board.domain.cohort_safe import pseudonym
from board.domain.cohort_swimmer import Axis, Row, Spell, Swim, axis_of, row_of
from patients import reads
from patients.models import TreatmentLine

MOST_ROWS = 200


@dataclass(frozen=True)
class Line:
    """``case_number`` "" for whoever may not open the case."""

    name: str
    case_number: str
    row: Row
    state: str
    says: str
    is_in: bool


@dataclass(frozen=True)
class Picture:
    axis: Axis
    lines: list[Line]
    more: int
    undrawn: int
    size: str


@dataclass(frozen=True)
class Shown:
    """``classes``: no figure is hidden that could be counted from them; ``reasons``: the same of the exclusions."""

    names: bool
    classes: bool
    reasons: bool


def picture_of(found: Cohort, user, shown: Shown) -> Picture:
    """Those who are in first. At most ``MOST_ROWS``."""
    drawn = [case for case in (*found.included, *found.excluded) if case.swim]
    first = drawn[:MOST_ROWS]
    if shown.names:
        reads.note_all(case.patient_id for case in first)
    swims = [_plain(case.swim, shown) for case in first if case.swim]
    axis = axis_of(swims)
    lines = [_line(case, row_of(swim, axis), user, shown) for case, swim in zip(first, swims, strict=True)]
    size = "large" if len(lines) <= 25 else "medium" if len(lines) <= 80 else "small"
    return Picture(axis, lines, len(drawn) - len(first), len(found.members) - len(drawn), size)


def page_name(user, case: CohortCase) -> str:
    """The same for one user from page to page, another for every other user, and another in every export."""
    return pseudonym(settings.COHORT_KEY.encode(), f"page:{user.pk}", str(case.patient_id))


def _line(case: CohortCase, row: Row, user, shown: Shown) -> Line:
    name = case.case_number if shown.names else page_name(user, case)
    number = case.case_number if shown.names else ""
    if not case.is_in:
        code = case.pair.excluded
        told = (f"out: {SHORT[code]}", EXCLUSIONS[code]) if shown.reasons else ("out", "")
        return Line(name, number, row, *told, is_in=False)
    state = _state(case) if shown.classes else "in"
    return Line(name, number, row, state, _says(case, shown.classes), is_in=True)


def _state(case: CohortCase) -> str:
    found = case.outcome
    if found.unknown:
        return "class not known"
    if not found.raw:
        return "no rise"
    if found.lesion_loss:
        return "rise by lesion loss"
    if case.is_blinded:
        return "rise, readers hidden from you"
    if found.confirmed:
        return "rise, confirmed"
    return "rise, after SSA check" if found.adjusted else "rise, raw only"


def _says(case: CohortCase, shows_classes: bool) -> str:
    if not shows_classes:
        return ""
    return f"{case.outcome.before} to {case.outcome.after}; {case.outcome.label}"


def _plain(swim: Swim, shown: Shown) -> Swim:
    """Without classes, while a figure is hidden that could be counted from them; regimens by known names only."""
    if not shown.names:
        swim = replace(swim, spells=tuple(replace(spell, name=_known_name(spell)) for spell in swim.spells))
    if shown.classes:
        return swim
    return replace(swim, points=tuple(replace(point, klass="") for point in swim.points))


def _known_name(spell: Spell) -> str:
    """A regimen is free text: it may name somebody."""
    known = REGIMEN_NAMES.get(spell.name.strip().lower())
    return known or str(TreatmentLine.TreatmentClass(spell.kind).label)
