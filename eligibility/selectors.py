"""What the rule sets say about a patient: on any clinical day, as known now or at an earlier moment."""

import datetime as dt
from collections.abc import Iterator, Mapping

from eligibility.case_rows import CaseRows, fetch
from eligibility.clinical_facts import clinical_facts
from eligibility.domain.derived import derived
from eligibility.domain.facts import Facts
from eligibility.domain.rules import AssessmentResult, BareVerdict, bare_verdict, evaluate
from eligibility.fdg_facts import fdg_facts
from eligibility.hypersensitivity_facts import hypersensitivity_facts
from eligibility.lab_facts import lab_facts
from eligibility.lesion_facts import sstr_facts
from eligibility.loader import guideline, guidelines
from eligibility.progression_facts import progression_facts
from eligibility.prrt_facts import prrt_facts
from eligibility.treatment_facts import treatment_facts
from patients.models import Patient

GATHERED = (
    clinical_facts,
    progression_facts,
    treatment_facts,
    prrt_facts,
    lab_facts,
    sstr_facts,
    fdg_facts,
    hypersensitivity_facts,
)


def facts_from(case: CaseRows, as_of: dt.date) -> Facts:
    """Every fact of the vocabulary that the rows answer on ``as_of``; rows dated later are not used."""
    found = {name: fact for gather in GATHERED for name, fact in gather(case, as_of).items()}
    return found | derived(found, as_of)


def case_facts(patient: Patient, *, as_of: dt.date, known_at: dt.datetime | None = None) -> Facts:
    return facts_from(fetch(patient, known_at=known_at), as_of)


def assess(
    patient: Patient,
    guideline_id: str,
    *,
    as_of: dt.date,
    known_at: dt.datetime | None = None,
    rows: CaseRows | None = None,
) -> AssessmentResult:
    """One rule set. Raises KeyError for an id that no guideline file carries."""
    case = rows or fetch(patient, known_at=known_at)
    return evaluate(guideline(guideline_id), facts_from(case, as_of), as_of)


def assess_all(
    patient: Patient,
    *,
    as_of: dt.date,
    known_at: dt.datetime | None = None,
    facts: Facts | None = None,
    rows: CaseRows | None = None,
) -> dict[str, AssessmentResult]:
    """Every rule set by id. Given ``rows`` (or ``facts`` of that day) it asks the database nothing."""
    if facts is None:
        facts = facts_from(rows or fetch(patient, known_at=known_at), as_of)
    return {guideline_id: evaluate(found, facts, as_of) for guideline_id, found in guidelines().items()}


class AssessedOn(Mapping[str, AssessmentResult]):
    """``assess_all`` for pages that show a few sets in full: each set is evaluated when it is first asked for."""

    def __init__(self, facts: Facts, as_of: dt.date):
        self._facts, self._as_of, self._sets = facts, as_of, guidelines()
        self._found: dict[str, AssessmentResult] = {}

    def __getitem__(self, guideline_id: str) -> AssessmentResult:
        if guideline_id not in self._found:
            self._found[guideline_id] = evaluate(self._sets[guideline_id], self._facts, self._as_of)
        return self._found[guideline_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._sets)

    def __len__(self) -> int:
        return len(self._sets)

    def __contains__(self, guideline_id: object) -> bool:
        return guideline_id in self._sets


def verdicts(facts: Facts, as_of: dt.date) -> dict[str, BareVerdict]:
    """What every rule set says by id, where nobody sees why: a fraction of the work of ``assess_all``."""
    return {guideline_id: bare_verdict(found, facts, as_of) for guideline_id, found in guidelines().items()}
