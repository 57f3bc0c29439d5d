"""The cases that a question finds among those that count for a user; what was read of them is kept while it holds.

A case is read again as soon as the trail has a new row of it, a job of it ends, or the day or release changes.
"""

import datetime as dt
import math
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from functools import cached_property

from django.conf import settings
from django.db.models import Count, Exists, Max, OuterRef, QuerySet

from board.cohort.cases import CohortCase, cohort_case, read_case, seen_by
from board.cohort.events import may_have
from board.cohort.query import CohortQuery
from board.freshness import ONLY_READ, edition
from imaging.models import Job
from patients.models import AuditEvent, Diagnosis, Patient
from patients.selectors import cohort_patients

MOST_CASES = 5000
MOST_KEPT = 10_000
_kept: OrderedDict[tuple, CohortCase] = OrderedDict()
_lock = threading.Lock()


@dataclass(frozen=True)
class Cohort:
    """``members`` match the question, in the order of case numbers. ``is_cut``: there are more than were read.

    ``unread``: so many of ``asked`` could not be read in the time there was; then these are not all.
    """

    query: CohortQuery
    members: list[CohortCase]
    is_cut: bool = False
    asked: int = 0
    unread: int = 0

    @cached_property
    def included(self) -> list[CohortCase]:
        return [case for case in self.members if case.is_in]

    @cached_property
    def excluded(self) -> list[CohortCase]:
        return [case for case in self.members if not case.is_in]

    @cached_property
    def is_blinded(self) -> bool:
        """Of some case in it other readers have said what this one may not know before the own verdict."""
        return any(case.is_blinded for case in self.included)

    def exclusions(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for case in self.excluded:
            found[case.pair.excluded] = found.get(case.pair.excluded, 0) + 1
        return found


def cohort_of(user, query: CohortQuery, *, today: dt.date, seconds: float | None = None) -> Cohort:
    """``seconds``: a page asks again for what could not be read within; without it everything is read."""
    patients = list(candidates(user, query)[: MOST_CASES + 1])
    asked = patients[:MOST_CASES]
    cases = _read(asked, query, today, math.inf if seconds is None else time.monotonic() + seconds)
    found = [seen_by(case, user) for case in cases if matches(case, query)]
    return Cohort(query, found, len(patients) > MOST_CASES, len(asked), len(asked) - len(cases))


def candidates(user, query: CohortQuery) -> QuerySet[Patient]:
    """No fewer than the question asks for: what the database can tell without the rules."""
    found = may_have(query.event, cohort_patients(user))
    if query.site and query.site != "unknown":
        found = found.filter(Exists(Diagnosis.objects.filter(patient=OuterRef("pk"), primary_site=query.site)))
    if query.centre:
        found = found.filter(centre=query.centre)
    return found.order_by("case_number")


def matches(case: CohortCase, query: CohortQuery) -> bool:
    if case.event is None or case.sstr_scans < query.least_scans:
        return False
    tumour = case.tumour
    asked = (
        (query.site, tumour.site),
        (query.functional, tumour.functional),
        (query.differentiation, tumour.differentiation),
        (query.grade, tumour.grade),
        (query.ssa, case.outcome.ssa or "unknown"),
    )
    return all(value in ("", own) for value, own in asked) and _is_within(case, query)


def _is_within(case: CohortCase, query: CohortQuery) -> bool:
    """A case without a day 0 is in no period; where none was asked for it is in."""
    if not (query.since or query.until):
        return True
    first, last = query.period
    return case.zero is not None and first <= case.zero <= last


def _read(patients: list[Patient], query: CohortQuery, today: dt.date, until: float) -> list[CohortCase]:
    marks, about = _marks(patients), (query.event, query.window, today, *edition(), settings.WITHIN_SUBJECT_CV)
    found = []
    for patient in patients:
        key = (patient.pk, marks.get(patient.pk), about)
        case = _known(key)
        if case is None and time.monotonic() < until:
            case = cohort_case(read_case(patient), query.event, query.within, today)
            _keep(key, case)
        found += [case] if case else []
    return found


def _known(key: tuple) -> CohortCase | None:
    with _lock:
        if key in _kept:
            _kept.move_to_end(key)
        return _kept.get(key)


def _keep(key: tuple, case: CohortCase) -> None:
    with _lock:
        _kept[key] = case
        while len(_kept) > MOST_KEPT:
            _kept.popitem(last=False)


def _marks(patients: list[Patient]) -> dict:
    """Something of each case that changes with whatever may change what is said of it. Two queries."""
    ids = [patient.pk for patient in patients]
    marks: dict = {}
    for start in range(0, len(ids), 500):
        some = {"patient__in": ids[start : start + 500]}
        written = AuditEvent.objects.filter(**some).exclude(action__in=ONLY_READ).order_by().values_list("patient")
        for pk, number, newest in written.annotate(Count("id"), Max("id")):
            marks[pk] = (number, newest)
        for pk, ended in Job.objects.filter(**some).order_by().values_list("patient").annotate(Max("finished_at")):
            marks[pk] = (*marks.get(pk, ()), ended)
    return marks
