"""Work that always ends the process that does it: it is given up after three attempts, says so, and holds up no other.

Jobs of the measuring kind and their sentence: test_workers.py. Errors that end no process: tests/imaging/test_jobs.py.
"""

import io
import time

import pytest

from board import looking
from board.cohort import services as cohort
from board.cohort.query import CohortQuery
from board.export_patient.services import request_export
from board.models import CohortExport, MissedLook, PatientExport, WatchState
from eligibility.models import OutboxCursor
from imaging.models import Job, Upload
from imaging.refused import sentence
from imaging.services import add_files, close_upload, open_upload
from patients.models import AuditEvent
from patients.services import grant_access
from tests.imaging.phantom import write_pet
from tests.parts import every
from tests.patients.factories import make_patient, make_user
from tests.processes.conftest import wait_for

pytestmark = [pytest.mark.processes, pytest.mark.slow]
ATTEMPTS = 3
KINDS = [kind for kind in Job.Kind.values if kind != Job.Kind.MEASURE]
WAYS = [(kind, "killed") for kind in KINDS] + [("import", "memory")]


@pytest.fixture
def poisoned(site, settings):
    """Begins a worker of one process, in which this kind of work ends it."""
    settings.JOB_LEASE_SECONDS = 5
    site.settings = "tests.processes.settings_poison"

    def begun(what: str, how: str):
        site.more = {"TEST_POISON": f"{what} {how}"}
        site.deaths = lambda: (
            len((site.folder / "deaths").read_text().split()) if (site.folder / "deaths").exists() else 0
        )
        return site.start_worker()

    return begun


def another_job_ends(site) -> Job:
    healthy = site.slow_job(Job.Kind.MEASURE)
    site.release(healthy)
    site.ring(healthy)
    return site.done(healthy, 60)


def an_import(tmp_path, doctor, case) -> Job:
    upload = open_upload(by=doctor, patient=case, source="command")
    files = [(path.name, io.BytesIO(path.read_bytes())) for path in write_pet(tmp_path / "pet")]
    add_files(by=doctor, upload=upload, files=files)
    return close_upload(by=doctor, upload=upload)


@pytest.mark.parametrize(("kind", "how"), every(len(KINDS), WAYS, pytest.mark.long))
def test_a_job_that_always_ends_its_process_is_given_up_and_others_go_on(
    kind, how, site, poisoned, tmp_path, doctor, phantom_case
):
    worker = poisoned(kind, how)
    job = an_import(tmp_path, doctor, phantom_case) if kind == "import" else site.slow_job(kind)
    site.ring(job)
    wait_for(site.deaths, 60, "the first death")
    healthy = another_job_ends(site)
    ended = site.reached(job, Job.State.FAILED, 90)
    assert (ended.attempts, ended.reason_code, ended.message) == (ATTEMPTS, "job_given_up", sentence("job_given_up"))
    assert healthy.attempts == 1 and (how == "memory" or healthy.finished_at < ended.finished_at)
    assert [(one.state, one.reason_code) for one in Upload.objects.all()] == (
        [("failed", "job_given_up")] if kind == "import" else []
    )
    nothing_more_dies(site, worker, ATTEMPTS)


def nothing_more_dies(site, worker, deaths: int) -> None:
    """Its bells may still come: there is nothing to begin any more."""
    another_job_ends(site)
    time.sleep(3)
    assert site.deaths() == deaths
    assert worker.poll() is None, "the worker itself outlives its processes"


def of_a_patient(doctor, case) -> PatientExport:
    return request_export(by=doctor, patient=case)


def of_a_cohort(doctor, case) -> CohortExport:
    researcher = make_user("researcher")
    grant_access(by=doctor, patient=case, kind="care_team", user=researcher)
    asked = {"query": CohortQuery(), "tables": ["cohort"], "agreement": "DUA-7", "reason": "study"}
    return cohort.approve_export(by=make_user("coordinator"), export=cohort.ask_for_export(by=researcher, **asked))


@pytest.mark.long
@pytest.mark.parametrize(
    ("what", "made", "sweep", "code"),
    [
        ("patient", of_a_patient, "board.tasks.sweep_patient_exports", "export_given_up"),
        ("cohort", of_a_cohort, "board.tasks.sweep_exports", "given_up"),
    ],
)
def test_an_export_that_always_ends_its_process_is_given_up_and_others_go_on(
    what, made, sweep, code, site, poisoned, doctor, phantom_case
):
    worker, export = poisoned(what, "killed"), made(doctor, phantom_case)

    def swept(until) -> bool:
        """As beat does, only sooner."""
        site.tell(sweep)
        time.sleep(0.5)
        return until()

    wait_for(lambda: swept(site.deaths), 60, "the first death")
    assert another_job_ends(site).attempts == 1
    wait_for(lambda: swept(lambda: type(export).objects.filter(pk=export.pk, state="failed").exists()), 90, "its end")
    export.refresh_from_db()
    assert (export.attempts, export.reason_code) == (ATTEMPTS, code)
    assert AuditEvent.objects.filter(action="export_failed", object_id=str(export.pk)).count() == 1
    nothing_more_dies(site, worker, ATTEMPTS)


@pytest.mark.long
def test_a_case_that_always_ends_its_process_is_left_alone_and_the_news_of_others_are_read(
    site, poisoned, doctor, phantom_case
):
    other = make_patient(by=doctor)
    newest = AuditEvent.objects.latest("id").pk
    worker = poisoned(phantom_case.case_number, "killed")

    def read() -> bool:
        """As beat rings, only sooner."""
        site.tell("board.tasks.read_news")
        time.sleep(1)
        return OutboxCursor.objects.filter(name=looking.CURSOR, last_id=newest).exists()

    wait_for(read, 90, "the news of the other case")
    assert WatchState.objects.get().patient == other
    missed = MissedLook.objects.get()
    assert (missed.patient, missed.unreturned) == (phantom_case, ATTEMPTS)
    nothing_more_dies(site, worker, ATTEMPTS)


@pytest.mark.parametrize("how", every(2, ["killed", "memory"], pytest.mark.long))
def test_a_bell_that_ends_its_process_rings_no_second_time(how, site, poisoned):
    """What beat rings for has no row that counts attempts: its next bell is the next attempt."""
    worker = poisoned("news", how)
    for rung in (1, 2):
        site.tell("board.tasks.read_news")
        wait_for(lambda: site.deaths() >= rung, 60, f"death {rung}")  # noqa: B023
        another_job_ends(site)
    nothing_more_dies(site, worker, deaths=2)
