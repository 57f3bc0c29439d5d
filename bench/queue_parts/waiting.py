"""Import a folder through the services and wait until no job is left."""

import time
from pathlib import Path

from django.db import transaction

from imaging import services
from imaging.models import Job, Series, Upload
from imaging.tasks import ring
from patients.models import User

PATIENCE_SECONDS = 120


def import_folder(folder: Path) -> int:
    user = User.objects.create(username="bench", role="nuclear_medicine")
    upload = services.open_upload(by=user, source=Upload.Source.COMMAND)
    for path in sorted(folder.rglob("*.dcm")):
        with path.open("rb") as stream:
            services.add_file(by=user, upload=upload, label=path.name, stream=stream)
    with transaction.atomic():
        job = services.close_upload(by=user, upload=upload)
        ring([job.pk])
    limit = time.monotonic() + PATIENCE_SECONDS
    while Job.objects.exclude(state__in=[Job.State.DONE, Job.State.FAILED]).exists() or not Series.objects.exists():
        if time.monotonic() > limit:
            raise TimeoutError("the import did not end")
        time.sleep(0.1)
    return Series.objects.count()
