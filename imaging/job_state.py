"""What live pages ask for: open work as it stands, and a mark that changes whenever the page itself would."""

import hashlib
import json
from typing import Any

from django.db.models import Max

from imaging import access
from imaging.job_lines import job_lines
from imaging.models import Job
from patients import outbox

SHOWN = 40


def jobs_state(user) -> dict[str, Any]:
    """Open jobs this user may see, and ``revision``: when it differs from the page's, the page is read again."""
    found = access.visible_jobs(user).filter(state__in=Job.OPEN).select_related("patient", "cancelled_by")
    lines = [line.json() for line in job_lines(found.order_by("created_at")[:SHOWN], user)]
    return {"jobs": lines, "revision": _revision(lines), "is_quiet": not lines}


def _revision(lines: list[dict]) -> str:
    """Which jobs are open and in what state, the last one to end anywhere, and how far the trail is."""
    ended = Job.objects.aggregate(last=Max("finished_at"))["last"]
    return _digest([[[line["id"], line["state"], line["tries"]] for line in lines], str(ended), outbox.mark().get()])


def etag_of(found: Any) -> str:
    return f'"{_digest(found)}"'


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:20]
