"""What waits for this user: scans to read, proposals to decide, work in the background, held series, due dates.

What the role has no panel for is not asked for (``home_layout``).
"""

import datetime as dt
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q, Subquery
from django.utils import timezone

from board.cohort.at_home import exports_at_home, questions_of
from board.entry.begun import Begun, begun_lines
from board.entry.returning import returned_to, waiting_for_others
from board.entry.worklist import begun, submitted
from board.follow_through import overdue_decisions
from board.home_layout import (
    CASES,
    COHORT,
    DECIDE,
    DUE,
    ENTRIES,
    EXPORTS,
    IMPORTS,
    JOBS,
    LOOK,
    LOST,
    READ,
    Columns,
    columns_of,
)
from board.models import (
    BoardDecision,
    CohortExport,
    CohortQuestion,
    Contact,
    DayNotice,
    DecisionFollowUp,
    DecisionNotice,
    EntryDraft,
    EntryReturn,
    of_open_cases,
)
from board.next_due import Due, next_of_all
from board.reading_list import ReadingRow, Undecided, reading_rows, undecided
from board.watch_list import WatchFigures, WatchRow, pressing_rows, watch_figures
from imaging.access import visible_jobs, visible_series, visible_uploads
from imaging.chart_questions import Asked, of_series
from imaging.job_lines import JobLine, job_lines
from imaging.job_state import jobs_state
from imaging.models import Job, Series, Upload
from imaging.pages import RECENT, held_words, is_asked
from patients import reads
from patients.domain.roles import Capability
from patients.models import Patient
from patients.selectors import in_visible_chart, visible_patients

SHOWN, SHOWN_DONE = 8, 3


@dataclass(frozen=True)
class Worklist:
    columns: Columns
    readings: list[ReadingRow]
    undecided: list[Undecided]
    jobs: list[JobLine]
    held: list[Series]
    images_asked: list[Asked]
    stale: list[DayNotice]
    watched: list[WatchRow]
    watch: WatchFigures | None
    due: list[BoardDecision]
    contacts_due: list[Contact]
    overdue_decisions: str
    next_due: Due | None
    uploads: list[Upload]
    recent: list[Patient]
    submitted: list[EntryDraft]
    begun: list[Begun]
    returned: list[EntryReturn]
    asked: list[EntryReturn]
    questions: list[tuple[CohortQuestion, str]]
    exports: list[tuple[CohortExport, str]]
    may_enter: bool
    may_ask: bool
    revision: str

    @property
    def is_clinical(self) -> bool:
        return any(CASES in panels for _, panels in self.columns)

    @property
    def shows_work(self) -> bool:
        """Whether work in the background moves on this page."""
        return any(one in panels for _, panels in self.columns for one in (READ, JOBS))

    @property
    def is_empty(self) -> bool:
        open_jobs = [line for line in self.jobs if line.job.state != Job.State.DONE]
        due = (self.due, self.contacts_due, self.watched, self.submitted, self.begun, self.returned)
        waiting = (self.held, self.images_asked, self.stale, self.exports)
        return not any((self.readings, self.undecided, open_jobs, *waiting, *due))

    @property
    def jobs_sentence(self) -> str:
        counts = [(state, sum(line.job.state == state for line in self.jobs)) for state in Job.State]
        words = [f"{number} {state.label}" for state, number in counts if number and state != Job.State.DONE]
        return ", ".join(words)


def worklist(user, *, today: dt.date) -> Worklist:
    """At most ``SHOWN`` of each, the oldest waiting first; recent imports and cases newest first."""
    columns = columns_of(user)
    shown = {panel for _, panels in columns for panel in panels}

    def rows(panel: str, read, *, right: Capability | None = None) -> list:
        return read() if panel in shown and (right is None or user.may(right)) else []

    found = Worklist(
        columns=columns,
        readings=rows(READ, lambda: reading_rows(user, now=timezone.now())),
        undecided=rows(DECIDE, lambda: undecided(user)),
        jobs=rows(JOBS, lambda: _jobs(user)),
        held=rows(LOOK, lambda: _held(user), right=Capability.IMPORT_SCAN),
        images_asked=rows(LOOK, lambda: _images_asked(user), right=Capability.RESOLVE_IDENTITY),
        stale=rows(LOOK, lambda: _stale(user), right=Capability.FOLLOW_UP),
        watched=rows(LOST, lambda: pressing_rows(user, today=today)),
        watch=watch_figures(user, today=today) if LOST in shown else None,
        due=rows(DUE, lambda: _due(user, today)),
        contacts_due=rows(DUE, lambda: _contacts_due(user, today)),
        overdue_decisions=overdue_decisions(user, today=today) if DUE in shown else "0",
        next_due=next_of_all(user, today=today) if DUE in shown else None,
        uploads=rows(IMPORTS, lambda: _uploads(user)),
        recent=rows(CASES, lambda: list(visible_patients(user).order_by("-recorded_at")[:SHOWN])),
        submitted=rows(ENTRIES, lambda: submitted(user)),
        begun=rows(ENTRIES, lambda: begun_lines(begun(user))),
        returned=rows(ENTRIES, lambda: returned_to(user)),
        asked=rows(ENTRIES, lambda: waiting_for_others(user)),
        questions=rows(COHORT, lambda: questions_of(user)),
        exports=rows(EXPORTS, lambda: exports_at_home(user)),
        may_enter=user.may(Capability.EDIT_CLINICAL),
        may_ask=user.may(Capability.EXPORT_COHORT),
        revision=jobs_state(user)["revision"] if READ in shown or JOBS in shown else "",
    )
    _note(found)
    return found


def _note(found: Worklist) -> None:
    reads.note_all(row.scan for row in (*found.readings, *found.undecided))
    reads.note_all(line.job for line in found.jobs)
    reads.note_all(event.decision for event in found.stale)
    reads.note_all([*found.submitted, *(one.draft for one in found.begun), *found.returned, *found.asked])
    reads.note_all(one.series for one in found.images_asked)
    reads.note_all([*found.held, *found.due, *found.contacts_due, *found.uploads, *found.recent])


def _uploads(user) -> list[Upload]:
    return list(visible_uploads(user).select_related("patient").order_by("-created_at")[:SHOWN])


def _held(user) -> list[Series]:
    waiting = visible_series(user).filter(identity__in=[Series.Identity.HELD, Series.Identity.UNASSIGNED])
    found = list(waiting.select_related("study", "candidate_patient").order_by("created_at")[:SHOWN])
    for series in found:
        series.is_asked, series.held_words = is_asked(series), held_words(series.identity_reason)
    return found


def _images_asked(user) -> list[Asked]:
    """Of charts that were changed since their images came one series each; for those who may answer."""
    first: dict[int, Asked] = {}
    for one in of_series(visible_series(user)):
        first.setdefault(one.series.candidate_patient_id, one)
    return list(first.values())[:SHOWN]


def _stale(user) -> list[DayNotice]:
    """Events of open cases that nobody has answered: those assigned to this user first, the gravest, the oldest."""
    unanswered = DecisionNotice.objects.unanswered().filter(event=OuterRef("pk"))
    seen = Q(changes_digest=OuterRef("assessment_digest")) | Q(recorded_at__gte=OuterRef("noticed_at"))
    assigned = DecisionFollowUp.objects.filter(
        seen, kind=DecisionFollowUp.Kind.ASSIGNED, decision=OuterRef("decision")
    ).order_by("-recorded_at")
    mine = unanswered.annotate(given_to=Subquery(assigned.values("assignee")[:1])).filter(given_to=user.pk)
    found = of_open_cases(DayNotice.objects.filter(Exists(unanswered), in_visible_chart(user)))
    order = ("-is_mine", "severity", "first_at")
    return list(found.annotate(is_mine=Exists(mine)).select_related("decision__patient").order_by(*order)[:SHOWN])


def _due(user, today: dt.date) -> list[BoardDecision]:
    until = today + dt.timedelta(days=30)
    due = BoardDecision.objects.waiting().filter(in_visible_chart(user), due_date__lte=until)
    return list(due.select_related("patient").order_by("due_date")[:SHOWN])


def _contacts_due(user, today: dt.date) -> list[Contact]:
    until = today + dt.timedelta(days=30)
    due = Contact.objects.waiting().filter(in_visible_chart(user), next_on__lte=until)
    return list(due.select_related("patient").order_by("next_on")[:SHOWN])


def _jobs(user) -> list[JobLine]:
    """Open work, then what ended without result and was not made good since, then what was done last."""
    mine = visible_jobs(user).select_related("patient", "cancelled_by")
    since = timezone.now() - RECENT
    running = list(mine.filter(state__in=Job.OPEN).order_by("created_at")[:SHOWN])
    stopped = list(_not_made_good(mine).order_by("-finished_at")[:SHOWN])
    done = mine.filter(state=Job.State.DONE, finished_at__gte=since).order_by("-finished_at")
    return job_lines([*running, *stopped, *done[:SHOWN_DONE]], user)


def _not_made_good(jobs):
    """Failed work until the same was done with newer inputs or is on its way; cancelled work for a week."""
    same = Job.objects.filter(kind=OuterRef("kind"), subject_id=OuterRef("subject_id")).exclude(pk=OuterRef("pk"))
    later = same.filter(Q(state__in=Job.OPEN) | Q(finished_at__gt=OuterRef("finished_at")))
    recent = Q(state=Job.State.CANCELLED, finished_at__gte=timezone.now() - RECENT)
    return jobs.filter(Q(state=Job.State.FAILED) | recent).filter(~Exists(later))
