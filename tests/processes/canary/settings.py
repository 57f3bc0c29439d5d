"""The product's settings, with a way to break each layer from outside."""

from config.settings import *  # noqa: F403

INSTALLED_APPS = [*INSTALLED_APPS, "tests.processes.canary.breaking"]  # noqa: F405
BREAKS = "tests.processes.canary.breaking.web.Breaks"
MIDDLEWARE = [*MIDDLEWARE[:3], BREAKS, *MIDDLEWARE[3:]]  # noqa: F405
