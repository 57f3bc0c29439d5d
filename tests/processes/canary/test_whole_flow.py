"""The case through every route of a running deployment: web server, two workers, beat and Redis, each listened to."""

import json

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from board.models import PatientExport
from imaging.framing import CONTENT_TYPE
from imaging.models import Job, UploadItem
from patients.domain.roles import Role
from tests.contracts.canary import TYPED, allowed, body_of, sent_files
from tests.contracts.canary_rows import full_world
from tests.patients.factories import make_user
from tests.processes.canary.words import all_found_in
from tests.processes.conftest import wait_for

pytestmark = [
    pytest.mark.processes,
    pytest.mark.slow,
    pytest.mark.long(
        reason="every route as every role over HTTP: minutes; the shorter proofs beside it break each layer"
    ),
]
WAYS = ("", "view", "middleware")


@pytest.fixture
def everybody(deployed):
    """Somebody of every role with a case of their own, all of the same words."""
    worlds = {role: full_world(make_user(role.value)) for role in Role}
    clients = {role: Client() for role in Role}
    for role, client in clients.items():
        client.force_login(worlds[role].owner)
    return worlds, clients


def send_images(deployed, who, case: str, folder) -> None:
    typed = {"case": case, "key": "0" * 32}
    opened = deployed.ask("POST", reverse("imaging:upload_start"), who=who, body=typed)
    assert opened.status == 200, opened.text[:300]
    where = json.loads(opened.text)
    body = body_of(sent_files(folder))
    assert deployed.ask("POST", where["files"], who=who, body=body, Content_Type=CONTENT_TYPE).status == 200
    assert deployed.ask("POST", where["close"], who=who).status < 400


def test_nothing_of_the_case_leaves_the_deployment(deployed, monitored, everybody, tmp_path):
    worlds, clients = everybody
    for name in ("web", "worker", "beat"):
        deployed.start(name)
    nuclear = clients[Role.NUCLEAR_MEDICINE]
    case = worlds[Role.NUCLEAR_MEDICINE].patient.case_number
    send_images(deployed, nuclear, case, tmp_path / "sent")
    statuses, told = set(), []
    for number, (name, rule, method, roles) in enumerate(allowed()):
        for role in roles:
            address = reverse(name, kwargs=worlds[role].kwargs(rule.about))
            how = WAYS[number % len(WAYS)]
            answer = deployed.ask(
                method, address, who=clients[role], body=TYPED if method == "post" else b"", X_Break=how
            )
            is_missing = how == "view" and rule.may_be_missing and answer.status == 404
            assert not how or answer.status == 500 or is_missing, (name, method, role, answer.status)
            statuses.add(answer.status)
            told += [("answer to an error", answer.text)] if answer.status >= 500 else []
            told += [("name of a download", (answer.headers["Content-Disposition"] or "").encode())]
    assert {200, 302, 422, 500} <= statuses
    wait_for(lambda: not Job.objects.filter(state__in=("queued", "running")).exists(), 120, "all work")
    wait_for(lambda: PatientExport.objects.filter(state="done").exists(), 60, "an export of a patient")
    assert UploadItem.objects.filter(outcome="held").exists() and UploadItem.objects.filter(outcome="refused").exists()
    commands = monitored.commands()
    deployed.end("beat", "worker", "web")
    assert all(word in commands for word in (b"run_job", b"run_patient_export", b"read_news"))
    told += [*deployed.said(), *monitored.held(), ("queue server", commands)]
    told += [("process", one) for one in deployed.seen]
    told += [("temporary file", f"{name} ".encode() + data) for name, data in deployed.files.items()]
    told += [
        ("name of a file", str(path.relative_to(settings.DATA_DIR)).encode()) for path in deployed.folder.rglob("*")
    ]
    assert all_found_in(told) == []
