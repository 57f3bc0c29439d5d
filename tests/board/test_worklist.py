"""The work list: scans to read in their four states, proposals to decide, work in the background, columns by role."""

import datetime as dt
import re
import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from board.models import CohortExport
from board.worklist import worklist
from imaging import digests, jobs
from imaging.models import Job, Lesion, LesionMatch, Proposal, ProposalRun, Reading, Series, Voi
from imaging.services import amend_reading, cancel_job, place_voi, score_lesion, start_reading
from patients.domain.roles import Role
from patients.models import AccessGrant
from patients.services import record
from tests.board.factories import TODAY, add_scan, published_case, suv_of
from tests.eligibility.test_guideline_files import GOOD
from tests.patients.factories import audit_numbered, make_patient, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def reader(client):
    user = make_user("nuclear_medicine")
    client.force_login(user)
    return user


@pytest.fixture
def scan(reader):
    """An unread scan with its SUV."""
    found = add_scan(reader, make_patient(by=reader, case_number="R-1"), dt.date(2026, 5, 1))
    suv_of(found, factors={"bw": 1e-4})
    return found


def work_of(user):
    return worklist(user, today=TODAY)


def only_row(user):
    rows = work_of(user).readings
    assert len(rows) == 1
    return rows[0]


def job_of(scan, kind=Job.Kind.SCAN, **values):
    wanted = {"subject_id": scan.pk, "input_digest": uuid.uuid4().hex, "method_version": "t", "patient": scan.patient}
    return jobs.request(kind=kind, **(wanted | values))


def test_a_new_scan_is_ready_and_a_signed_one_does_not_wait(scan, reader):
    row = only_row(reader)
    assert (row.state, row.sentence, row.day) == ("new", "Ready to read.", "1 May 2026")
    signer, _ = published_case()
    assert work_of(signer).readings == []


def test_a_scan_without_suv_says_why(reader):
    found = add_scan(reader, make_patient(by=reader), dt.date(2026, 5, 1))
    suv_of(found, refusal_code="patient_weight_missing", refusal_message="The PET header has no body weight.")
    assert only_row(reader).sentence == "No SUV: The PET header has no body weight."


def test_work_on_a_scan_shows_its_true_progress(scan, reader):
    job = job_of(scan)
    assert (only_row(reader).state, only_row(reader).sentence) == ("running", "Waiting, next in line.")
    lease = jobs.Lease(job.pk, jobs.claim(job.pk))
    lease.progress("looking for foci", 1, 2)
    row = only_row(reader)
    assert row.sentence.startswith("Step 3 of 7: looking for foci, 1 of 2.")
    assert row.job.percent == int(100 * 2.5 / 7)


def test_failed_work_shows_its_reason_and_a_retry_until_it_is_made_good(scan, reader, client):
    job = job_of(scan)
    jobs.fail(job.pk, jobs.claim(job.pk), code="store_damaged", message="A stored file is damaged.")
    row = only_row(reader)
    assert (row.state, row.job.may_retry) == ("failed", True)
    assert row.sentence == "Proposals and pictures of a scan failed, tried 1×. A stored file is damaged."
    assert reverse("imaging:job_retry", args=[job.pk]) in client.get("/").content.decode()
    good = job_of(scan)
    jobs.finish(good.pk, jobs.claim(good.pk))
    assert only_row(reader).state == "new"
    assert [line.job.pk for line in work_of(reader).jobs] == [good.pk]


def test_cancelled_work_stands_among_what_stopped_with_who_did_it(scan, reader):
    job = job_of(scan)
    cancel_job(by=reader, job=job)
    row = only_row(reader)
    assert row.state == "failed" and f"Cancelled by {reader.username}" in row.sentence
    Job.objects.update(finished_at=timezone.now() - dt.timedelta(days=8))
    assert work_of(reader).jobs == []


def test_the_failed_job_of_the_series_stops_the_scan_too(scan, reader):
    digest = digests.of_series(Series.objects.get(pk=scan.pet_series_id))
    scan.pet_series.suv_results.all().delete()
    job = job_of(scan, Job.Kind.SERIES, subject_id=scan.pet_series_id, input_digest=digest)
    jobs.fail(job.pk, jobs.claim(job.pk), code="x", message="No voxels.")
    assert only_row(reader).sentence == "SUV and volume of a series failed, tried 1×. No voxels."


def test_an_own_draft_is_not_cut_off_by_scans_that_wait_longer(reader):
    waiting = [add_scan(reader, make_patient(by=reader), TODAY) for _ in range(12)]
    drafts = [start_reading(by=reader, scan=scan).scan_id for scan in waiting[-2:]]
    shown = [row.scan.pk for row in work_of(reader).readings]
    assert shown == [*(scan.pk for scan in waiting[:10]), *drafts]


def test_an_own_draft_waits_for_its_signature_with_what_is_scored(scan, reader):
    for label in ("L01", "L02"):
        lesion = record(Lesion, by=reader, patient=scan.patient, label=label, organ="liver")
        place_voi(
            by=reader,
            scan=scan,
            role=Voi.Role.LESION,
            lesion=lesion,
            method="sphere",
            centre_lps=(0, 0, 0),
            radius_mm=9,
        )
    Job.objects.update(state=Job.State.DONE, finished_at=timezone.now())
    reading = start_reading(by=reader, scan=scan)
    score_lesion(by=reader, reading=reading, lesion=lesion, score_low=3, score_high=3)
    row = only_row(reader)
    assert (row.state, row.sentence) == ("sign", "Your draft: 1 of 2 lesions scored.")
    colleague = make_user("nuclear_medicine")
    AccessGrant.objects.create(patient=scan.patient, user=colleague, kind="care_team", granted_by=reader)
    assert only_row(colleague).state == "new", "another reader's draft is not mine to sign"


def test_proposals_to_decide_are_counted_per_scan_and_decided_ones_are_gone(scan, reader):
    suv = scan.pet_series.suv_results.get()
    run = ProposalRun.objects.create(scan=scan, suv_result=suv, input_digest="0" * 64, method_version="t")
    before = add_scan(reader, scan.patient, dt.date(2026, 1, 1))
    lesion = record(Lesion, by=reader, patient=scan.patient, label="L01", organ="liver")
    for number in range(3):
        Proposal.objects.create(scan=scan, run=run, kind="focus", number=number, is_physiologic=number == 2)
    LesionMatch.objects.create(run=run, scan=scan, previous_scan=before, lesion=lesion, status="present")
    found = work_of(reader).undecided
    assert [(row.scan.pk, row.sentence) for row in found] == [
        (scan.pk, "2 foci to decide, 1 lesion of the scan before to confirm")
    ]
    assert work_of(make_user("nuclear_medicine")).undecided == []
    Proposal.objects.update(state="rejected")
    LesionMatch.objects.update(state="confirmed")
    assert work_of(reader).undecided == []


PANELS = {
    "nuclear_medicine": ["read", "decide", "look", "jobs", "uploads", "lost", "entries", "due", "cases"],
    "coordinator": ["entries", "lost", "look", "due", "cases", "jobs", "uploads"],
    "chair": ["lost", "look", "due", "cases"],
    "clinician": ["entries", "lost", "look", "due", "cases"],
    "data_entry": ["entries", "jobs", "uploads", "look", "cases"],
    "observer": ["cases"],
    "researcher": ["cohort", "exports"],
    "system_admin": ["people", "others", "storage", "work"],
    "display": [],
}


def home_of(client, user) -> str:
    client.force_login(user)
    return client.get("/").content.decode()


@pytest.mark.parametrize("role", Role)
def test_home_shows_what_the_role_may_act_on_and_first_what_it_comes_for(client, role):
    said = home_of(client, make_user(role))
    found = re.findall(r'<section class="panel" aria-labelledby="([a-z-]+)-title">', said)
    assert found == PANELS[role]


def test_who_approves_finds_exports_that_wait_for_it_and_who_asked_their_own(client, reader):
    researcher, approver = make_user("researcher"), make_user("chair")
    asked = {"choices": {}, "query_digest": "0" * 64, "tables": ["cohort"], "agreement": "DUA-9", "reason": "a study"}
    export = CohortExport.objects.create(asked_by=researcher, query_text="all", **asked)
    address = reverse("board:cohort_export", args=[export.pk])
    assert "Exports to approve" in home_of(client, approver) and address in home_of(client, approver)
    assert address in home_of(client, researcher) and address not in home_of(client, make_user("researcher"))
    CohortExport.objects.update(state="refused", refusal="No agreement.")
    assert address not in home_of(client, approver) and "Refused: No agreement." in home_of(client, researcher)


def test_home_of_the_administrator_is_asked_anew_each_time(client):
    client.force_login(make_user("system_admin"))
    assert "ETag" not in client.get("/"), "a disk fills without a row in the trail"


def test_a_role_that_reads_no_chart_asks_for_no_progress(client):
    client.force_login(make_user("system_admin"))
    said = client.get("/").content.decode()
    assert "data-live-url" not in said and reverse("imaging:jobs") not in said


def test_only_own_cases_are_on_the_list(scan, client):
    client.force_login(make_user("nuclear_medicine"))
    job_of(scan)
    assert "R-1" not in client.get("/").content.decode()


def fill(user, first, last):
    """Cases with an unread scan, a failed and an open job each; every other one with SUV and a proposal."""
    for number in range(first, last):
        scan = add_scan(user, make_patient(by=user, case_number=f"Q-{number:03d}"), dt.date(2026, 5, 1))
        if number % 2:
            suv = suv_of(scan, factors={"bw": 1e-4})
            run = ProposalRun.objects.create(scan=scan, suv_result=suv, input_digest="0" * 64, method_version="t")
            Proposal.objects.create(scan=scan, run=run, kind="focus", number=1)
        job_of(scan)
        failed = job_of(scan, Job.Kind.MEASURE)
        Job.objects.filter(pk=failed.pk).update(state="failed", finished_at=timezone.now())


def queries(client, address):
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


def test_home_and_list_ask_the_database_as_often_with_10_cases_as_with_60(client, reader):
    addresses = ["/", "/patients/", "/patients/?overdue=1", "/imaging/jobs/state/"]
    fill(reader, 0, 4)
    client.get("/")  # the first page of a minute also stores that the session is used
    with_four = [queries(client, address) for address in addresses]
    fill(reader, 4, 10)
    with_ten = [queries(client, address) for address in addresses]
    assert with_ten == with_four, "within what is shown, a row more is a query more"
    fill(reader, 10, 60)
    assert [queries(client, address) for address in addresses] == with_ten
    lock = connection.vendor == "postgresql"  # the one that the seal of the trail waits for
    assert with_ten[0] <= 44 + lock and max(with_ten[1:]) <= 18


@pytest.mark.parametrize("address", ["/", "/patients/", "/patients/R-1/"])
def test_an_unchanged_page_is_answered_by_304_and_any_write_ends_that(client, reader, scan, address):
    first = client.get(address)
    assert client.get(address, headers={"If-None-Match": first["ETag"]}).status_code == 304
    assert "no-store" in first["Cache-Control"]
    make_patient(by=reader, case_number="R-2")
    again = client.get(address, headers={"If-None-Match": first["ETag"]})
    assert again.status_code == 200 and again["ETag"] != first["ETag"]


@pytest.mark.parametrize("address", ["/", "/patients/", "/patients/R-1/", "/imaging/jobs/state/"])
def test_a_write_that_commits_after_a_later_one_ends_the_304(client, reader, scan, address):
    audit_numbered(reader, scan.patient, ahead=5)
    first = client.get(address)
    audit_numbered(reader, scan.patient, ahead=-2)
    assert client.get(address, headers={"If-None-Match": first["ETag"]}).status_code == 200


@pytest.mark.parametrize("address", ["/patients/R-1/", "/patients/", "/patients/R-1/state/"])
def test_another_release_and_another_rule_set_end_the_304(client, reader, scan, address, settings, tmp_path):
    def mark():
        answer = client.get(address)
        return answer.get("ETag") or answer.content

    seen = [mark()]
    settings.VERSION = "0.1.1"
    seen.append(mark())
    settings.GUIDELINE_DIR = str(tmp_path)
    (tmp_path / "site.toml").write_text(GOOD)
    seen.append(mark())
    (tmp_path / "site.toml").write_text("id =")
    seen.append(mark())
    assert len(set(seen)) == 4
    assert mark() == seen[-1]


def test_work_that_moves_ends_the_304_of_pages_that_show_it(client, reader, scan):
    job = job_of(scan)
    for address in ("/", "/patients/R-1/"):
        first = client.get(address)
        lease = jobs.Lease(job.pk, Job.objects.get(pk=job.pk).token or jobs.claim(job.pk))
        lease.progress("looking for foci", 1, 2 + len(address))
        Job.objects.filter(pk=job.pk).update(progress_done=len(address))
        assert client.get(address, headers={"If-None-Match": first["ETag"]}).status_code == 200


def test_a_right_that_ran_out_ends_the_304(client, scan):
    guest = make_user("clinician")
    soon = timezone.now() + dt.timedelta(hours=1)
    AccessGrant.objects.create(patient=scan.patient, user=guest, kind="board", until=soon)
    client.force_login(guest)
    first = client.get("/patients/")
    assert "R-1" in first.content.decode()
    AccessGrant.objects.update(until=timezone.now())
    again = client.get("/patients/", headers={"If-None-Match": first["ETag"]})
    assert again.status_code == 200 and "R-1" not in again.content.decode()


def test_the_mark_of_one_user_is_not_that_of_another(client, reader, scan):
    tag = client.get("/patients/")["ETag"]
    client.force_login(make_user("nuclear_medicine"))
    assert client.get("/patients/", headers={"If-None-Match": tag}).status_code == 200


def test_an_amendment_waits_for_who_began_it_and_for_nobody_else(client):
    signer, patient = published_case()
    reading = Reading.objects.filter(scan__patient=patient).first()
    amend_reading(by=signer, reading=reading, reason="A second look.")
    assert [row.state for row in work_of(signer).readings] == ["sign"]
    colleague = make_user("nuclear_medicine")
    AccessGrant.objects.create(patient=patient, user=colleague, kind="care_team", granted_by=signer)
    assert work_of(colleague).readings == []


def test_the_first_signature_marks_the_series_as_read(scan, reader):
    assert scan.pet_series.read_at is None
    _, patient = published_case()
    marks = Series.objects.filter(pet_of_scans__patient=patient).values_list("read_at", flat=True)
    signed = Reading.objects.filter(scan__patient=patient).values_list("signed_at", flat=True)
    assert sorted(marks) == sorted(signed)


def test_work_that_ended_somewhere_ends_the_304_though_nobody_wrote(client, reader, scan):
    job = job_of(scan)
    token = jobs.claim(job.pk)
    Job.objects.exclude(pk=job.pk).delete()
    first = client.get("/")
    Job.objects.filter(pk=job.pk).update(state=Job.State.DONE)
    open_work_gone = client.get("/")
    assert open_work_gone["ETag"] != first["ETag"]
    Job.objects.filter(pk=job.pk).update(state=Job.State.RUNNING)
    jobs.fail(job.pk, token, code="x", message="It ended somewhere.")
    again = client.get("/", headers={"If-None-Match": open_work_gone["ETag"]})
    assert again.status_code == 200 and "It ended somewhere." in again.content.decode()
