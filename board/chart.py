"""One patient's chart: every row a page needs, in one query, and what the rule sets say from those same rows."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from django.db.models import Q, QuerySet

from board import words
from board.known_rows import rows_known
from board.models import (
    AgendaItem,
    BoardDecision,
    CaseClosing,
    CaseQuestion,
    Contact,
    DecisionFollowUp,
    DecisionNotice,
    Meeting,
)
from eligibility.case_rows import VERSIONED, CaseRows, fetch
from eligibility.change_facts import change_between
from eligibility.domain.change import ChangeAssessment
from eligibility.domain.facts import Facts
from eligibility.domain.rules import AssessmentResult, BareVerdict
from eligibility.models import Assessment, ChangeVerdict
from eligibility.selectors import AssessedOn, facts_from, verdicts
from imaging.chart_questions import Asked, may_differ, of_case
from imaging.domain.vocabulary import is_sstr
from imaging.models import Job, Lesion, Reading, Scan, Series, Study, SuvInput
from imaging.selectors import (
    CurrentMeasurement,
    CurrentSuv,
    ScoreProposal,
    current_suv,
    krenning_proposals,
    measurements_from,
)
from patients.models import ClinicalEvent, Diagnosis, HistologySpecimen, LabResult, Patient, TreatmentLine, User
from patients.selectors import age_range_on, grade_of

SIGNED_MODELS = (BoardDecision, CaseClosing, Contact, DecisionFollowUp, CaseQuestion, *VERSIONED, SuvInput)
_FROZEN = BoardDecision.assessments.through


@dataclass
class ScanView:
    """One scan with what counts today: its SUV state, measurements, signed reading and computed proposals."""

    scan: Scan
    suv: CurrentSuv
    measured: list[CurrentMeasurement]
    reading: Reading | None
    proposals: dict[object, ScoreProposal] = field(default_factory=dict)

    @property
    def day(self) -> dt.date | None:
        return self.scan.clinical_date

    @property
    def is_sstr(self) -> bool:
        return is_sstr(self.scan.tracer)

    def score_of(self, lesion: Lesion):
        scores = self.reading.lesions.all() if self.reading else []
        return next((s for s in scores if s.lesion_id == lesion.lineage), None)


class Chart:
    """Reads once, on construction; everything else is derived from the rows at hand.

    ``known_at``: the chart as it stood at that moment; ``today`` is then its day.
    """

    def __init__(self, patient: Patient, today: dt.date, *, known_at: dt.datetime | None = None):
        self.today = today
        self.case: CaseRows = (
            fetch(patient, also=(_board_rows, _of_today)) if known_at is None else rewound(patient, known_at)
        )
        self.patient = self.case.patient
        for series in self.of(Series):
            series.jobs_at_hand = [job for job in self.of(Job) if job.subject_id == series.pk]

    def of(self, model) -> list:
        return self.case.of(model)

    @cached_property
    def diagnosis(self) -> Diagnosis | None:
        return (self.of(Diagnosis) or [None])[-1]

    @cached_property
    def specimens(self) -> list[HistologySpecimen]:
        return self.of(HistologySpecimen)

    @cached_property
    def lines(self) -> list[TreatmentLine]:
        return self.of(TreatmentLine)

    @cached_property
    def labs(self) -> list[LabResult]:
        return self.of(LabResult)

    @cached_property
    def events(self) -> list[ClinicalEvent]:
        return self.of(ClinicalEvent)

    @cached_property
    def site(self) -> str:
        return self.diagnosis.primary_site if self.diagnosis else "unknown"

    @cached_property
    def grades(self) -> dict:
        """Computed grade of each specimen by its id."""
        return {s.pk: grade_of(s, site=self.site) for s in self.specimens}

    @cached_property
    def grade(self) -> str:
        """Grade of the newest specimen: computed, else as stated."""
        return words.grade(self.specimens[-1], self.grades[self.specimens[-1].pk]) if self.specimens else ""

    @cached_property
    def lesions(self) -> list[Lesion]:
        return sorted(self.of(Lesion), key=lambda lesion: lesion.label)

    @cached_property
    def scans(self) -> list[ScanView]:
        return [self._scan_view(scan) for scan in self.of(Scan)]

    @cached_property
    def dated_sstr_scans(self) -> list[ScanView]:
        return [view for view in self.scans if view.is_sstr and view.day]

    @cached_property
    def change(self) -> ChangeAssessment | None:
        """The newest SSTR scan against the one before it, from the rows already here."""
        return change_between(self.case)

    @cached_property
    def has_open_jobs(self) -> bool:
        return any(job.state in Job.OPEN for job in self.of(Job))

    @cached_property
    def images_asked(self) -> list[Asked]:
        """Images in the chart whose header says something else than it does today, and nobody has answered."""
        return of_case(self.patient) if self.of(Study) else []

    @property
    def ages(self) -> tuple[int, int] | None:
        return age_range_on(self.patient, self.patient.deceased_on or self.today)

    def assessed_on(self, day: dt.date) -> Mapping[str, AssessmentResult]:
        """What every rule set says on a clinical day, from the rows already here; each is evaluated when it is read."""
        if day not in self._assessed:
            self._assessed[day] = AssessedOn(self.facts_on(day), day)
        return self._assessed[day]

    def verdicts_on(self, day: dt.date) -> Mapping[str, BareVerdict]:
        """The same where only verdict and words are shown: no rows are put together."""
        if day not in self._verdicts:
            self._verdicts[day] = verdicts(self.facts_on(day), day)
        return self._verdicts[day]

    def facts_on(self, day: dt.date) -> Facts:
        """Every fact as of a clinical day, from the rows already here."""
        if day not in self._facts:
            self._facts[day] = facts_from(self.case, day)
        return self._facts[day]

    @cached_property
    def _facts(self) -> dict[dt.date, Facts]:
        return {}

    @cached_property
    def _assessed(self) -> dict[dt.date, Mapping[str, AssessmentResult]]:
        return {}

    @cached_property
    def _verdicts(self) -> dict[dt.date, dict[str, BareVerdict]]:
        return {}

    @cached_property
    def decisions(self) -> list[BoardDecision]:
        """In the order they were taken, each with its frozen assessments, notices and what superseded it."""
        found = sorted(self.of(BoardDecision), key=lambda d: (d.decided_on, d.recorded_at))
        frozen = {a.pk: a for a in self.of(Assessment)}
        by_id = {d.pk: d for d in found}
        for decision in found:
            decision.frozen, decision.news, decision.replaced_by = [], [], None
            decision.answers, decision.happened = [], None
        for link in self.of(_FROZEN):
            by_id[link.boarddecision_id].frozen.append(frozen[link.assessment_id])
        for notice in sorted(self.of(DecisionNotice), key=lambda n: n.noticed_at):
            by_id[notice.decision_id].news.append(notice)
        for answer in sorted(self.of(DecisionFollowUp), key=lambda row: row.recorded_at):
            by_id[answer.decision_id].answers.append(answer)
            if answer.tells_outcome:
                by_id[answer.decision_id].happened = answer
        for decision in found:
            decision.frozen.sort(key=lambda a: a.guideline_id)
            if decision.supersedes_id in by_id:
                by_id[decision.supersedes_id].replaced_by = decision
        return found

    @cached_property
    def question(self) -> CaseQuestion | None:
        """The one asked last."""
        return max(self.of(CaseQuestion), key=lambda row: row.recorded_at, default=None)

    @cached_property
    def listings(self) -> list[AgendaItem]:
        """Where the case is to be discussed: on agendas of meetings that are not closed, the nearest first."""
        meetings = {meeting.pk: meeting for meeting in self.of(Meeting)}
        for item in self.of(AgendaItem):
            item.patient, item.meeting = self.patient, meetings[item.meeting_id]
        found = [item for item in self.of(AgendaItem) if item.state == item.State.LISTED and item.meeting.is_open]
        return sorted(found, key=lambda item: item.meeting.starts_at)

    @property
    def is_deceased(self) -> bool:
        return self.patient.vital_status == Patient.VitalStatus.DECEASED

    @cached_property
    def closing(self) -> CaseClosing | None:
        """Why follow-up of the case has ended; None while it is open."""
        last = max(self.of(CaseClosing), key=lambda row: (row.recorded_at, str(row.pk)), default=None)
        return last if last and last.is_closed else None

    @property
    def is_over(self) -> bool:
        """Nobody is reminded of anything any more."""
        return self.is_deceased or self.closing is not None

    @cached_property
    def names(self) -> dict:
        """Who recorded, decided and answered, and to whom it was given, by id: one query."""
        people = {row.recorded_by_id for model in SIGNED_MODELS for row in self.of(model)}
        people |= {row.assignee_id for row in self.of(DecisionFollowUp)}
        people |= {row.reader_id for model in (Reading, ChangeVerdict) for row in self.of(model)}
        found = User.objects.filter(pk__in=people - {None})
        return {user.pk: user.shown_name for user in found}

    def _scan_view(self, scan: Scan) -> ScanView:
        signed = [r for r in scan.readings.all() if r.state == Reading.State.SIGNED and r.signed_at]
        reading = max(signed, key=lambda r: (r.signed_at, r.version), default=None)
        measured = measurements_from(scan, list(scan.vois.all()))
        scale = reading.scale_id if reading else None
        proposals = {p.lesion.lineage: p for p in krenning_proposals(scan, scale=scale, measured=measured)}
        return ScanView(scan, current_suv(scan.pet_series), measured, reading, proposals)


def rewound(patient: Patient, known_at: dt.datetime) -> CaseRows:
    """The same rows as they stood at ``known_at``."""
    case = fetch(patient, known_at=known_at, also=(_board_rows, _all_jobs))
    return replace(case, by_model=rows_known(patient, case.by_model, known_at))


def _board_rows(patient: Patient) -> list[QuerySet]:
    decisions = BoardDecision.objects.filter(patient=patient)
    items = AgendaItem.objects.filter(patient=patient)
    of_decisions = {"decision__in": decisions.values("pk")}
    return [
        decisions,
        DecisionNotice.objects.filter(**of_decisions),
        DecisionFollowUp.objects.filter(**of_decisions),
        CaseQuestion.objects.filter(patient=patient),
        Contact.objects.filter(patient=patient),
        CaseClosing.objects.filter(patient=patient),
        items,
        Meeting.objects.filter(pk__in=items.values("meeting")),
        _FROZEN.objects.filter(boarddecision__in=decisions.values("pk")),
        Assessment.objects.filter(patient=patient),
    ]


def _of_today(patient: Patient) -> list[QuerySet]:
    """What is under way: open jobs of the case, failed ones of its PET series, which say why a number is missing, and
    studies brought in for it that are held, or of which the header may not be that of the chart any more."""
    series = Scan.objects.filter(patient=patient).exclude(pet_series=None).values("pet_series")
    failed = Q(kind=Job.Kind.SERIES, subject_id__in=series, state__in=Job.WITHOUT_RESULT)
    own = Series.objects.filter(candidate_patient=patient)
    held, attached = (own.filter(identity=one) for one in (Series.Identity.HELD, Series.Identity.ATTACHED))
    asked = attached.filter(may_differ())
    return [
        Job.objects.filter(failed | Q(patient=patient, state__in=Job.OPEN)),
        Study.objects.filter(Q(pk__in=held.values("study")) | Q(pk__in=asked.values("study"))),
    ]


def _all_jobs(patient: Patient) -> list[QuerySet]:
    series = Scan.versions.filter(patient=patient).exclude(pet_series=None).values("pet_series")
    return [Job.objects.filter(Q(kind=Job.Kind.SERIES, subject_id__in=series) | Q(patient=patient))]
