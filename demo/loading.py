"""Load the cohort through the services that real data goes through. Every step may be repeated: what is there stays."""

import datetime as dt
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from django.db import transaction
from django.utils import timezone

from board.follow_up import ask
from board.models import BoardDecision, CaseQuestion
from board.services import record_decision
from demo.anatomy import BLOOD_REFERENCE, LIVER_REFERENCE, SPLEEN_REFERENCE
from demo.case_discordant import discordant_case
from demo.case_equal_uptake import equal_uptake_case
from demo.case_lesion_loss import lesion_loss_case
from demo.case_low_platelets import low_platelets_case
from demo.case_nothing_booked import nothing_booked_case
from demo.case_published import published_case
from demo.case_ssa_only import ssa_only_case
from demo.case_without_weight import case_without_weight
from demo.deciding import go_through
from demo.phantom import LIVER_VOI_RADIUS_MM
from demo.scanner import acquire
from demo.specs import CaseSpec, ScanSpec, Seen
from imaging import services as imaging
from imaging.dicom_export import make_uid
from imaging.fdg_pairs import pair_of
from imaging.models import Job, Lesion, LesionFinding, Scan, Series, Upload, Voi
from imaging.ssa_before import last_injection
from patients import models as patient_models
from patients.models import Patient, Team, User
from patients.services import confirm_identifier, create_patient, record, revise

CASES: dict[str, Callable[[dt.date], CaseSpec]] = {
    "0001": published_case,
    "0002": equal_uptake_case,
    "0003": case_without_weight,
    "0004": ssa_only_case,
    "0005": lesion_loss_case,
    "0006": discordant_case,
    "0007": low_platelets_case,
    "0008": nothing_booked_case,
}
REFERENCES = (
    (Voi.Role.LIVER, LIVER_REFERENCE, LIVER_VOI_RADIUS_MM),
    (Voi.Role.SPLEEN, SPLEEN_REFERENCE, 9.0),
    (Voi.Role.BLOOD_POOL, BLOOD_REFERENCE, 5.0),
)


@dataclass(frozen=True)
class Loader:
    """One person loading cases; ``say`` reports progress to whoever started it."""

    by: User
    team: Team
    say: Callable[[str], None]

    def chart(self, case_number: str) -> tuple[CaseSpec, Patient]:
        """The case and its clinical rows, all or nothing. Dates count back from the day it was first loaded."""
        known = Patient.objects.filter(case_number=case_number).first()
        today = timezone.localdate(known.recorded_at if known else timezone.now())
        case = CASES[case_number](today)
        if known:
            return case, known
        with transaction.atomic():
            patient = create_patient(by=self.by, case_number=case_number, team=self.team, **case.patient)
            reason = "demonstration data, generated with this identifier"
            confirm_identifier(by=self.by, patient=patient, value=case.patient_id, reason=reason)
            for model, values in case.rows:
                record(getattr(patient_models, model), by=self.by, patient=patient, **values)
            for spec in case.lesions:
                self._lesion(case, patient, spec)
        return case, patient

    def _lesion(self, case: CaseSpec, patient: Patient, spec) -> None:
        values = {name: getattr(spec, name) for name in ("label", "organ", "segment", "kind", "is_target", "note")}
        record(Lesion, by=self.by, patient=patient, clinical_date=case.scans[0].day, **values)

    def send_scan(self, case: CaseSpec, patient: Patient, scan: ScanSpec) -> Job | None:
        """Generate one PET/CT and import its files; None where it has been imported before."""
        if self.find_scan(case, scan):
            return None
        with tempfile.TemporaryDirectory(prefix="prrt-demo-") as folder:
            files = acquire(case, scan, Path(folder))
            upload = imaging.open_upload(by=self.by, patient=patient, source=Upload.Source.DEMO)
            with ExitStack() as opened:
                named = [(path.name, opened.enter_context(path.open("rb"))) for path in files]
                imaging.add_files(by=self.by, upload=upload, files=named)
        self.say(f"case {case.case_number}: {scan.label}, {len(files)} DICOM files sent")
        return imaging.close_upload(by=self.by, upload=upload)

    def find_scan(self, case: CaseSpec, spec: ScanSpec) -> Scan | None:
        uid = make_uid(case.patient_id, spec.key, spec.day.isoformat(), "2")
        series = Series.objects.filter(series_uid=uid, identity=Series.Identity.ATTACHED).first()
        return Scan.objects.filter(pet_series=series).first() if series else None

    @transaction.atomic
    def describe_scan(self, case: CaseSpec, spec: ScanSpec) -> Job | None:
        """Label, volumes of interest and lesion sizes; None where that was done before."""
        scan = self.find_scan(case, spec)
        if scan is None or scan.label:
            return None
        revise(
            scan,
            by=self.by,
            reason="demonstration data",
            label=spec.label,
            ssa_status=spec.ssa_status,
            note=spec.note,
            is_illustrative=spec.is_illustrative,
        )
        for role, point, radius in REFERENCES:
            self._reference(scan, role, spec.place(point), radius)
        lesions = {lesion.label: lesion for lesion in Lesion.objects.filter(patient=scan.patient)}
        job = None
        for label, seen in spec.lesions.items():
            if seen.has_region:
                job = self._place(scan, role=Voi.Role.LESION, lesion=lesions[label], **_contour(spec, seen))
            self._size(case, scan, lesions[label], seen)
        for label in spec.gone:
            record(LesionFinding, by=self.by, lesion=lesions[label], scan=scan, status=LesionFinding.Status.RESOLVED)
        return job

    def _reference(self, scan: Scan, role: str, centre, radius_mm: float) -> Job:
        """Where the phantom was tuned, in place of the sphere that was proposed."""
        proposed = Voi.objects.filter(scan=scan, role=role).first()
        if proposed is None:
            return self._place(scan, role=role, method=Voi.Method.SPHERE, centre_lps=centre, radius_mm=radius_mm)
        moved = {"centre_lps": centre, "radius_mm": radius_mm, "reason": "demonstration data"}
        return imaging.move_voi(by=self.by, voi=proposed, **moved)[1]

    def _place(self, scan: Scan, **shape) -> Job:
        return imaging.place_voi(by=self.by, scan=scan, **shape)[1]

    def _size(self, case: CaseSpec, scan: Scan, lesion: Lesion, seen: Seen) -> None:
        if seen.size_mm is None:
            return
        axes = dict(zip(("long_axis_mm", "short_axis_mm", "third_axis_mm"), sorted(seen.size_mm)[::-1], strict=True))
        is_illustrative = case.has_illustrative_sizes
        record(LesionFinding, by=self.by, lesion=lesion, scan=scan, is_illustrative=is_illustrative, **axes)

    @transaction.atomic
    def read_scan(self, case: CaseSpec, spec: ScanSpec) -> list[Job]:
        """The signed reading, once the numbers are there that stand beside it; jobs that were asked for on the way."""
        scan = self.find_scan(case, spec)
        said = {label: seen.as_read for label, seen in spec.lesions.items() if seen.score or seen.fdg}
        if scan is None or not said or scan.readings.exists():
            return []
        asked = go_through(by=self.by, scan=scan, spec=spec) if spec.is_decided else []
        lesions = {lesion.label: lesion for lesion in Lesion.objects.filter(patient=scan.patient)}
        reading = imaging.start_reading(by=self.by, scan=scan)
        for label, words in said.items():
            imaging.score_lesion(by=self.by, reading=reading, lesion=lesions[label], **words)
        imaging.answer_reading(by=self.by, reading=reading, injection=last_injection(scan), **spec.answers)
        if spec.netpet:
            pair = pair_of(scan)
            imaging.confirm_netpet(by=self.by, reading=reading, netpet_class=spec.netpet, paired_scan=pair.sstr_scan)
        imaging.sign_reading(by=self.by, reading=reading)
        return asked

    def ask(self, case: CaseSpec, patient: Patient) -> None:
        if case.question and not CaseQuestion.objects.filter(patient=patient).exists():
            ask(by=self.by, patient=patient, text=case.question)

    def decide(self, case: CaseSpec, patient: Patient) -> None:
        decided = case.decision
        if decided is None or BoardDecision.objects.filter(patient=patient).exists():
            return
        words = {"outcome": decided.outcome, "text": decided.text, "owner": decided.owner, "due_date": decided.due}
        words |= {"next_step": decided.next_step, "interval_days": decided.interval_days}
        record_decision(by=self.by, patient=patient, decided_on=decided.on, **words)


def _contour(spec: ScanSpec, seen: Seen) -> dict:
    shape = {"centre_lps": spec.place(seen.drawn.centre), "radius_mm": seen.drawn.voi_radius_mm}
    if seen.contour_percent is None:
        return {"method": Voi.Method.SPHERE, **shape}
    return {"method": Voi.Method.PERCENT_OF_MAX, "parameter": seen.contour_percent, **shape}
