"""One case as the cohort sees it, from the rows of the case: its pair of scans, the change between them, its course."""

import datetime as dt
import uuid
from dataclasses import dataclass, field, replace

from django.db.models import QuerySet

from board.cohort.course import swim_of
from board.cohort.events import first_of, given
from board.cohort.gaps import gaps_of
from board.cohort.outcome import Outcome, outcome_of
from board.domain.cohort_pairs import Given, ScanPair, ScanSeen, pair_around
from board.domain.cohort_swimmer import Swim
from board.models import BoardDecision, CaseClosing
from eligibility.case_rows import CaseRows, fetch
from eligibility.change_facts import change_between, comparable_scans, verdicts_on
from eligibility.domain.change import ChangeAssessment
from eligibility.lesion_facts import signed_heads
from eligibility.models import ChangeVerdict
from eligibility.scan_class_facts import class_of_scan
from imaging.domain.vocabulary import is_sstr
from imaging.models import Scan
from imaging.selectors import current_suv
from patients.domain.roles import Capability
from patients.models import Diagnosis, HistologySpecimen, Patient, TreatmentLine, User
from patients.selectors import grade_of


@dataclass(frozen=True)
class Tumour:
    """ "unknown" where nobody said."""

    site: str = "unknown"
    functional: str = "unknown"
    differentiation: str = "unknown"
    grade: str = "unknown"


@dataclass(frozen=True)
class CohortCase:
    """``event`` None: the treatment was never given, so the case is not of this cohort.

    ``unread``: the outcome without what any reader said, where a verdict stands; ``readers``: who gave one.
    """

    patient_id: uuid.UUID
    case_number: str
    centre: str
    tumour: Tumour
    sstr_scans: int
    event: Given | None = None
    pair: ScanPair = field(default_factory=ScanPair)
    outcome: Outcome = field(default_factory=Outcome)
    swim: Swim | None = None
    gaps: frozenset[str] = frozenset()
    unread: Outcome | None = None
    readers: frozenset = frozenset()
    is_blinded: bool = False

    @property
    def is_in(self) -> bool:
        return self.event is not None and not self.pair.excluded

    @property
    def zero(self) -> dt.date | None:
        return self.event.start[0] if self.event and self.event.start else None

    @property
    def exact_zero(self) -> dt.date | None:
        """None where only the month or the year of the start is known."""
        start = self.event.start if self.event else None
        return start[0] if start and start[0] == start[1] else None


def read_case(patient: Patient, *, known_at: dt.datetime | None = None) -> CaseRows:
    """One query; with what the board decided."""
    return fetch(patient, known_at=known_at, also=(board_rows,))


def board_rows(patient: Patient) -> list[QuerySet]:
    return [BoardDecision.objects.filter(patient=patient), CaseClosing.objects.filter(patient=patient)]


def cohort_case(case: CaseRows, event: str, within: dt.timedelta, today: dt.date) -> CohortCase:
    scans = [scan for scan in comparable_scans(case) if scan.clinical_span]
    seen = [_seen(case, scan) for scan in scans]
    line = first_of(event, case.of(TreatmentLine))
    tumour = tumour_of(case)
    patient = case.patient
    plain = CohortCase(
        patient.pk, patient.case_number, patient.centre, tumour, sum(is_sstr(scan.tracer) for scan in scans)
    )
    if line is None:
        return plain
    treatment = given(line)
    pair = pair_around(treatment, seen, window=within)
    change = change_of(case, pair, scans)
    return CohortCase(
        patient.pk,
        patient.case_number,
        patient.centre,
        tumour,
        plain.sstr_scans,
        event=treatment,
        pair=pair,
        outcome=outcome_of(case, change),
        swim=swim_of(case, treatment, seen, pair, today),
        gaps=gaps_of(case, tumour, line, change),
        **_unread(case, pair, scans, change),
    )


def seen_by(case: CohortCase, user: User) -> CohortCase:
    """A reader is told what others said once the own verdict on the two scans stands, as on the page of the case."""
    if case.unread is None or user.pk in case.readers or not user.may(Capability.SIGN_READING):
        return case
    return replace(case, outcome=case.unread, is_blinded=True)


def _unread(case: CaseRows, pair: ScanPair, scans: list[Scan], change: ChangeAssessment | None) -> dict:
    said = verdicts_on(case.of(ChangeVerdict), change) if change else []
    if not said:
        return {}
    bare = replace(case, by_model=case.by_model | {ChangeVerdict: []})
    outcome = outcome_of(bare, change_of(bare, pair, scans))
    return {"unread": outcome, "readers": frozenset(row.reader_id for row in said)}


def change_of(case: CaseRows, pair: ScanPair, scans: list[Scan]) -> ChangeAssessment | None:
    if pair.before is None or pair.after is None:
        return None
    by_id = {str(scan.lineage): scan for scan in scans}
    return change_between(case, by_id[pair.before.id], by_id[pair.after.id])


def tumour_of(case: CaseRows) -> Tumour:
    """By the newest diagnosis and the newest specimen; a grade as computed, else as stated."""
    diagnosis = (case.of(Diagnosis) or [None])[-1]
    specimen = (case.of(HistologySpecimen) or [None])[-1]
    site = diagnosis.primary_site if diagnosis else "unknown"
    functional = diagnosis.functional_status if diagnosis else "unknown"
    if specimen is None:
        return Tumour(site, functional)
    said = specimen.differentiation
    grade = grade_of(specimen, site=site).grade or specimen.stated_grade or "unknown"
    if said not in ("well", "poor"):  # G1 and G2 are grades of well-differentiated tumours only
        said = "well" if grade in ("G1", "G2") else "poor" if grade == "NEC" else "unknown"
    return Tumour(site, functional, said, grade)


def _seen(case: CaseRows, scan: Scan) -> ScanSeen:
    found = class_of_scan(case, scan)
    return ScanSeen(
        id=str(scan.lineage),
        span=scan.clinical_span,
        tracer=scan.tracer,
        klass=str(found.name) if found else "UNKNOWN",
        is_illustrative=scan.is_illustrative,
        is_read=bool(signed_heads(list(scan.readings.all()), case.known_at)),
        has_suv=current_suv(scan.pet_series).is_fact,
    )
