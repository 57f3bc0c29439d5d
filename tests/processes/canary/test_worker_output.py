"""What a worker writes and what the queue server is given: tasks that fail, are retried, killed and given up, with the case in them."""

import os
import signal

import pytest
from celery import Celery

from config.celery import _transport_options
from imaging.models import Job
from imaging.services import add_files, close_upload, open_upload
from imaging.tasks import run_job
from tests.contracts.canary import sent_files
from tests.patients.factories import make_user
from tests.processes.canary.words import WORD, all_found_in, found_in
from tests.processes.conftest import wait_for

pytestmark = [pytest.mark.processes, pytest.mark.slow, pytest.mark.long]

HOW = ("raises", "is retried", "warns", "runs out of memory", "ends its process", "is killed")
SAYS = ("RuntimeError from KeyError", "py.warnings", "the look-out met an error", "stopped: RuntimeError")


@pytest.fixture
def bell(deployed):
    found = Celery(broker=deployed.broker)
    found.conf.broker_transport_options = _transport_options(deployed.broker, deployed.folder)
    yield found
    found.close()


def imported(tmp_path) -> Job:
    by = make_user("nuclear_medicine")
    upload = open_upload(by=by, source="command")
    streams = [(f"{WORD}-FILE-{path.name}", path.open("rb")) for path in sent_files(tmp_path / "sent")]
    add_files(by=by, upload=upload, files=streams)
    for _, stream in streams:
        stream.close()
    return close_upload(by=by, upload=upload)


def test_nothing_of_a_case_is_in_what_a_worker_says_or_the_queue_carries(deployed, monitored, bell, tmp_path):
    for what in ("import", "lookout"):
        (deployed.folder / f"break-{what}").touch()
    job = imported(tmp_path)
    bell.send_task(run_job.name, [str(job.pk)])
    held_before = monitored.held()
    deployed.start("worker")
    deployed.start("beat")
    for how in HOW:
        bell.send_task("tests.processes.canary.breaking.tasks.breaks", [how])
    wait_for(lambda: "the look-out met an error" in deployed.text("worker"), 60, "a look-out that breaks")
    (deployed.folder / "break-lookout").unlink()
    wait_for(lambda: Job.objects.filter(pk=job.pk, attempts=3, state="failed").exists(), 90, "three attempts")
    wait_for(lambda: all(word in deployed.text("worker") for word in SAYS), 60, f"{SAYS} in the lines of the worker")
    assert deployed.running["worker"].poll() is None
    told, commands = deployed.said(), monitored.commands()
    assert (
        b"run_job" in commands and any(str(job.pk).encode() in text for _, text in held_before) and len(commands) > 5000
    )
    assert all_found_in([*told, *held_before, *monitored.held(), ("queue server", commands)]) == []
    assert all_found_in(("process", one) for one in deployed.seen) == []

    bell.send_task("tests.processes.canary.breaking.tasks.breaks", ["leaks", f"{WORD}-ARGUMENT"])
    wait_for(lambda: "prrt.leak" in deployed.text("worker"), 30, "the control")
    os.killpg(deployed.running["worker"].pid, signal.SIGSTOP)
    for _ in range(2):  # one may still be handed to the worker, which had asked for it before it was stopped
        bell.send_task("tests.processes.canary.breaking.tasks.breaks", ["leaks", f"{WORD}-WAITING"])
    assert found_in(deployed.text("worker").encode()), "the control: a line that leaks is found"
    assert found_in(monitored.commands(), (f"{WORD}-ARGUMENT",)), "the control: an argument is found among the commands"
    assert all_found_in(monitored.held(), (f"{WORD}-WAITING",)), "the control: a message that waits is found"
    os.killpg(deployed.running["worker"].pid, signal.SIGCONT)
    wait_for(lambda: deployed.text("worker").count("prrt.leak") >= 3, 30, "the waiting messages to be worked off")
