"""Files that are held in no series: a person has looked, says so with a reason, and may look again.

The files stay as they came; only the list of work becomes shorter, or longer again.
"""

from django.db import transaction
from django.utils import timezone

from imaging import access
from imaging.models import Upload, UploadItem
from imaging.refused import Refused
from patients.domain.roles import Capability
from patients.services import audit


@transaction.atomic
def close_files(*, by, upload: Upload, code: str, reason: str) -> int:
    """All files of this import that are held for this reason; how many there were. Raises Refused."""
    values = {"closed_at": timezone.now(), "closed_by": by, "closed_reason": reason.strip()}
    number = _set(by, upload, code, reason, is_closed=False, values=values)
    after = {"code": code, "files": number}
    audit(by=by, action="close_files", obj=upload, patient=upload.patient, after=after, reason=reason)
    return number


@transaction.atomic
def reopen_files(*, by, upload: Upload, code: str, reason: str) -> int:
    values = {"closed_at": None, "closed_by": None, "closed_reason": ""}
    number = _set(by, upload, code, reason, is_closed=True, values=values)
    after = {"code": code, "files": number}
    audit(by=by, action="reopen_files", obj=upload, patient=upload.patient, after=after, reason=reason)
    return number


def _set(by, upload: Upload, code: str, reason: str, *, is_closed: bool, values: dict) -> int:
    if not by.may(Capability.RESOLVE_IDENTITY):
        raise Refused("not_permitted")
    if not reason.strip():
        raise Refused("reason_missing")
    if not access.visible_uploads(by).filter(pk=upload.pk).exists():
        raise Refused("case_not_found")
    rows = UploadItem.objects.filter(upload=upload, outcome=UploadItem.Outcome.HELD, series=None, reason_code=code)
    number = rows.filter(closed_at__isnull=not is_closed).update(**values)
    if not number:
        raise Refused("files_not_held")
    return number
