"""The product's settings in a worker of which one kind of work always ends the process; leases are short."""

from config.settings import *  # noqa: F403

INSTALLED_APPS = [*INSTALLED_APPS, "tests.processes.poison.PoisonConfig"]  # noqa: F405
JOB_LEASE_SECONDS, JOB_RENEW_SECONDS, JOB_SWEEP_SECONDS = 5, 1.25, 1
