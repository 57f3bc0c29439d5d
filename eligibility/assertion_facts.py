"""Facts that a named person asserted or denied on a day. Silence is not denial: no row, no answer."""

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal

from eligibility.case_rows import CaseRows
from eligibility.domain.facts import Fact, exactly, hull, unknown
from eligibility.fact_tools import choice, dated, newest, source
from patients.domain.ki67 import Interval
from patients.domain.months import months_in
from patients.models import ClinicalAssertion

_YES_NO: Mapping[str, str] = {"asserted": "yes", "denied": "no"}
_ASSERTED_FACTS = {
    "is_resectable": "resectable",
    "has_hypersensitivity": "hypersensitivity",
    "has_marrow_irradiated": "marrow_irradiated",
    "has_other_malignancy": "other_malignancy",
    "has_progression_on_ssa": "progression_on_ssa",
    "is_sstr_positive": "sstr_positive",
    "has_untreated_brain_metastases": "brain_mets_untreated",
    "has_symptoms": "symptoms",
    "has_life_expectancy": "life_expectancy",
    "has_uncontrolled_diabetes": "diabetes",
    "has_uncontrolled_heart_failure": "chf_uncontrolled",
    "has_carcinoid_heart_disease": "carcinoid_heart",
    "has_severe_cardiac_impairment": "cardiac_severe",
    "has_organ_dysfunction": "organ_dysfunction",
    "has_protocol_checked": "protocol_checked",
    "has_investigational_drug": "investigational",
    "has_transfusion": "transfusion",
    "has_gcsf": "gcsf",
    "has_urinary_malformation": "urinary_malformation",
    "has_urinary_incontinence": "incontinence",
}

_KINDS = dict(ClinicalAssertion.Kind.choices)


def assertion_facts(case: CaseRows, as_of: dt.date) -> dict[str, Fact]:
    return {
        **{name: asserted(case, kind, as_of) for name, kind in _ASSERTED_FACTS.items()},
        **_progression_pair(case, as_of),
        **{f"days_since_{kind}": _days_since(case, kind, as_of) for kind in ("transfusion", "gcsf")},
    }


def assertions(case: CaseRows, kind: str, as_of: dt.date) -> list:
    return newest([row for row in case.of(ClinicalAssertion) if row.kind == kind], as_of)


def asserted(case: CaseRows, kind: str, as_of: dt.date) -> Fact:
    return choice(assertions(case, kind, as_of), lambda row: _YES_NO.get(row.state), text=assertion_text)


def assertion_text(row: ClinicalAssertion) -> str:
    compared = f", {row.compared_from} to {row.compared_to}" if row.compared_from and row.compared_to else ""
    return f"{_KINDS.get(row.kind, row.kind)} {row.state}{compared}"


def months_of(rows: list) -> Fact:
    """Months as the detail of the newest assertions gives them; one that says anything else leaves them open."""
    found = [months_in(row.detail) for row in rows]
    sources = tuple(source(row, assertion_text(row)) for row in rows)
    numbers = [number for number in found if number is not None]
    if not numbers or None in found:
        return unknown("not_stated" if rows else "missing", sources=sources)
    value = hull([exactly(number) for number in numbers])
    return Fact(value, unit="months", clinical_date=dated(rows[0]), sources=sources, is_timeless=True)


def _progression_pair(case: CaseRows, as_of: dt.date) -> dict[str, Fact]:
    """The examinations between which the progression on octreotide was seen, the one that the trial asks about."""
    rows = [row for row in assertions(case, "progression_on_ssa", as_of) if _YES_NO.get(row.state) == "yes"]
    return {
        f"progression_{which}_scan_age_days": _age_of_date(rows, field, as_of)
        for which, field in (("older", "compared_from"), ("newer", "compared_to"))
    }


def _age_of_date(rows: list, field: str, as_of: dt.date) -> Fact:
    days = [day for row in rows if (day := getattr(row, field)) and day <= as_of]
    sources = tuple(source(row, assertion_text(row)) for row in rows)
    if not days:
        return unknown("not_stated" if rows else "missing", sources=sources)
    ages = hull([exactly(Decimal((as_of - day).days)) for day in days])
    return Fact(ages, unit="days", clinical_date=max(days), sources=sources)


def _days_since(case: CaseRows, kind: str, as_of: dt.date) -> Fact:
    """The assertion carries the day it was given."""
    rows = [row for row in assertions(case, kind, as_of) if _YES_NO.get(row.state) == "yes" and row.clinical_span]
    if not rows:
        return unknown("missing")
    earliest, latest = rows[0].clinical_span
    value = Interval(Decimal(max(0, (as_of - latest).days)), Decimal((as_of - earliest).days))
    return Fact(value, unit="days", clinical_date=earliest, sources=tuple(map(source, rows)))
