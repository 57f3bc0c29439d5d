"""Facts from the chart: who the patient is, the tumour, what was asserted by whom."""

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from eligibility.assertion_facts import asserted, assertion_facts, assertion_text, assertions
from eligibility.case_rows import CaseRows
from eligibility.domain.facts import Choice, Fact, LesionFact, Source, exactly, hull, unknown
from eligibility.domain.vocabulary import FACTS, LASTING_WORDS, NOT_APPLICABLE
from eligibility.fact_tools import choice, dated, newest, source, usable
from eligibility.lesion_facts import lesions_of, newest_sstr_scan, signed_heads
from eligibility.prrt_facts import prior_prrt
from imaging.models import Lesion
from patients.domain.dates import age_range
from patients.domain.ki67 import Interval
from patients.models import (
    ClinicalAssertion,
    Diagnosis,
    HistologySpecimen,
    Patient,
    PerformanceStatus,
)
from patients.selectors import grade_of

_GUT: Mapping[str, Choice] = {
    **{site: frozenset({"foregut"}) for site in ("stomach", "duodenum", "pancreas")},
    **{site: frozenset({"midgut"}) for site in ("small_bowel", "appendix")},
    "colon": frozenset({"midgut", "hindgut"}),
    "rectum": frozenset({"hindgut"}),
    **{site: frozenset({"other"}) for site in ("lung", "thymus", "ppgl")},
}
_GRADES = ("G1", "G2", "G3", "NEC")
_NYHA = ("I", "II", "III", "IV")


def clinical_facts(case: CaseRows, as_of: dt.date) -> dict[str, Fact]:
    specimens = usable(case.of(HistologySpecimen), as_of)
    return {
        "age_years": _age(case.patient, as_of),
        "sex": _sex(case.patient),
        **_diagnosis(case, as_of),
        "differentiation": _differentiation(specimens),
        "grade": _grade(specimens, _site(case, as_of)),
        "ki67_percent": _ki67(specimens),
        "has_other_unsealed_therapy": _unsealed(case, as_of),
        "has_bone_metastases": _listed(case, "bone", "bone_metastases", as_of),
        "has_peritoneal_metastases": _listed(case, "periton", "peritoneal_mets", as_of),
        **assertion_facts(case, as_of),
        "heart_failure_nyha": _heart_failure(case, as_of),
        "pregnancy": _pregnancy(case, as_of),
        "is_breast_feeding": _breast_feeding(case, as_of),
        "ecog": _performance(case, as_of, "ECOG", ""),
        "karnofsky": _performance(case, as_of, "KPS", "%"),
    }


def _age(patient: Patient, as_of: dt.date) -> Fact:
    ages = age_range(patient.birth_span, as_of)
    if ages is None:
        return unknown("missing", "date of birth not recorded")
    low, high = (exactly(Decimal(age)) for age in ages)
    return Fact(hull([low, high]), unit="years", sources=(_person(patient, "date of birth"),), is_timeless=True)


def _sex(patient: Patient) -> Fact:
    if patient.sex_for_formulas not in FACTS["sex"].words:
        return unknown("missing")
    sources = (_person(patient, "sex used in formulas"),)
    return Fact(frozenset({patient.sex_for_formulas}), sources=sources, is_timeless=True)


def _person(patient: Patient, text: str) -> Source:
    return Source("patients.Patient", str(patient.pk), text)


def _diagnosis(case: CaseRows, as_of: dt.date) -> dict[str, Fact]:
    found = newest(case.of(Diagnosis), as_of)
    return {
        "gut_segment": _gut_segment(found),
        "days_since_diagnosis": _since_diagnosis(case, as_of),
        "primary_site": choice(found, lambda row: _known(row.primary_site, FACTS["primary_site"].words)),
        "stage": choice(found, lambda row: _known(row.stage, FACTS["stage"].words)),
    }


def _gut_segment(found: list) -> Fact:
    """Of the colon the proximal part is midgut and the distal part hindgut: the site alone leaves both."""
    site = choice(found, lambda row: row.primary_site if row.primary_site in _GUT else None)
    if not isinstance(site.value, frozenset):
        return site
    (name,) = site.value
    return Fact(_GUT[name], clinical_date=site.clinical_date, sources=site.sources, detail=name.replace("_", " "))


def _since_diagnosis(case: CaseRows, as_of: dt.date) -> Fact:
    """To the first dated row: later ones restate the disease."""
    rows = [row for row in usable(case.of(Diagnosis), as_of) if row.clinical_span]
    if not rows:
        return unknown("missing")
    first = min(rows, key=lambda row: row.clinical_span)
    earliest, latest = first.clinical_span
    value = Interval(Decimal(max(0, (as_of - latest).days)), Decimal((as_of - earliest).days))
    return Fact(value, unit="days", clinical_date=earliest, sources=(source(first),))


def _known(value: str, words: Choice) -> str | None:
    return value if value in words else None


def _listed(case: CaseRows, word: str, kind: str, as_of: dt.date) -> Fact:
    """A list of metastatic sites that names one answers yes; one that does not is silence, not denial.

    A lesion of that organ on the newest SSTR scan reopens a denial, and answers where nobody else did.
    """
    if naming := [row for row in newest(case.of(Diagnosis), as_of) if _names(row, word)]:
        return choice(naming, lambda _: "yes")
    said, seen = asserted(case, kind, as_of), _seen_in(case, word, as_of)
    if not seen or said.value == frozenset({"yes"}):
        return said
    is_sure = said.reason == "missing" and said.value is None and any(map(_has_uptake, seen))
    sources = (*said.sources, *(lesion.source for lesion in seen if lesion.source))
    return Fact(frozenset({"yes"} if is_sure else {"yes", "no"}), sources=sources, is_timeless=True)


def _names(row: Diagnosis, word: str) -> bool:
    return any(word in str(site).casefold() for site in row.metastatic_sites)


def _seen_in(case: CaseRows, word: str, as_of: dt.date) -> list[LesionFact]:
    scan = newest_sstr_scan(case, as_of)
    if scan is None or not any(word in lesion.organ.casefold() for lesion in case.of(Lesion)):
        return []
    signed = signed_heads(list(scan.readings.all()), case.known_at)
    return [fact for lesion, fact in lesions_of(case, scan, signed) if word in lesion.organ.casefold()]


def _has_uptake(lesion: LesionFact) -> bool:
    return lesion.relation is not None and "none" not in lesion.relation


def _site(case: CaseRows, as_of: dt.date) -> str:
    found = newest(case.of(Diagnosis), as_of)
    return found[-1].primary_site if found else "unknown"


def _differentiation(specimens: list) -> Fact:
    if not specimens:
        return unknown("missing")
    stated = [s for s in specimens if s.differentiation in FACTS["differentiation"].words]
    if not stated:
        return unknown("not_stated", sources=tuple(map(source, specimens)))
    return Fact(
        frozenset(s.differentiation for s in stated),
        clinical_date=dated(stated[-1]),
        sources=tuple(map(source, stated)),
    )


def _grade(specimens: list, site: str) -> Fact:
    """Possible grades of what may be the newest and of the highest specimen together: both have to satisfy a rule."""
    if not specimens:
        return unknown("missing")
    graded = [(specimen, grades) for specimen in specimens if (grades := _grades_of(specimen, site))]
    if not graded:
        return unknown("not_stated", grade_of(specimens[-1], site=site).explanation, tuple(map(source, specimens)))
    highest = max(graded, key=lambda pair: max(map(_GRADES.index, pair[1])))
    latest = _latest([specimen for specimen, _ in graded])
    used = {specimen: grades for specimen, grades in graded if specimen in latest} | dict([highest])
    detail = "; ".join(f"Ki-67 {s.ki67_interval or s.ki67_text}" for s in used if s.ki67_text)
    return Fact(
        frozenset().union(*used.values()),
        clinical_date=dated(latest[0]),
        sources=tuple(map(source, used)),
        detail=detail,
    )


def _latest(specimens: list) -> list:
    """Those that may be the newest: of the newest date, and every one without a date."""
    with_date = [specimen for specimen in specimens if dated(specimen)]
    return [*newest(with_date, dt.date.max), *(s for s in specimens if not dated(s))]


def _grades_of(specimen: HistologySpecimen, site: str) -> Choice:
    """Computed candidates and the stated grade. A pathologist's G1 to G3 says that it is no carcinoma."""
    candidates = set(grade_of(specimen, site=site).candidates)
    if not specimen.stated_grade:
        return frozenset(candidates)
    if specimen.differentiation == "not_stated" and specimen.stated_grade != "NEC":
        candidates.discard("NEC")
    return frozenset(candidates | {specimen.stated_grade})


def _ki67(specimens: list) -> Fact:
    stated = [s for s in specimens if s.ki67_interval is not None]
    if not stated:
        return unknown("missing" if not specimens else "not_stated")
    highest = max(stated, key=lambda s: (s.ki67_high is None, s.ki67_high or 0))
    latest = _latest(stated)
    used = list(dict.fromkeys([*latest, highest]))
    intervals: list[Interval] = [s.ki67_interval for s in used]
    return Fact(hull(intervals), unit="%", clinical_date=dated(latest[0]), sources=tuple(map(source, used)))


def _unsealed(case: CaseRows, as_of: dt.date) -> Fact:
    prior = prior_prrt(case, as_of)
    return prior if prior.value == frozenset({"yes"}) else asserted(case, "other_unsealed", as_of)


def _heart_failure(case: CaseRows, as_of: dt.date) -> Fact:
    return choice(assertions(case, "heart_failure", as_of), _nyha, text=assertion_text)


def _nyha(row: ClinicalAssertion) -> str | Choice | None:
    """Every class that is named, and those between them: "II-III" is no II, "I to III" may be II."""
    if row.state == ClinicalAssertion.State.DENIED:
        return "none"
    named = [_NYHA.index(word) for word in re.findall(r"\b(IV|III|II|I)\b", row.detail.upper())]
    if not named or row.state != ClinicalAssertion.State.ASSERTED:
        return None
    return frozenset(_NYHA[min(named) : max(named) + 1])


def _pregnancy(case: CaseRows, as_of: dt.date) -> Fact:
    found = assertions(case, "pregnancy", as_of)
    states = [_pregnancy_state(row) for row in found]
    if case.patient.sex_for_formulas == Patient.Sex.MALE and not {"pregnant", "not_excluded"} & set(states):
        return _not_applicable(case.patient)
    fact = choice(found, _pregnancy_state, text=assertion_text)
    if fact.reason == "recorded_unknown" and any(map(_is_bare_denial, found)):
        return unknown("not_stated", "how pregnancy was excluded", fact.sources, fact.clinical_date)
    is_lasting = isinstance(fact.value, frozenset) and fact.value <= LASTING_WORDS
    return replace(fact, is_timeless=True) if is_lasting else fact


def _is_bare_denial(row: ClinicalAssertion) -> bool:
    return row.state == ClinicalAssertion.State.DENIED and _pregnancy_state(row) is None


def _pregnancy_state(row: ClinicalAssertion) -> str | None:
    if row.state == ClinicalAssertion.State.ASSERTED:
        return "pregnant"
    if row.detail == "not_excluded":
        return "not_excluded"
    is_denied = row.state == ClinicalAssertion.State.DENIED
    return _known(row.detail, FACTS["pregnancy"].words) if is_denied else None


def _breast_feeding(case: CaseRows, as_of: dt.date) -> Fact:
    fact = asserted(case, "breast_feeding", as_of)
    is_said = fact.value == frozenset({"yes"}) or fact.reason == "contradictory"
    return _not_applicable(case.patient) if case.patient.sex_for_formulas == Patient.Sex.MALE and not is_said else fact


def _not_applicable(patient: Patient) -> Fact:
    return Fact(
        frozenset({NOT_APPLICABLE}), sources=(_person(patient, "sex used in formulas: male"),), is_timeless=True
    )


def _performance(case: CaseRows, as_of: dt.date, instrument: str, unit: str) -> Fact:
    found = newest([row for row in case.of(PerformanceStatus) if row.instrument == instrument], as_of)
    if not found:
        return unknown("missing")
    values = hull([exactly(Decimal(row.value)) for row in found])
    return Fact(values, unit=unit, clinical_date=dated(found[0]), sources=tuple(map(source, found)))
