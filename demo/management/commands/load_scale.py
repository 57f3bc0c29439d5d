"""`manage.py load_scale N`: N synthetic patients without images, for benchmarks."""

import time

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from demo.people import demo_team
from demo.scale import load
from patients.services import audit


class Command(BaseCommand):
    help = "Add N synthetic patients (histology, lines, labs, scans and readings as rows, no images)."

    def add_arguments(self, parser):
        parser.add_argument("count", type=int)

    def handle(self, *, count, verbosity, **_):
        if not settings.IS_DEMO:
            raise CommandError("PRRT_MODE is not 'demo'. Synthetic patients never go into a real deployment.")
        if count < 1:
            raise CommandError("Give a number of patients above zero.")
        started = time.monotonic()
        by, team = demo_team()
        rows = load(count, by=by, team=team, say=self.stdout.write if verbosity > 1 else lambda _: None)
        with transaction.atomic():
            audit(by=by, action="load_scale", obj=team, after={"patients": count, "rows": rows})
        seconds = time.monotonic() - started
        self.stdout.write(f"{count} synthetic patients, {rows} rows, {seconds:.0f} s")
