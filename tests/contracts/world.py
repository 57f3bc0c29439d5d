"""One person's cases and imports, and another's, with words that must never cross over."""

import datetime as dt
import itertools
import uuid
from dataclasses import dataclass

from django.utils import timezone

from board.minutes import close_meeting
from board.models import BoardDecision, CohortExport, CohortQuestion, Display, PatientExport
from imaging import store
from imaging.models import (
    ImageProduct,
    Job,
    Lesion,
    LesionMatch,
    Proposal,
    ProposalRun,
    Reading,
    Scan,
    Series,
    Study,
    SuvResult,
    Upload,
    UploadItem,
    Voi,
)
from patients.models import AccessGrant, ImportBatch, Invitation, Patient, Team, User
from patients.services import record, withdraw
from tests.board.meeting_factories import make_item, make_meeting, make_series
from tests.patients.factories import make_patient, make_user

_numbers = itertools.count(1)
# What the front view of a scan shows, in mm and in pixels.
SEEN = {
    "width": 100,
    "height": 200,
    "mm_per_pixel": 4.0,
    "window_suv": [0, 15],
    "mip": {"is_cut": False, "field_of_view": {"x_mm": 0.0, "width_mm": 400.0, "top_mm": 400.0}},
}


@dataclass
class World:
    """What one user works on. ``canaries`` are the words that only those who may see it ever read."""

    owner: User
    patient: Patient
    canaries: tuple[str, ...]
    objects: dict[str, object]

    def kwargs(self, about: str) -> dict:
        if not about:
            return {}
        if about == "case_number":
            return {"case_number": self.patient.case_number}
        found = self.objects[about]
        return dict(found) if isinstance(found, dict) else {"pk": found.pk}


def make_world(word: str, owner: User) -> World:
    """A case of ``owner`` with a scan, a held and an unassigned series, and uploads, all marked with ``word``."""
    n = next(_numbers)
    opener = make_user("coordinator")
    case_number, dicom_id = f"{word}-CASE-{n}", f"{word}-DICOM-{n}"
    patient = make_patient(by=opener, case_number=case_number, birth_date=dt.date(1901, 2, 3), centre=f"{word}-CENTRE")
    from patients.services import grant_access

    grant_access(by=opener, patient=patient, kind="care_team", user=owner)
    study = Study.objects.create(
        study_uid=f"1.2.3.{n}",
        identity_digest=f"{n:064d}",
        dicom_patient_id=dicom_id,
        dicom_birth_date=dt.date(1902, 3, 4),
    )

    def series(suffix: str, identity: str, candidate) -> Series:
        return Series.objects.create(
            study=study,
            series_uid=f"1.2.3.{n}.{suffix}",
            modality="PT",
            sop_class_uid="1.2.840.10008.5.1.4.1.1.128",
            identity=identity,
            candidate_patient=candidate,
            identity_reason="identity_birth_date_differs" if identity == "held" else "",
            uploaded_by=owner,
        )

    attached = series("1", Series.Identity.ATTACHED, patient)
    suv = SuvResult.objects.create(
        series=attached, input_digest="0" * 64, method_version="suv/1.0", factors={"bw": 1.0}
    )
    held = series("2", Series.Identity.HELD, patient)
    unassigned = series("3", Series.Identity.UNASSIGNED, None)
    scan = record(
        Scan, by=opener, patient=patient, clinical_date=dt.date(2026, 5, 3), pet_series=attached, label="baseline"
    )
    upload = Upload.objects.create(by=owner, patient=patient, source="browser")
    without_case = Upload.objects.create(by=owner, source="browser")
    for target, row in ((upload, held), (without_case, unassigned)):
        UploadItem.objects.create(upload=target, label=f"{word}-FILE.dcm", outcome="held", series=row, sha256="0" * 64)
    return World(
        owner,
        patient,
        (word,),
        {
            "series": attached,
            "held_series": held,
            "unassigned_series": unassigned,
            "scan": scan,
            "scan_of_case": {"case_number": case_number, "pk": scan.pk},
            "patient_export": PatientExport.objects.create(patient=patient, requested_by=owner),
            "decision": _decided(word, opener, patient),
            "meeting_series": make_series(opener),
            "meeting": (meeting := make_meeting(opener)),
            "item": make_item(meeting, patient, opener, question=f"{word}-QUESTION"),
            "upload": upload,
            "upload_without_case": without_case,
            "job": _job(scan.pk, patient=patient, message=f"{word}-JOB"),
            "import_job": _job(without_case.pk, kind=Job.Kind.IMPORT),
            "import_template": {"table": "labs", "kind": "csv"},
            "import_batch": _brought(word, owner),
            **_proposed(word, opener, scan, suv),
            **_met(word, opener, patient),
            **_on_the_wall(word, opener, patient),
            **_around(owner, opener, patient),
            **_asked_of_many(word, owner),
        },
    )


def _brought(word: str, owner: User) -> ImportBatch:
    return ImportBatch.objects.create(by=owner, sha256="0" * 64, said=f"{word}-SAID")


def _job(subject_id, kind: str = Job.Kind.MEASURE, **values) -> Job:
    """Work that failed with a word of its own."""
    return Job.objects.create(
        kind=kind, subject_id=subject_id, input_digest="0" * 64, method_version="test/1", state="failed", **values
    )


def _decided(word: str, by: User, patient: Patient) -> BoardDecision:
    return BoardDecision.objects.create(
        patient=patient,
        decided_on=dt.date(2026, 5, 4),
        outcome="not_yet",
        text=f"{word}-TEXT",
        owner="x",
        recorded_by=by,
    )


def _met(word: str, by: User, patient: Patient) -> dict[str, object]:
    """A meeting that runs, and one that is closed, each with the case on its agenda."""
    running, minuted = (make_meeting(by, title="NET board", state="running") for _ in range(2))
    for meeting in (running, minuted):
        make_item(
            meeting, patient, by, question=f"{word}-QUESTION", minuted=f"{word}-NOTE", reviewer="x", lane="noting"
        )
    close_meeting(by=by, meeting=minuted)
    return {"running_meeting": running, "minuted_meeting": minuted}


def _proposed(word: str, by: User, scan: Scan, suv: SuvResult) -> dict[str, object]:
    """What a worker has found on the scan: a focus, a reference, a lesion of an earlier scan, a picture."""
    lesion = record(Lesion, by=by, patient=scan.patient, label="L90", organ=f"{word}-ORGAN")
    before = record(Scan, by=by, patient=scan.patient, clinical_date=dt.date(2026, 1, 3))
    region = {"centre_x_mm": 0, "centre_y_mm": 0, "centre_z_mm": 0, "radius_mm": 9, "method": "sphere"}
    run = ProposalRun.objects.create(scan=scan, suv_result=suv, input_digest="0" * 64, method_version="foci/1.0")
    found = {"scan": scan, "run": run, "centre_lps_mm": [0.0, 0.0, 0.0], "radius_mm": 9.0, "reason": f"{word}-REASON"}
    focus = Proposal.objects.create(kind="focus", number=1, label="F01", **found)
    taken = record(Voi, by=by, scan=scan, role="lesion", lesion=lesion, **region)
    withdraw(taken, by=by, reason=f"{word}-REASON")
    picture = store.put_bytes(f"{word}-PICTURE".encode()).sha256
    return {
        "proposal": focus,
        "reference": Proposal.objects.create(kind="reference", role="spleen", **found),
        "match": LesionMatch.objects.create(
            run=run, scan=scan, previous_scan=before, lesion=lesion, status="not_assessable", reason=f"{word}-WHY"
        ),
        "reading": Reading.objects.create(scan=scan, reader=by, comment=f"{word}-COMMENT"),
        "region": record(Voi, by=by, scan=scan, role="lesion", lesion=lesion, **region),
        "taken_region": taken,
        "product": ImageProduct.objects.create(
            scan=scan, kind="mip_still", name="front.webp", sha256=picture, content_type="image/webp",
            input_digest="0" * 64, method_version="pictures/1.0", meta=SEEN,
        ),
    }  # fmt: skip


def _on_the_wall(word: str, by: User, patient: Patient) -> dict[str, object]:
    """A meeting that runs with the case on its screen, and a display that follows it."""
    meeting = make_meeting(by, title="Room board", state="running")
    item = make_item(meeting, patient, by, question=f"{word}-QUESTION")
    display = Display.objects.create(meeting=meeting, code_until=timezone.now(), token_digest=uuid.uuid4().hex)
    where = {"pk": meeting.pk}
    return {
        "room_meeting": meeting,
        "room_frame": where | {"item": item.pk, "view": "overview"},
        "room_card": where | {"view": "waiting"},
        "room_display": where | {"display": display.pk},
    }


def _around(owner: User, by: User, patient: Patient) -> dict[str, object]:
    """An account, a team, an invitation by that account, and how the case is read."""
    invitation = Invitation.objects.create(
        token_digest=uuid.uuid4().hex, role="observer", invited_by=owner, until=timezone.now() + dt.timedelta(hours=1)
    )
    guest = make_user("clinician")
    emergency = AccessGrant.objects.create(
        patient=patient,
        user=guest,
        kind="break_glass",
        granted_by=guest,
        until=timezone.now(),
        revoked_at=timezone.now(),
    )
    rows = {
        "account": owner,
        "team": Team.objects.create(name=uuid.uuid4().hex),
        "grant": patient.grants.get(user=by),
        "emergency": emergency,
    }
    # As long as an address may have it: a short number would be found in the text of any page.
    return {"invitation": invitation, **{about: {"pk": f"{row.pk:015d}"} for about, row in rows.items()}}


def _asked_of_many(word: str, owner: User) -> dict[str, object]:
    """A question to the cohort that its author keeps, and an export of it that waits for a second person."""
    asked = {"choices": {}, "query_digest": "0" * 64, "tables": ["cohort"], "agreement": f"{word}-AGREEMENT"}
    question = {"name": f"{word}-QUESTION", "choices": {}, "text": f"{word}-TEXT", "digest": "0" * 64}
    return {
        "cohort_question": CohortQuestion.objects.create(user=owner, **question),
        "cohort_export": CohortExport.objects.create(
            asked_by=owner, query_text=f"{word}-TEXT", reason=f"{word}-REASON", **asked
        ),
    }
