"""A random history of one case, every step through the services under a clock that stands still."""

import datetime as dt
import random
from dataclasses import dataclass, field

from django.core.exceptions import ValidationError
from django.utils import timezone

from board.agenda import list_case, take_off
from board.agenda_order import move
from board.chart import Chart
from board.closing import close_case, reopen_case
from board.contacts import log_contact
from board.decision_view import decision_lines
from board.follow_up import ask, follow_up
from board.meeting_cancel import cancel_meeting
from board.meeting_planning import Seat, change_meeting
from board.meetings import postpone, start_meeting
from board.minutes import close_meeting
from board.models import AgendaItem, BoardDecision, CaseClosing, Meeting
from board.services import look_again, record_decision
from eligibility.case_rows import fetch
from eligibility.change_facts import change_between
from eligibility.verdict_giving import give_verdict
from imaging import digests, jobs
from imaging.models import Job, Lesion, LesionFinding, Reading, Scan, Series, SuvResult, UptakeMeasurement, Voi
from imaging.refused import Refused
from imaging.services import amend_reading, correct_suv_input, place_voi, score_lesion, start_reading
from patients.models import (
    BodyMeasure,
    ClinicalAssertion,
    Diagnosis,
    HistologySpecimen,
    LabResult,
    Patient,
    PerformanceStatus,
    TreatmentLine,
)
from patients.services import Conflict, StillInUse, record, revise, update_patient, withdraw
from tests.board.factories import add_scan
from tests.board.meeting_factories import make_meeting
from tests.imaging.signing import sign

VERDICTS = (("confirmed", "true_change"), ("explained", "optimisation"), ("unsure", "true_change"))
REVISED = {
    LabResult: ("value", (91, 133, 254)),
    TreatmentLine: ("cycles", (2, 4, 7)),
    HistologySpecimen: ("ki67_text", ("3 %", "14 %", "22 %")),
    Diagnosis: ("stage", ("localised", "metastatic", "locoregional")),
    PerformanceStatus: ("note", ("first", "second", "third")),
    Lesion: ("segment", ("II", "VI", "VIII")),
    LesionFinding: ("long_axis_mm", (11, 24, 31)),
    Scan: ("label", ("baseline", "later", "after chemotherapy")),
}


@dataclass
class History:
    user: object
    patient: Patient
    chair: object
    random: random.Random
    done: list[str] = field(default_factory=list)
    today: dt.date = dt.date.min

    def step(self, today: dt.date) -> str:
        """One thing that is possible now; what a service refuses was no step."""
        self.today = today
        kinds = [name for name in dir(self) if name.startswith("do_")]
        for _ in range(40):
            name = self.random.choice(kinds)
            try:
                if getattr(self, name)() is not False:
                    _ended_now()
                    self.done.append(name)
                    return name
            except (ValidationError, Conflict, Refused, StillInUse):
                continue
        raise AssertionError("nothing is possible any more")

    def _fact(self):
        return {"by": self.user, "patient": self.patient}

    def _pick(self, found):
        found = list(found)
        return self.random.choice(found) if found else None

    def do_lab(self):
        analyte, unit = self.random.choice([("platelets", "10^9/L"), ("hb", "g/dL"), ("creatinine", "mg/dL")])
        value = {"platelets": 210, "hb": 12, "creatinine": 1}[analyte]
        record(LabResult, **self._fact(), analyte=analyte, value=value, unit=unit, clinical_date=self.today)

    def do_facts(self):
        record(Diagnosis, **self._fact(), primary_site="pancreas", stage="metastatic", clinical_date=self.today)
        record(HistologySpecimen, **self._fact(), ki67_text="8 %", stated_grade="G2", clinical_date=self.today)

    def do_line(self):
        record(
            TreatmentLine,
            **self._fact(),
            treatment_class="chemo",
            regimen="CAPTEM",
            cycles=3,
            is_ongoing=True,
            clinical_date=self.today - dt.timedelta(days=40),
        )

    def do_status(self):
        record(PerformanceStatus, **self._fact(), instrument="ECOG", value=1, clinical_date=self.today)
        record(BodyMeasure, **self._fact(), kind=BodyMeasure.Kind.WEIGHT, value=70, clinical_date=self.today)

    def do_assertion(self):
        record(ClinicalAssertion, **self._fact(), kind="pregnancy", state="denied", clinical_date=self.today)

    def do_person(self):
        year = self.random.randint(1950, 1970)
        update_patient(
            Patient.objects.get(pk=self.patient.pk), by=self.user, reason="letter", birth_date=dt.date(year, 1, 1)
        )

    def do_revise(self):
        model = self.random.choice(list(REVISED))
        lookup = {"lesion__patient": self.patient} if model is LesionFinding else {"patient": self.patient}
        row = self._pick(model.objects.filter(**lookup))
        name, values = REVISED[model]
        if row is None:
            return False
        before = row.recorded_at
        after = revise(row, by=self.user, reason="letter", **{name: self.random.choice(values)})
        return after.recorded_at != before

    def do_withdraw(self):
        row = self._pick([*LabResult.objects.filter(patient=self.patient), *TreatmentLine.objects.all()])
        return withdraw(row, by=self.user, reason="other patient") and None if row else False

    def do_scan(self):
        if Scan.objects.filter(patient=self.patient, clinical_date=self.today).exists():
            return False
        lesion = Lesion.objects.filter(patient=self.patient).first() or record(
            Lesion, **self._fact(), label="L01", organ="liver", kind="metastasis", clinical_date=self.today
        )
        scan = add_scan(self.user, self.patient, self.today, label="scan")
        sphere = {"method": "sphere", "centre_lps": (0.0, 0.0, 0.0), "radius_mm": 10.0}
        place_voi(by=self.user, scan=scan, role="liver", **sphere)
        place_voi(by=self.user, scan=scan, role="lesion", lesion=lesion, **sphere)
        record(LesionFinding, by=self.user, lesion=lesion, scan=scan, long_axis_mm=22)
        compute(scan, self.random)

    def do_correct_and_compute(self):
        scan = self._pick(Scan.objects.filter(patient=self.patient))
        if scan is None:
            return False
        correct_suv_input(
            by=self.user,
            series=scan.pet_series,
            name="body_weight_kg",
            value=str(self.random.randint(50, 90)),
            reason="weighed",
        )
        compute(scan, self.random)

    def do_correct_only(self):
        scan = self._pick(Scan.objects.filter(patient=self.patient))
        if scan is None:
            return False
        value = str(self.random.randint(50, 90))
        correct_suv_input(
            by=self.user, series=scan.pet_series, name="body_weight_kg", value=value, reason="weighed again"
        )

    def do_draft(self):
        scan = self._pick(Scan.objects.filter(patient=self.patient, readings=None))
        if scan is None:
            return False
        self._score(start_reading(by=self.user, scan=scan))

    def do_sign(self):
        reading = self._pick(Reading.objects.filter(scan__patient=self.patient, state="draft"))
        if reading is None or any(m.refusal_code for m in UptakeMeasurement.objects.filter(voi__scan=reading.scan)):
            return False
        self._score(reading)
        sign(by=self.user, reading=reading)

    def do_amend(self):
        signed = Reading.objects.filter(scan__patient=self.patient, state="signed", amendments=None)
        reading = self._pick(signed)
        return amend_reading(by=self.user, reading=reading, reason="seen again") and None if reading else False

    def _score(self, reading):
        score = self.random.randint(1, 4)
        for lesion in Lesion.objects.filter(patient=self.patient):
            score_lesion(by=self.user, reading=reading, lesion=lesion, score_low=score, score_high=score)

    def do_ask(self):
        ask(by=self.user, patient=self.patient, text=f"Question {self.random.random()}", instead_of=self._question())

    def _question(self):
        last = self.patient.questions.last()
        return str(last.pk) if last else ""

    def do_contact(self):
        log_contact(
            by=self.user,
            patient=self.patient,
            contacted_on=self.today,
            who="patient",
            outcome="reached",
            next_for=self.random.choice(["scan", "labs", "visit"]),
            next_on=self.today + dt.timedelta(days=self.random.randint(1, 90)),
        )

    def do_decide(self):
        last = BoardDecision.objects.filter(patient=self.patient, superseded_by=None).last()
        record_decision(
            by=self.user,
            patient=self.patient,
            decided_on=self.today,
            outcome=self.random.choice(["treat", "not_yet", "more_data"]),
            text=f"Text {self.random.random()}",
            owner="Dr Example",
            due_date=self.today + dt.timedelta(days=self.random.randint(1, 60)),
            supersedes=self.random.choice([None, last]),
        )

    def do_tell(self):
        line = self._pick(decision_lines(Chart(self.patient, self.today)))
        if line is None:
            return False
        kind = self.random.choice(["done", "partly", "not_done", *(["acknowledged"] if line.seen else [])])
        follow_up(by=self.user, decision=line.decision, kind=kind, reason="told", seen=line.seen)

    def do_notice(self):
        return None if look_again(self.patient) else False

    def do_list(self):
        meeting = make_meeting(self.chair)
        list_case(by=self.chair, meeting=meeting, patient=self.patient, lane="discuss", question="PRRT?", reason="late")

    def do_take_off(self):
        item = self._pick(AgendaItem.objects.filter(patient=self.patient, state="listed"))
        if item is None:
            return False
        take_off(by=self.chair, item=item, seen_version=item.meeting.version, reason="no")

    def do_postpone(self):
        item = self._pick(AgendaItem.objects.filter(patient=self.patient, state="listed"))
        if item is None:
            return False
        postpone(by=self.chair, item=item, reason="later")

    def _item(self):
        return self._pick(AgendaItem.objects.filter(patient=self.patient, state="listed").select_related("meeting"))

    def do_change_lane(self):
        if (item := self._item()) is None:
            return False
        to = "noting" if item.lane == "discuss" else "discuss"
        move(by=self.chair, item=item, seen_version=item.meeting.version, to=to)

    def do_move_meeting(self):
        if (item := self._item()) is None:
            return False
        meeting = item.meeting
        seats = [Seat(s.name, s.discipline, s.is_chair, s.user) for s in meeting.attendance.all()]
        starts = timezone.now() + dt.timedelta(days=self.random.randint(1, 60))
        change_meeting(by=self.chair, meeting=meeting, seen_version=meeting.version, seats=seats, starts_at=starts)

    def do_cancel_meeting(self):
        if (item := self._item()) is None:
            return False
        cancel_meeting(by=self.chair, meeting=item.meeting, reason="nobody can come")

    def do_start_meeting(self):
        if (item := self._item()) is None or item.meeting.state == Meeting.State.RUNNING:
            return False
        start_meeting(by=self.chair, meeting=item.meeting)

    def do_close_meeting(self):
        running = Meeting.objects.filter(items__patient=self.patient, state=Meeting.State.RUNNING)
        if (meeting := self._pick(running)) is None:
            return False
        close_meeting(by=self.chair, meeting=meeting)

    def do_verdict(self):
        found = change_between(fetch(self.patient))
        if found is None:
            return False
        verdict, kind = self.random.choice(VERDICTS)
        give_verdict(
            by=self.user,
            patient=self.patient,
            before=found.before.id,
            after=found.after.id,
            seen=found.digest,
            verdict=verdict,
            kind=kind,
            comment=f"Comment {self.random.random()}",
        )

    def _job(self, *states):
        return self._pick(Job.objects.filter(patient=self.patient, state__in=states).order_by("created_at", "pk"))

    def do_job_begins(self):
        return None if (job := self._job(Job.State.QUEUED)) and jobs.claim(job.pk) else False

    def do_job_fails(self):
        if (job := self._job(Job.State.RUNNING)) is None:
            return False
        jobs.fail(job.pk, job.token, code="geometry_irregular", message="A slice is missing.")

    def do_job_cancelled(self):
        return None if (job := self._job(*Job.OPEN)) and jobs.cancel(job.pk, by=self.user) else False

    def do_close_or_open(self):
        last = CaseClosing.objects.filter(patient=self.patient).last()
        if last and last.is_closed:
            reopen_case(by=self.user, patient=self.patient, text="is back")
        else:
            close_case(by=self.user, patient=self.patient, reason="transferred")


def _ended_now() -> None:
    """Jobs take the clock of the database, which nobody has stopped."""
    now = timezone.now()
    for name in ("started_at", "finished_at"):
        Job.objects.filter(**{f"{name}__gt": now}).update(**{name: now})


def compute(scan, chance) -> None:
    """What the workers would store for the inputs as they are."""
    series = Series.objects.get(pk=scan.pet_series_id)
    now = dt.datetime.now(dt.UTC)
    SuvResult.objects.filter(series=series, superseded_at=None).update(superseded_at=now)
    UptakeMeasurement.objects.filter(voi__scan=scan, superseded_at=None).update(superseded_at=now)
    digest = digests.of_series(series)
    result = SuvResult.objects.create(
        series=series, input_digest=digest, method_version="suv/1.0", factors={"bw": 1e-4}, uptake_time_s=3600.0
    )
    vois = list(Voi.objects.filter(scan=scan).select_related("lesion"))
    liver = digests.liver_reference(vois)
    for voi in vois:
        highest = 9.0 if voi.role == "liver" else chance.uniform(3, 20)
        UptakeMeasurement.objects.create(
            voi=voi,
            suv_result=result,
            input_digest=digests.of_measurement(voi, result, liver),
            method_version="uptake/1.0",
            suv_max=highest,
            suv_mean=highest * 0.7,
            suv_peak_local=highest * 0.95,
            suv_peak_global=highest * 0.96,
            volume_ml=4.2,
            voxel_count=60,
        )
    Job.objects.filter(state__in=Job.OPEN).update(state=Job.State.DONE, started_at=now, finished_at=now)
