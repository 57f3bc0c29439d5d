"""`manage.py load_demo`: the demonstration cases, imported and computed like real data."""

import time

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from demo.accounts import DEMO_PASSWORD, DEMO_USER
from demo.loading import CASES, Loader
from demo.meetings import demo_meeting
from demo.people import demo_team
from imaging.models import Job
from imaging.services.running import run
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
        worked = [job for row in _in_order(charts) for job in self._load(loader, row)]
        for case, _ in charts:
            for scan in case.scans:
                self._finish(loader.read_scan(case, scan))
        for case, patient in charts:
            loader.decide(case, patient)
            loader.ask(case, patient)
        if meeting := demo_meeting():
            self.stdout.write(f"Next meeting: {meeting}")
        done = "loaded and computed" if any(worked) else "already loaded"
        self.stdout.write(f"Demonstration cohort {done}: cases {', '.join(CASES)}.")
        self.stdout.write(f"Sign in as {DEMO_USER}, password {DEMO_PASSWORD}")

    def _load(self, loader, scans):
        """Send and describe scans of different cases; the next ones of these cases find their lesions known.

        Described as soon as the images are in, so that each scan is looked at and drawn once, with its lesions.
        """
        sent = [self._send(loader, *row) for row in scans]
        self._finish(sent, kind=Job.Kind.IMPORT)
        described = [loader.describe_scan(case, scan) for case, _, scan in scans]
        self._finish([*sent, *described])
        return [*sent, *described]

    def _send(self, loader, case, patient, scan):
        job = loader.send_scan(case, patient, scan)
        if job and self.patience:
            ring([job.pk])
        return job

    def _finish(self, jobs, **of):
        """Wait until the jobs and what follows from them are done (``of`` a kind only); run what nobody takes."""
        found = [job for job in jobs if job]
        if not found:
            return
        if self.patience:
            ring([job.pk for job in found])
        all_jobs = Job.objects.filter(patient__in={job.patient_id for job in found}, **of).order_by("created_at")
        started, quiet_since = time.monotonic(), time.monotonic()
        while waiting := list(all_jobs.filter(state__in=Job.OPEN)):
            if any(job.state == Job.State.RUNNING for job in waiting):
                quiet_since = time.monotonic()
            if time.monotonic() - started > PATIENCE_SECONDS:
                raise CommandError("The background jobs did not end in time; run load_demo again to continue.")
            if time.monotonic() - quiet_since >= self.patience:
                run(waiting[0].pk)
            else:
                time.sleep(0.2)
        if codes := sorted(set(all_jobs.filter(state__in=Job.WITHOUT_RESULT).values_list("reason_code", flat=True))):
            raise CommandError(f"Loading stopped: {', '.join(codes)}.")


def _in_order(charts):
    """The first scan of every case, then the second ones: a case's scans come in the order they were made."""
    most = max(len(case.scans) for case, _ in charts)
    return [[(*chart, chart[0].scans[n]) for chart in charts if n < len(chart[0].scans)] for n in range(most)]
