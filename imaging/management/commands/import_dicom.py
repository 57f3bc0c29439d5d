"""Import DICOM files, folders or ZIP archives through the same services as the browser."""

import json
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from django.contrib.auth import get_user_model
from django.core.management.base import CommandError, CommandParser

from imaging import disk, jobs, outcomes
from imaging.local_files import LocalFile, files_under
from imaging.models import Job, Upload, UploadItem
from imaging.refused import Refused, sentence
from imaging.services import add_files, close_upload, open_upload
from imaging.services.running import run
from imaging.store import StoreError
from imaging.tasks import ring
from patients.commands import CaseCommand
from patients.domain.roles import Capability, Role
from patients.models import Patient

BATCH = 64
REFUSED = 3
WORKER_PATIENCE_SECONDS = 3.0
POLL_SECONDS = 0.2


class Command(CaseCommand):
    help = "Import DICOM files, folders or ZIP archives; every file and every series has its outcome."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("paths", nargs="+", type=Path, metavar="PATH")
        parser.add_argument("--case", metavar="CASE", help="case number the scans belong to")
        parser.add_argument("--user", metavar="NAME", help="who imports (default: the only one who may)")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *, paths, case, user, json, **_) -> None:
        by = _user(user)
        patient = _patient(by, case)
        try:
            upload = _receive(by, patient, paths)
            job = close_upload(by=by, upload=upload)
        except (Refused, StoreError) as refusal:
            raise CommandError(outcomes.explain(refusal.code)) from refusal
        self._work_off(upload, job, quiet=json)
        upload.refresh_from_db()
        self._report(outcomes.of_upload(upload), as_json=json)
        if upload.state == Upload.State.FAILED:
            raise CommandError(f"The import failed: {outcomes.explain(upload.reason_code)}", returncode=REFUSED)
        if not upload.items.exclude(outcome=UploadItem.Outcome.REFUSED).exists():
            raise CommandError("Every file was refused; the reasons are above.", returncode=REFUSED)

    def _work_off(self, upload: Upload, job: Job, *, quiet: bool) -> None:
        """Leave the work to a worker that takes it at once; otherwise do it here. A claim keeps both apart."""
        ring([job.pk])
        limit = time.monotonic() + WORKER_PATIENCE_SECONDS
        while _state(job) == Job.State.QUEUED and time.monotonic() < limit:
            time.sleep(POLL_SECONDS)
        shown = ""
        while waiting := _open_jobs(upload, job):
            mine = [j for j in waiting if j.state == Job.State.QUEUED] if time.monotonic() >= limit else []
            for job_at_hand in mine or waiting[:1]:
                if not quiet:
                    shown = self._show(job_at_hand, shown)
                if mine:
                    run(job_at_hand.pk)
            if mine and not disk.has_room():
                raise CommandError(sentence(jobs.NO_ROOM))
            if mine:
                ring(jobs.sweep())  # nobody else may be here to give up what fails again and again
            else:
                time.sleep(POLL_SECONDS)

    def _show(self, job: Job, shown: str) -> str:
        line = f"{job.get_kind_display()}: {job.stage or job.get_state_display()}"
        if line != shown:
            self.stderr.write(line)
        return line

    def _report(self, found: dict, *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(found, indent=2))
            return
        for item in found["files"]:
            if item["sentence"]:
                self.stdout.write(f"{item['outcome']:9} {item['label']}: {item['sentence']}")
        for series in found["series"]:
            self.stdout.write(outcomes.line_of(series))
        counts = ", ".join(f"{n} {outcome}" for outcome, n in found["counts"].items() if n)
        self.stdout.write(f"Files: {counts or 'none'}.")


def _user(name: str | None):
    users = get_user_model().objects.filter(is_active=True)
    if name:
        found = users.filter(username=name).first()
        if found is None:
            raise CommandError(f"There is no user {name}.")
        return found
    able = [user for user in users.order_by("pk") if user.may(Capability.IMPORT_SCAN)]
    doctors = [user for user in able if user.role == Role.NUCLEAR_MEDICINE]
    if len(able) != 1 and len(doctors) != 1:
        raise CommandError("Say who imports with --user NAME.")
    return able[0] if len(able) == 1 else doctors[0]


def _patient(by, case: str | None) -> Patient | None:
    if case is None:
        return None
    patient = Patient.objects.visible_to(by).filter(case_number=case).first()
    if patient is None:
        raise CommandError(sentence("case_not_found"))
    return patient


def _receive(by, patient: Patient | None, paths: list[Path]) -> Upload:
    files = _files(paths)
    upload = open_upload(by=by, patient=patient, source=Upload.Source.COMMAND)
    while batch := list(islice(files, BATCH)):
        try:
            add_files(by=by, upload=upload, files=[(file.label, file) for file in batch])
        finally:
            for file in batch:
                file.close()
    return upload


def _files(paths: list[Path]) -> Iterator[LocalFile]:
    for path in paths:
        if not path.exists():
            raise CommandError(f"There is nothing at {path}.")
        yield from (LocalFile(file, path) for file in files_under(path))


def _state(job: Job) -> str:
    return Job.objects.values_list("state", flat=True).get(pk=job.pk)


def _open_jobs(upload: Upload, job: Job) -> list[Job]:
    return list(Job.objects.filter(pk__in=outcomes.jobs_of(upload, job), state__in=Job.OPEN).order_by("created_at"))
