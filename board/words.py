"""Rows in a few words, the same on every page: dates, sites, treatments, Krenning digits."""

import datetime as dt
import re
from decimal import Decimal
from functools import lru_cache

from patients.domain.dates import Span, span
from patients.domain.grading import GradeResult
from patients.models import Diagnosis, HistologySpecimen, Patient, TreatmentLine

_SITE_ADJECTIVE = {
    "stomach": "Gastric",
    "duodenum": "Duodenal",
    "pancreas": "Pancreatic",
    "small_bowel": "Small-bowel",
    "appendix": "Appendiceal",
    "colon": "Colonic",
    "rectum": "Rectal",
    "lung": "Lung",
    "thymus": "Thymic",
}
IMAGES_ASKED = "images in question"
_SEX = {"F": "Woman", "M": "Man", "O": "Sex: other", "U": "Sex unknown"}


def span_of(row, name: str = "clinical_date") -> Span | None:
    """The days a row's date may stand for; None without a date."""
    day = getattr(row, name)
    return None if day is None else span(day, getattr(row, f"{name}_precision"))


def day_words(when: Span | None) -> str:
    """ "20 Apr 2026", "Apr 2026", "2026" or "date unknown", as precisely as recorded and no more."""
    if when is None:
        return "date unknown"
    first, last = when
    if first == last:
        return f"{first.day} {first:%b %Y}"
    return f"{first:%b %Y}" if first.month == last.month and first.year == last.year else f"{first:%Y}"


def row_day(row, name: str = "clinical_date") -> str:
    return day_words(span_of(row, name))


def sex_and_age(patient: Patient, ages: tuple[int, int] | None) -> str:
    sex = _SEX[patient.sex_for_formulas]
    if ages is None:
        return f"{sex}, age unknown"
    low, high = ages
    return f"{sex}, {low} y" if low == high else f"{sex}, {low}–{high} y"


def images_asked(count: int) -> str:
    """Said wherever numbers of these images may stand, "" where there are none."""
    return f"{IMAGES_ASKED}: {count} series" if count else ""


def tumour(diagnosis: Diagnosis | None, grade: str) -> str:
    """Site of the primary and grade: "Gastric NET G2", "Pancreatic NEC"; "NEN" while no grade is known."""
    kind = f"NET {grade}" if grade.startswith("G") else grade or "NEN"
    if diagnosis is None:
        return kind if grade else "No diagnosis recorded"
    site = _SITE_ADJECTIVE.get(diagnosis.primary_site)
    return f"{site} {kind}" if site else f"{sentence(diagnosis.get_primary_site_display())}, {kind}"


def grade(specimen: HistologySpecimen, computed: GradeResult) -> str:
    """The computed WHO grade, or the stated one where none can be computed."""
    return computed.grade or specimen.stated_grade


def stage(diagnosis: Diagnosis | None) -> str:
    """Metastatic sites where named, else the stage."""
    if diagnosis is None:
        return "Stage unknown"
    if diagnosis.metastatic_sites:
        return f"{_and(diagnosis.metastatic_sites).capitalize()} metastases"
    if diagnosis.stage == Diagnosis.Stage.UNKNOWN:
        return "Stage unknown"
    return diagnosis.get_stage_display().capitalize()


def treatment(line: TreatmentLine) -> str:
    """ "CAPTEM ×6, lesions smaller on CT": regimen, cycles, and the response as reported."""
    cycles = f" ×{line.cycles}" if line.cycles else ""
    response = line.response_text or (line.best_response if line.best_response else "")
    return f"{line.regimen}{cycles}" + (f", {response}" if response else "")


def current_line(lines: list[TreatmentLine]) -> str:
    """The ongoing line, else the one that ended last: "On lanreotide", "After CAPTEM ×6"."""
    dated = sorted(lines, key=lambda row: (row.clinical_date or dt.date.min, row.line_number or 0))
    if not dated:
        return "No treatment recorded"
    ongoing = [row for row in dated if row.is_ongoing]
    newest = (ongoing or dated)[-1]
    cycles = f" ×{newest.cycles}" if newest.cycles else ""
    if ongoing:
        return f"On {newest.regimen}{cycles}"
    has_ended = newest.stop_date is not None or newest.is_ongoing is False
    return f"{'After' if has_ended else 'Last recorded:'} {newest.regimen}{cycles}"


def ki67(specimens: list[HistologySpecimen]) -> str:
    """The newest Ki-67 as written, in percent: "18" was typed beside a "%"."""
    stated = [s for s in specimens if s.ki67_text]
    return f"Ki-67 {in_percent(stated[-1])}" if stated else "Ki-67 not stated"


def in_percent(specimen: HistologySpecimen) -> str:
    return str(specimen.ki67_interval or specimen.ki67_text)


def ki67_change(specimens: list[HistologySpecimen]) -> str:
    """The newest, after the one before it where that said something else: "Ki-67 18 % → 8 %"."""
    stated = [in_percent(s) for s in specimens if s.ki67_text]
    if len(stated) > 1 and stated[-1] != stated[-2]:
        return f"Ki-67 {stated[-2]} → {stated[-1]}"
    return ki67(specimens)


def krenning(low: int | None, high: int | None) -> str:
    """ "3", "≤1", "≥3", "1–2"; "?" where the reader stated none."""
    if low is None and high is None:
        return "?"
    if low is None or (low == 0 and high not in (None, 0)):
        return f"≤{high}"
    if high is None or (high == 4 and low != 4):
        return f"≥{low}"
    return str(low) if low == high else f"{low}–{high}"


def _and(words: list[str]) -> str:
    words = [str(w).replace("_", " ") for w in words]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_TYPOGRAPHY = (
    (re.compile(r"10\^(\d+)"), lambda found: "10" + found[1].translate(_RAISED)),
    (re.compile(r"(?<![A-Za-z])u(?=(g|mol|kat|L)\b)"), "µ"),
    (re.compile(r"\bx ULN\b"), "× ULN"),
    (re.compile(r"(?<=\d)m2\b"), " m²"),
    (re.compile(r"\bnot applicable male\b"), "not applicable (male)"),
)


@lru_cache(maxsize=4096, typed=True)
def typeset(text: str) -> str:
    """Text of the domain as a page prints it: 10^9/L with its power raised, umol as µmol. Stored codes stay UCUM.

    Kept by type too: a text that is safe as it stands equals one that is not.
    """
    for pattern, printed in _TYPOGRAPHY:
        text = pattern.sub(printed, text)
    return text


def unit(code: str) -> str:
    """A unit as printed; a pure number has none."""
    return "" if code == "1" else typeset(code)


def number(value: Decimal) -> str:
    """Without trailing zeros: 81.00 as 81."""
    return f"{value.normalize():f}"


def sentence(text: str) -> str:
    """The first letter large, the rest as it is: NYHA and PRRT stay what they are."""
    return f"{text[:1].upper()}{text[1:]}"


def krenning_step(low: int | None, high: int | None) -> str:
    """The colour step of a score: of an interval the end that its digits name; "" where none is stated."""
    if low is None and high is None:
        return ""
    return str(high if low in (None, 0) and high is not None else low)
