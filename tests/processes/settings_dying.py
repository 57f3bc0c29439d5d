"""The product's settings in a process that dies where it is told to, with a short lease so that others take over soon."""

from config.settings import *  # noqa: F403

INSTALLED_APPS = [*INSTALLED_APPS, "tests.processes.dying.DyingConfig"]  # noqa: F405
JOB_LEASE_SECONDS, JOB_RENEW_SECONDS, JOB_SWEEP_SECONDS = 6, 1.5, 1
