"""A case whose every word is one of a kind goes through every route, well and badly; no sink has one of its words."""

import logging
import tempfile
import time
from collections import Counter
from pathlib import Path

import pytest
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from imaging.framing import CONTENT_TYPE
from imaging.models import Job, Series, Upload
from imaging.services import importing, running
from imaging.tasks import ring
from patients.domain.roles import Role
from patients.services import grant_access
from tests.contracts.canary import TYPED, WORD, Sinks, allowed, body_of, sent_files
from tests.contracts.canary_fields import values
from tests.contracts.canary_rows import full_world
from tests.contracts.routes import ROUTES
from tests.parts import sliced
from tests.patients.factories import make_user

pytestmark = pytest.mark.django_db(transaction=True)
NO_VIEWS = ("head", "options", "put", "patch", "delete")
ROLES = (Role.NUCLEAR_MEDICINE, Role.COORDINATOR, Role.DATA_ENTRY)


@pytest.fixture
def sinks(transactional_db, tmp_path):
    with Sinks(tmp_path / "scratch") as found:
        yield found


@pytest.fixture
def people(transactional_db):
    """Somebody of every role who works on the case, each with a client."""
    users = {role: make_user(role.value, is_staff=role == Role.NUCLEAR_MEDICINE) for role in ROLES}
    world = full_world(users[Role.NUCLEAR_MEDICINE])
    opener = make_user("coordinator")
    for user in users.values():
        grant_access(by=opener, patient=world.patient, kind="care_team", user=user)
    clients = {role: Client(raise_request_exception=False) for role in ROLES}
    for role, client in clients.items():
        client.force_login(users[role])
    return world, users, clients


def asked(client, world, method: str, data: dict):
    for name, rules in ROUTES.items():
        for rule in rules:
            address = reverse(name, kwargs=world.kwargs(rule.about))
            yield name, getattr(client, method)(address, data)


def everything(sinks, world, clients, *, may_fail: bool) -> int:
    number = 0
    for client in clients.values():
        for method, data in (("get", TYPED), ("post", TYPED)):
            for name, answer in asked(client, world, method, data):
                number += 1
                assert may_fail or answer.status_code < 500, (method, name)
                sinks.look(answer)
                if answer.status_code >= 500:
                    sinks.answers_to_strangers.append(answer.content.decode())
    return number


@pytest.fixture
def failing(settings):
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "tests.contracts.canary.FailsAfterTheView"]


def test_every_route_as_it_should_be(sinks, people):
    world, _, clients = people
    two = {role: clients[role] for role in ROLES[:2]}
    assert everything(sinks, world, two, may_fail=False) > 400
    assert '"route": "patients/<case:case_number>/"' in sinks.lines, "nothing was logged, so nothing was tested"
    assert sinks.hits() == {}


@pytest.fixture
def everybody(transactional_db):
    """Somebody of every role with a case of their own, all of the same words."""
    worlds = {role: full_world(make_user(role.value)) for role in Role}
    clients = {role: Client(raise_request_exception=False) for role in Role}
    for role, client in clients.items():
        client.force_login(worlds[role].owner)
    return worlds, clients


@pytest.mark.one_engine
def test_every_view_while_it_breaks(sinks, everybody, failing):
    """An unexpected error in each of them: neither the log nor the page that says so has a word of it.

    As the role that was asked least so far, so that all of them meet errors.
    """
    (worlds, clients), asked_by, unbroken = everybody, Counter(), set()
    for name, rule, method, roles in allowed():
        role = min(roles, key=lambda one: asked_by[one])
        answer = getattr(clients[role], method)(reverse(name, kwargs=worlds[role].kwargs(rule.about)), TYPED)
        sinks.look(answer)
        sinks.answers_to_strangers.append(answer.content.decode() if answer.status_code >= 500 else "")
        asked_by[role] += answer.status_code == 500
        unbroken |= set() if answer.status_code == 500 or rule.may_be_missing else {(name, method, role)}
    assert unbroken == set()
    assert min(asked_by[role] for role in Role) > 0, asked_by
    assert sinks.lines.count("RuntimeError") >= asked_by.total()
    assert sinks.hits() == {}


def tried(sinks, everybody, methods, step: int = 1) -> set[tuple[str, str, Role, int]]:
    """Every view as every role that may open it, and by each ``step``-th of these methods in turn: route, method, role, status."""
    (worlds, clients), found, turn = everybody, set(), Counter()
    for name, rule, method, roles in allowed():
        for role in roles:
            turn[role] += 1
            for asked_by in methods[turn[role] % step :: step] if methods else (method,):
                address = reverse(name, kwargs=worlds[role].kwargs(rule.about))
                answer = getattr(clients[role], asked_by)(address, TYPED)
                sinks.look(answer)
                if answer.status_code >= 500:
                    sinks.answers_to_strangers.append(answer.content.decode())
                found.add((name, asked_by, role, answer.status_code))
    return found


@pytest.mark.one_engine
def test_every_view_breaks_as_every_role_that_may_open_it(sinks, everybody, settings):
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "tests.contracts.breaking.FailsBeforeTheView"]
    found = tried(sinks, everybody, ())
    assert {status for *_, status in found} == {500}
    assert len(found) == len({(name, method, role) for name, _, method, roles in allowed() for role in roles}) > 600
    assert sinks.lines.count("RuntimeError") >= len(found)
    assert sinks.hits() == {}


@pytest.mark.one_engine
@pytest.mark.parametrize("step", sliced(3, 1), ids=["slice", "all"])
def test_no_view_is_reached_by_another_method(sinks, everybody, settings, step):
    """All but GET and POST are refused before a view could break, and the refusal says nothing of the case."""
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "tests.contracts.breaking.FailsUnlessRefused"]
    found = tried(sinks, everybody, NO_VIEWS, step)
    assert {status for *_, status in found} == {405}
    asked = {(method, role) for _, method, role, _ in found}
    assert asked == {(method, role) for method in NO_VIEWS for role in Role}, "a slice has every method and role"
    assert sinks.hits() == {}


@pytest.mark.one_engine
def test_strangers(sinks, people):
    world, _, _ = people
    stranger, nobody = Client(), Client()
    stranger.force_login(make_user("nuclear_medicine"))
    for client in (stranger, nobody):
        for name, rules in ROUTES.items():
            for rule in rules:
                if not rule.about or Role.NUCLEAR_MEDICINE in rule.others:
                    continue
                address = reverse(name, kwargs=world.kwargs(rule.about))
                answer = client.get(address)
                said = answer.content.decode() + str(dict(answer.headers))
                sinks.answers_to_strangers.append(said.replace(address, "").replace(address.replace("/", "%2F"), ""))
    assert sinks.hits() == {}


@pytest.fixture
def files(tmp_path):
    return sent_files(tmp_path / "sent")


def _work(sinks) -> None:
    """As a worker does; what breaks is tried again a few times and then left."""
    for _ in range(6):
        pks = list(Job.objects.filter(state=Job.State.QUEUED).values_list("pk", flat=True))
        ring(pks)
        for pk in pks:
            running.run(pk)
            sinks.look()


@pytest.mark.parametrize("breaks", [False, True], ids=["well", "broken"])
def test_an_import(sinks, people, files, monkeypatch, breaks):
    """Through the browser's door: received, refused, held, compared, confirmed, measured, and an import that breaks."""
    world, _, clients = people
    client = clients[Role.NUCLEAR_MEDICINE]
    if breaks:
        monkeypatch.setattr(importing, "store_series", _break)
    opened = client.post(reverse("imaging:upload_start"), {"case": world.patient.case_number, "key": "0" * 32}).json()
    sinks.look(client.post(opened["files"], body_of(files), content_type=CONTENT_TYPE))
    sinks.look(client.post(opened["files"], body_of(files)[:-100], content_type=CONTENT_TYPE))
    sinks.look(client.post(opened["close"]))
    _work(sinks)
    upload = Upload.objects.get(pk=opened["detail"].rstrip("/").rpartition("/")[2])
    for address in (opened["detail"], reverse("imaging:held"), reverse("imaging:jobs")):
        sinks.look(client.get(address))
    if not breaks:
        series = Series.objects.filter(upload_items__upload=upload, modality="PT").first()
        assert series.study.dicom_patient_id == f"{WORD}-ID"
        typed = {"case": world.patient.case_number, "reason": f"{WORD}-REASON"}
        sinks.look(client.post(reverse("imaging:confirm", args=[series.pk]), typed))
        _work(sinks)
        weight = {"name": "body_weight_kg", "value": "61", "reason": f"{WORD}-WEIGHED"}
        sinks.look(client.post(reverse("imaging:suv_input", args=[series.pk]), weight))
        _work(sinks)
        series.refresh_from_db()
        assert series.identity == "attached" and series.suv_results.exists()
        for name, pk in (("series", series.pk), ("mip", series.pk), ("scan", series.pet_of_scans.get().pk)):
            sinks.look(client.get(reverse(f"imaging:{name}", args=[pk])))
    assert Job.objects.filter(kind="import", attempts__gt=0).exists()
    assert sinks.hits() == {}


def _break(*_args, **_kwargs):
    raise RuntimeError(f"could not digest {WORD}")


def test_files_and_bundles_that_no_form_can_read(sinks, people):
    world, _, clients = people
    for role in (Role.NUCLEAR_MEDICINE, Role.DATA_ENTRY):
        broken = SimpleUploadedFile(f"{WORD}.json", b'{"resourceType": "Bundle", "id": "ZQCANARY"', "application/json")
        sinks.look(clients[role].post(reverse("board:import_fhir"), {"file": broken, "bundle": broken}))
        sinks.look(clients[role].get(reverse("board:export_fhir", args=[world.patient.case_number])))
        sent = SimpleUploadedFile(f"{WORD}.dcm", b"x" * 3_000_000)
        sinks.look(clients[role].post(reverse("imaging:upload"), {"files": sent, "case": world.patient.case_number}))
    _work(sinks)
    assert sinks.hits() == {}


def test_commands(sinks, people, tmp_path, settings):
    settings.ANCHOR_FILE = str(tmp_path / "anchor.txt")
    with open(tmp_path / "said.txt", "w") as said:
        for command in (["watch"], ["storage_check", "--json"], ["backup", str(tmp_path / "backups")], ["anchor"]):
            try:
                call_command(*command, stdout=said, stderr=said)
            except (SystemExit, Exception) as error:
                said.write(str(error))
    sinks.answers_to_strangers.append(
        (tmp_path / "anchor.txt").read_text() if (tmp_path / "anchor.txt").exists() else ""
    )
    text = (tmp_path / "said.txt").read_text()
    sinks.answers_to_strangers.append("\n".join(line for line in text.splitlines() if "CASE" not in line))
    assert sinks.hits() == {}


def _plant_log():
    logging.getLogger("prrt.board").warning("decision about %s", WORD)


def _plant_file():
    from django.conf import settings

    (Path(settings.DATA_DIR) / f"{WORD}.png").write_text("x")


def _plant_temporary():
    Path(tempfile.mkstemp()[1]).write_text(f"born 1901-02-03, {WORD}")


def _plant_mail():
    mail.send_mail(f"About {WORD}", "x", None, ["a@example.org"])


@pytest.mark.parametrize(
    ("plant", "sink"),
    [(_plant_log, "log"), (_plant_file, "name of a file"), (_plant_temporary, "temporary file"), (_plant_mail, "mail")],
)
def test_a_word_that_got_out_would_be_found(sinks, plant, sink):
    plant()
    assert list(sinks.hits()) == [sink]
    from django.conf import settings

    (Path(settings.DATA_DIR) / f"{WORD}.png").unlink(missing_ok=True)


def test_a_message_an_argument_and_an_address_would_be_found(sinks, settings):
    import subprocess

    from celery import current_app
    from django.http import HttpResponse

    spoken = subprocess.Popen(["/bin/sh", "-c", f"sleep 20; : {WORD}"])
    arguments = Path(f"/proc/{spoken.pid}/cmdline")
    for _ in range(500):  # a program that has only just begun shows none for a moment
        if arguments.read_bytes():
            break
        time.sleep(0.01)
    sinks.look()
    sinks.look(HttpResponse(f'<a href="/patients/{WORD}-CASE-1/?name={WORD}">x</a>'))
    sinks.look(HttpResponse(f"<title>PET of {values()['imaging.Series.series_date']:%-d %b %Y}</title>"))
    spoken.kill()
    spoken.wait()
    found = sinks.hits()
    if settings.CELERY_BROKER_URL.startswith("filesystem"):
        current_app.send_task("imaging.tasks.run_job", [f"{WORD}-1"])
        assert "message to the worker" in sinks.hits()
    assert {"arguments of a process", "address", "title of a page"} <= set(found)
