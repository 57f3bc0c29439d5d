"""`manage.py demo`: everything needed to look at the product, on this computer only, until Ctrl-C."""

import os
import subprocess
import sys
import time

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from demo.launcher import Launcher, StartFailed, free_port


class Command(BaseCommand):
    help = "Start web server, worker, beat and a private queue server, load the demonstration cohort, run until Ctrl-C."
    requires_system_checks = ()

    def add_arguments(self, parser):
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--workers", type=int, default=2, help="processes of the Celery worker")
        parser.add_argument("--without-cohort", action="store_true", help="do not load the demonstration cases")

    def handle(self, *, port, workers, without_cohort, **_):
        if not settings.IS_DEMO:
            raise CommandError("PRRT_MODE is not 'demo'. The demonstration never runs on a real deployment.")
        self.started = time.monotonic()
        quiet = {"PYTHONUNBUFFERED": "1", "PYTHONWARNINGS": "ignore"}  # the terminal is for the reader
        env = os.environ | quiet | {"DJANGO_SETTINGS_MODULE": "config.settings"}
        launcher = Launcher(settings.DATA_DIR, env, self.say, broker_note=settings.DEMO_BROKER_NOTE)
        try:
            ended = self._run(launcher, env, port, workers, without_cohort)
        except StartFailed as failure:
            if launcher.stop_requested:
                return
            raise CommandError(f"Not started: {failure}.") from None
        finally:
            self.say("stopping")
            launcher.stop()
            self.say("stopped; nothing is left running")
        if ended:
            raise CommandError(f"The {ended} process ended by itself; everything else was stopped.")

    def _run(self, launcher, env, port, workers, without_cohort):
        if "CELERY_BROKER_URL" not in env:
            env["CELERY_BROKER_URL"] = launcher.start_broker()
        if env["CELERY_BROKER_URL"].startswith("filesystem"):
            self.say("no embedded queue server fits this computer: using the filesystem transport")
        self._manage(env, "migrate", "-v0")
        port = free_port(port)
        address = f"http://127.0.0.1:{port}/"
        bind = f"127.0.0.1:{port}"
        gunicorn = [sys.executable, "-m", "gunicorn", "config.wsgi", "-b", bind, "--workers", "2", "--threads", "16"]
        launcher.spawn("web", *gunicorn, "--log-level", "warning", "--timeout", "120", "--graceful-timeout", "3")
        celery = [sys.executable, "-m", "celery", "-A", "config", "--quiet"]
        flags = ["--without-gossip", "--without-mingle", "--loglevel", "WARNING"]
        launcher.spawn("worker", *celery, "worker", "-c", str(workers), *flags)
        schedule = settings.DATA_DIR / "beat-schedule"
        launcher.spawn("beat", *celery, "beat", "-s", str(schedule), "--pidfile=", "--loglevel", "WARNING")
        launcher.wait_for_web(address + "healthz")
        self.say(f"first page served at {address}")
        if not without_cohort:
            self._load_cohort(launcher, env)
        if not launcher.stop_requested:
            self._print_card(address)
        return launcher.run_until_stopped()

    def _load_cohort(self, launcher, env):
        """In a child of its own session, so that Ctrl-C during loading still stops everything in order."""
        loader = subprocess.Popen([sys.executable, "manage.py", "load_demo"], env=env, start_new_session=True)
        while loader.poll() is None:
            if launcher.stop_requested or launcher.first_dead():
                loader.terminate()
                loader.wait(20)
                return
            time.sleep(0.2)
        if loader.returncode:
            raise StartFailed("the demonstration cohort could not be loaded; its last lines are above")
        self._manage(env, "watch", stdout=subprocess.DEVNULL)  # the look of the night, so that the watch list is whole
        self.say("demonstration cohort loaded and computed")

    def _manage(self, env, *arguments, stdout=None):
        command = [sys.executable, "manage.py", *arguments]
        result = subprocess.run(command, env=env, start_new_session=True, check=False, stdout=stdout)
        if result.returncode:
            raise StartFailed(f"`manage.py {arguments[0]}` failed")

    def _print_card(self, address):
        from demo.accounts import DEMO_CHAIR, DEMO_COORDINATOR, DEMO_PASSWORD, DEMO_USER

        self.stdout.write(
            f"\n  PRRT Board is running at  {address}\n"
            f"  Sign in as                {DEMO_USER} (reads scans)\n"
            f"  or                        {DEMO_COORDINATOR} (prepares a meeting)\n"
            f"  or                        {DEMO_CHAIR} (runs it; the room's screen is {address}display/)\n"
            f"  Password of all three     {DEMO_PASSWORD}\n"
            "  Stop with                 Ctrl-C\n\n"
            "  Demonstration data only. Research and decision support, not a certified medical device.\n"
        )

    def say(self, message):
        self.stdout.write(f"[{time.monotonic() - self.started:6.1f} s] {message}")
