"""`manage.py load_demo`: the three demonstration cases, imported and computed like real data."""

import time

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from demo.accounts import DEMO_PASSWORD, DEMO_USER
from demo.loading import CASES, Loader
from demo.people import demo_team
from imaging.models import Job
from imaging.services.running import run_until_done
from imaging.tasks import ring

PATIENCE_SECONDS = 300


class Command(BaseCommand):
    help = "Load the demonstration cohort. Uses the running worker; works the jobs off itself where there is none."

    def add_arguments(self, parser):
        parser.add_argument("--inline", action="store_true", help="do not wait for a worker, work the jobs off here")
        parser.add_argument(
            "--patience", type=float, default=6.0, help="seconds a job may wait unclaimed before it is run here"
        )

    def handle(self, *, inline, patience, **_):
        if not settings.IS_DEMO:
            raise CommandError("PRRT_MODE is not 'demo'. Demonstration data never go into a real deployment.")
        self.patience = 0.0 if inline else patience
        by, team = demo_team()
        loader = Loader(by, team, self.stdout.write)
        charts = [loader.chart(case_number) for case_number in CASES]
        sent = [loader_job for chart in charts for loader_job in self._send(loader, *chart)]
        self._finish(sent)
        described = [loader.describe_scan(case, scan) for case, _ in charts for scan in case.scans]
        self._finish(described)
        for case, _ in charts:
            for scan in case.scans:
                loader.read_scan(case, scan)
        for case, patient in charts:
            loader.decide(case, patient)
            loader.ask(case, patient)
        done = "loaded and computed" if any((*sent, *described)) else "already loaded"
        self.stdout.write(f"Demonstration cohort {done}: cases {', '.join(CASES)}.")
        self.stdout.write(f"Sign in as {DEMO_USER}, password {DEMO_PASSWORD}")

    def _send(self, loader, case, patient):
        for scan in case.scans:
            job = loader.send_scan(case, patient, scan)
            if job and self.patience:
                ring([job.pk])
            yield job

    def _finish(self, jobs):
        """Wait until the jobs and all that follows from them are done; run what nobody takes."""
        pks = [job.pk for job in jobs if job]
        if not pks:
            return
        patients = {job.patient_id for job in jobs if job}
        ring(pks) if self.patience else [run_until_done(pk) for pk in pks]
        started, quiet_since = time.monotonic(), time.monotonic()
        while waiting := list(Job.objects.filter(patient__in=patients, state__in=Job.OPEN)):
            if any(job.state == Job.State.RUNNING for job in waiting):
                quiet_since = time.monotonic()
            if time.monotonic() - quiet_since >= self.patience:
                run_until_done(waiting[0].pk)
            if time.monotonic() - started > PATIENCE_SECONDS:
                raise CommandError("The background jobs did not end in time; run load_demo again to continue.")
            time.sleep(0.2)
        stopped = Job.objects.filter(patient__in=patients, state__in=Job.WITHOUT_RESULT)
        if codes := sorted(set(stopped.values_list("reason_code", flat=True))):
            raise CommandError(f"Loading stopped: {', '.join(codes)}.")
