"""Temporary files while something is under way, and what a process that is killed in the middle leaves of it."""

import os
import signal
import socket
import time

import pytest
from django.conf import settings
from django.test import Client

from board.export_patient.services import request_export
from board.tasks import run_patient_export
from tests.contracts.canary import sent_files
from tests.contracts.canary_rows import full_world
from tests.patients.factories import make_user
from tests.processes.canary.site import BEHIND_A_PROXY, TOKEN
from tests.processes.canary.words import WORD, all_found_in
from tests.processes.conftest import wait_for

pytestmark = [pytest.mark.processes, pytest.mark.slow, pytest.mark.long]
EDGE = "----edge"
# Where the data themselves are kept (docs/operations.md); everything else in the data folder holds none.
DATA = ("store", "pictures", "patient-exports", "exports", "fhir-waiting", "prrt.sqlite3", "tmp", "output")


def form(files: list[tuple[str, bytes]], **fields: str) -> bytes:
    parts = [
        f'--{EDGE}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    for name, data in files:
        head = f'--{EDGE}\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\nContent-Type: application/dicom\r\n\r\n'
        parts.append(head.encode() + data + b"\r\n")
    return b"".join([*parts, f"--{EDGE}--\r\n".encode()])


def begin(deployed, who: Client, path: str, body: bytes, all_but: int) -> socket.socket:
    """A request of which the last bytes do not come."""
    head = {
        "Host": f"127.0.0.1:{deployed.port}",
        "Referer": f"https://127.0.0.1:{deployed.port}/",
        "X-CSRFToken": TOKEN,
        "Cookie": f"__Host-session={who.cookies[settings.SESSION_COOKIE_NAME].value}; __Host-csrf={TOKEN}",
        "Content-Type": f"multipart/form-data; boundary={EDGE}",
        "Content-Length": str(len(body)),
    } | BEHIND_A_PROXY
    channel = socket.create_connection(("127.0.0.1", deployed.port), timeout=30)
    lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
    channel.sendall(f"POST {path} HTTP/1.1\r\n{lines}\r\n".encode() + body[:-all_but])
    return channel


def left(deployed, *, beside: tuple[str, ...] = ()) -> list[str]:
    """Words of the case in names anywhere, and in temporary files and whatever else is not where the data are kept."""
    parts = [("temporary", f"{name} ".encode() + data) for name, data in deployed.files.items() if name not in beside]
    for path in deployed.folder.rglob("*"):
        name = str(path.relative_to(deployed.folder))
        parts.append(("name", name.encode()))
        if path.is_file() and not name.startswith(DATA):
            parts.append((name, path.read_bytes()))
    return all_found_in(parts)


def open_of(deployed, place) -> list[str]:
    """What the processes hold open below a place, by the names that the kernel gives."""
    found = []
    for process in deployed.tree():
        for descriptor in os.scandir(f"/proc/{process.pid}/fd"):
            try:
                found.append(os.readlink(descriptor.path))
            except OSError:
                continue
    return [name for name in found if name.startswith(str(place)) and not name.startswith(str(deployed.scratch))]


@pytest.fixture
def sender(deployed):
    user = make_user("nuclear_medicine")
    client = Client()
    client.force_login(user)
    client.world = full_world(user)
    return client


def test_an_upload_that_is_cut_off_leaves_nothing(deployed, sender, tmp_path):
    """The form without scripts, whose large files wait on disk: while it is sent, and after the server was killed."""
    (deployed.scratch / f"{WORD}-control").write_text("born 1901-02-03")
    deployed.start("web")
    large = sent_files(tmp_path / "sent")[0].read_bytes() + f"{WORD} 1901-02-03 ".encode() * 300_000
    body = form([(f"first.{WORD}", large), (f"{WORD}.dcm", large)], case=sender.world.patient.case_number)
    channel = begin(deployed, sender, "/imaging/upload/", body, all_but=len(large) // 2)
    wait_for(
        lambda: [name for name in open_of(deployed, deployed.folder) if name.endswith("(deleted)")],
        60,
        "a file on disk",
    )
    time.sleep(0.5)
    deployed.kill("web")
    channel.close()
    control = f"{WORD}-control"
    assert left(deployed, beside=(control,)) == [f"name: '{WORD}' in b'tmp/{control}'"]
    assert len(left(deployed)) == 3, "the control: its name there and afterwards, and the date in it, are found"
    assert not [name for name in deployed.files if name.endswith(".upload.dcm")]


def test_an_export_that_is_killed_leaves_its_part_where_exports_are_and_nowhere_else(deployed, sender):
    (deployed.folder / "break-export-hangs").touch()
    export = request_export(by=sender.world.owner, patient=sender.world.patient)
    deployed.start("worker")
    run_patient_export.app.send_task(run_patient_export.name, [str(export.pk)])
    wait_for((deployed.folder / "hangs-export").exists, 60, "an export under way")
    os.killpg(deployed.running["worker"].pid, signal.SIGKILL)
    parts = [path.name for path in (deployed.folder / "patient-exports").iterdir()]
    assert parts == [f"{export.pk}.1.part"] and left(deployed) == []
    folder, part = deployed.folder / "patient-exports", deployed.folder / "patient-exports" / parts[0]
    assert (folder.stat().st_mode & 0o777, part.stat().st_mode & 0o777) == (0o700, 0o600)


def test_a_backup_that_is_killed_and_reports_leave_nothing(deployed, sender, tmp_path):
    deployed.start("web")
    world = sender.world
    for path in (
        f"/decisions/{world.objects['decision'].pk}/letter.pdf",
        f"/imaging/readings/{world.objects['reading'].pk}/report.pdf",
    ):
        answer = deployed.ask("GET", path, who=sender)
        assert answer.status == 200 and answer.text.startswith(b"%PDF"), path
        assert WORD not in answer.headers["Content-Disposition"]
    backups = tmp_path / "backups"
    running = deployed.manage("backup", str(backups), name="backup")
    wait_for(
        lambda: (backups.exists() and any(backups.iterdir())) or running.poll() is not None, 60, "a backup under way"
    )
    deployed.kill("backup")
    assert left(deployed) == []
    assert all_found_in([("name of a backup", str(path).encode()) for path in backups.rglob("*")]) == []
    assert all_found_in(deployed.said()) == []
