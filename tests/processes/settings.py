"""The product's settings with one job kind replaced by a slow one, and the lease short where a test says so."""

import os

from config.settings import *  # noqa: F403

INSTALLED_APPS = [*INSTALLED_APPS, "tests.processes"]  # noqa: F405
if "TEST_LEASE_SECONDS" in os.environ:
    JOB_LEASE_SECONDS = float(os.environ["TEST_LEASE_SECONDS"])
    JOB_RENEW_SECONDS = JOB_LEASE_SECONDS / 4
    JOB_SWEEP_SECONDS = 1
