"""The Celery application. The broker is a bell: losing it loses no work."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
app = Celery("prrt")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
