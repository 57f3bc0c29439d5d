"""The tumour, and what was given between two scans."""

import datetime as dt

from eligibility.case_rows import CaseRows
from eligibility.clinical_facts import clinical_facts
from eligibility.domain.change_criteria import INJECTION, LEAST_CYCLES
from eligibility.domain.change_inputs import Between, Course
from eligibility.fact_tools import dated, usable
from eligibility.line_kinds import is_chemotherapy_line, is_prrt_line
from patients.models import ClinicalRow, Diagnosis, HistologySpecimen, PrrtCycle, SsaInjection, TreatmentLine
from patients.selectors import grade_of

# Local convention, D: the cycle of CAPTEM; most others are shorter.
CYCLE = dt.timedelta(days=28)
_PRRT = TreatmentLine.TreatmentClass.PRRT
# Since these editions G3 alone says that a tumour is well differentiated; before, it was a carcinoma.
_NET_G3_EDITIONS = ("2017", "2019", "2022")


def between(case: CaseRows, first: dt.date, second: dt.date, *, has_second_reader: bool = False) -> Between:
    facts = clinical_facts(case, second)
    grade = facts["grade"]
    specimens = usable(case.of(HistologySpecimen), second)
    is_well, words = _differentiation(facts["differentiation"], specimens)
    return Between(
        is_well_differentiated=is_well,
        grades=grade.value if isinstance(grade.value, frozenset) else None,
        population_text=f"{words}; grade {grade.value_text if grade.value else 'not known'}",
        courses=_courses(case, first, second),
        sstr2_before=_sstr2([row for row in specimens if not _is_after(row, first)]),
        sstr2_after=_sstr2([row for row in specimens if _is_after(row, first)]),
        **_specimen(case, specimens, first),
        has_second_reader=has_second_reader,
    )


def _differentiation(fact, specimens: list[HistologySpecimen]) -> tuple[bool | None, str]:
    """As stated. Where it is not, a stated grade says it: G1 and G2 are grades of well-differentiated tumours only."""
    if fact.value is not None:
        is_well = True if fact.value == {"well"} else (None if "well" in fact.value else False)
        return is_well, f"differentiation: {' or '.join(sorted(fact.value))}"
    if not specimens:
        return None, "no histology recorded"
    newest = specimens[-1]
    if newest.stated_grade == "NEC":
        return False, "stated as carcinoma"
    is_net = newest.stated_grade in ("G1", "G2") or (
        newest.stated_grade == "G3" and any(year in newest.classification_edition for year in _NET_G3_EDITIONS)
    )
    if is_net:
        return True, f"stated as NET {newest.stated_grade}, which is well differentiated by definition"
    return None, "differentiation not stated"


def _courses(case: CaseRows, first: dt.date, second: dt.date) -> tuple[Course, ...]:
    lines = [_course(row, first, second) for row in case.of(TreatmentLine)]
    cycles = [Course("PRRT cycle", str(_PRRT), _begun(row, first, second)) for row in case.of(PrrtCycle)]
    injections = [Course(row.drug, INJECTION, _begun(row, first, second)) for row in case.of(SsaInjection)]
    return tuple(course for course in (*lines, *cycles, *injections) if course.is_between is not False)


def _course(row: TreatmentLine, first: dt.date, second: dt.date) -> Course:
    is_between, kind = _begun(row, first, second), _kind(row)
    if kind == _PRRT and is_between is False and _runs_into(row, first):
        is_between = None if not row.is_ongoing and row.stop_date is None else True
    return Course(row.regimen, kind, is_between, _cycles(row, second), tuple(str(d) for d in row.drugs))


def _kind(row: TreatmentLine) -> str:
    """A radioligand is PRRT by its name too, whatever class the line was filed under."""
    if is_prrt_line(row):
        return str(_PRRT)
    return str(TreatmentLine.TreatmentClass.CHEMO) if is_chemotherapy_line(row) else row.treatment_class


def _cycles(row: TreatmentLine, second: dt.date) -> int | None:
    """By the second scan. Those of a line that ran on count only where its first two surely were given by then."""
    if row.cycles is None or row.cycles < LEAST_CYCLES:
        return row.cycles
    stop, begun = row.stop_span, row.clinical_span
    has_stopped = stop is not None and stop[1] <= second
    has_two = begun is not None and begun[1] + LEAST_CYCLES * CYCLE <= second
    return row.cycles if has_stopped or has_two else None


def _begun(row: ClinicalRow, first: dt.date, second: dt.date) -> bool | None:
    span = row.clinical_span
    if span is None:
        return None
    if span[0] > first and span[1] < second:
        return True
    return False if span[1] <= first or span[0] >= second else None


def _runs_into(row: TreatmentLine, first: dt.date) -> bool:
    """PRRT begun before the first scan that had not surely ended by then."""
    day = dated(row)
    return day is not None and day <= first and (row.stop_date is None or row.stop_date > first)


def _is_after(row: HistologySpecimen, first: dt.date) -> bool:
    day = dated(row)
    return day is not None and day > first


def _sstr2(specimens: list[HistologySpecimen]) -> str:
    """The newest SSTR2A stain by its result; "" where there is none."""
    stains = [
        stain.result
        for row in specimens
        for stain in row.ihc_results.all()
        if stain.marker.upper().replace(" ", "").replace("-", "").startswith(("SSTR2", "SST2"))
    ]
    return stains[-1] if stains else ""


def _specimen(case: CaseRows, specimens: list[HistologySpecimen], first: dt.date) -> dict:
    later = [row for row in specimens if _is_after(row, first)]
    if not later:
        return {}
    diagnosis = (case.of(Diagnosis) or [None])[-1]
    site = diagnosis.primary_site if diagnosis else "unknown"
    earlier = [row for row in specimens if row not in later]
    new = _grade(later[-1], site)
    old = _grade(earlier[-1], site) if earlier else ""
    agrees = new == old if new and old else None
    text = f"specimen of {later[-1].when()}: {new or 'no grade'}" + (f", before {old}" if old else "")
    return {"has_specimen": True, "specimen_agrees": agrees, "specimen_text": text}


def _grade(row: HistologySpecimen, site: str) -> str:
    return row.stated_grade or (grade_of(row, site=site).grade or "")
