"""The WSGI entry point."""

import importlib
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()
importlib.import_module("config.at_start").refuse_wrong_rules()

# What marking a region loads when first used: a server has it before anybody waits for it, a command never needs it.
for name in ("scipy.ndimage", "scipy.sparse.csgraph"):
    importlib.import_module(name)
