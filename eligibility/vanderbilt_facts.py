"""The five items of the Vanderbilt clinical score from what is recorded; what nobody recorded stays open."""

import datetime as dt
import re

from eligibility.case_rows import CaseRows
from eligibility.domain import vanderbilt
from eligibility.domain.facts import Facts
from eligibility.domain.vanderbilt import Score
from eligibility.fact_tools import dated, newest, usable
from patients.models import ClinicalEvent, Diagnosis, TreatmentLine

# Local convention: a symptom recorded longer ago says nothing about today.
SYMPTOM_WITHIN_DAYS = 180
# "grade" beside a symptom is the symptom's own; in the free words about it only that of the CTCAE is no tumour's.
_GRADE = re.compile(r"\bgrade\s*([0-5])\b", re.IGNORECASE)
_CTCAE = re.compile(r"\bCTCAE\s*(?:v?\s*[\d.]+\s*)?grade\s*([0-5])\b", re.IGNORECASE)


def vanderbilt_score(case: CaseRows, facts: Facts, as_of: dt.date) -> Score:
    found = newest(case.of(Diagnosis), as_of)
    sites = frozenset(str(site).casefold().replace(" ", "_") for row in found for site in row.metastatic_sites)
    classes = frozenset(line.treatment_class for line in usable(case.of(TreatmentLine), as_of))
    events = _current(case, as_of)
    grades = tuple(
        int(match[1]) for row in events if (match := _GRADE.search(row.symptom) or _CTCAE.search(row.context))
    )
    return vanderbilt.score(
        treatments=vanderbilt.other_treatments(found[-1].primary_site if found else None),
        prior=vanderbilt.prior_therapy(
            classes, chemotherapy=_said(facts, "has_prior_chemotherapy"), systemic=_said(facts, "has_prior_systemic")
        ),
        symptoms=vanderbilt.symptom_points(
            _said(facts, "has_symptoms"), grades, are_present=bool(events), was_relieved=_was_relieved(case, as_of)
        ),
        burden=vanderbilt.critical_burden(sites),
        peritoneum=vanderbilt.peritoneal("yes" if "peritoneum" in sites else _said(facts, "has_peritoneal_metastases")),
    )


def _said(facts: Facts, name: str) -> str | None:
    """ "yes" or "no" where the fact is one of them; None for anything else, a fact that no rule set knows included."""
    fact = facts.get(name)
    if fact is None or not isinstance(fact.value, frozenset) or len(fact.value) != 1:
        return None
    return next(iter(fact.value))


def _current(case: CaseRows, as_of: dt.date) -> list[ClinicalEvent]:
    """The last word on each symptom, where it is recent and was not relief."""
    last = {row.symptom.strip().casefold(): row for row in usable(case.of(ClinicalEvent), as_of) if dated(row)}
    return [row for row in last.values() if _is_present(row) and _days(row, as_of) <= SYMPTOM_WITHIN_DAYS]


def _was_relieved(case: CaseRows, as_of: dt.date) -> bool:
    return any(row.course == ClinicalEvent.Course.RELIEVED for row in usable(case.of(ClinicalEvent), as_of))


def _is_present(row: ClinicalEvent) -> bool:
    return row.course not in (ClinicalEvent.Course.RELIEVED, ClinicalEvent.Course.UNKNOWN)


def _days(row: ClinicalEvent, as_of: dt.date) -> int:
    return (as_of - (dated(row) or dt.date.min)).days
