"""Hypersensitivity by its grade, where the assertion names one: grade 3 or 4 forbids, a lesser one is premedicated."""

import datetime as dt
import re

from eligibility.assertion_facts import asserted, assertions
from eligibility.case_rows import CaseRows
from eligibility.domain.facts import Choice, Fact
from patients.models import ClinicalAssertion

_GRADE = re.compile(r"\b(?:grade|G)\s*([1-4])\b(?!\s*(?:-|–|to|/))", re.IGNORECASE)


def hypersensitivity_facts(case: CaseRows, as_of: dt.date) -> dict[str, Fact]:
    """An asserted reaction without one clear grade may be either; a denial is no."""
    any_grade = asserted(case, "hypersensitivity", as_of)
    if any_grade.value != frozenset({"yes"}):
        return {"has_severe_hypersensitivity": any_grade}
    rows = assertions(case, "hypersensitivity", as_of)
    words: Choice = frozenset().union(
        *(_severe(row.detail) for row in rows if row.state == ClinicalAssertion.State.ASSERTED)
    )
    severe = Fact(words, clinical_date=any_grade.clinical_date, sources=any_grade.sources)
    return {"has_severe_hypersensitivity": severe}


def _severe(detail: str) -> Choice:
    grades = [int(grade) for grade in _GRADE.findall(detail)]
    if len(grades) != 1:
        return frozenset({"yes", "no"})
    return frozenset({"yes" if grades[0] >= 3 else "no"})
