"""Writing down who was shown what. Called before an answer leaves; when it fails, the answer does not."""

import uuid
from dataclasses import dataclass

from django.db import transaction

from patients import outbox
from patients.models import AccessEvent, Patient
from patients.reads import Notes

Kind = AccessEvent.Kind
MARK_LENGTH = 40
DEVICE_LENGTH = 100


@dataclass(frozen=True)
class Asked:
    """One request: who, from where, for what. Without a request: a command of the server, as ``device``."""

    by: object = None
    route: str = ""
    method: str = ""
    address: str = ""
    request_id: str = ""
    device: str = ""
    kind: str = ""


def record_reads(*, asked: Asked, notes: Notes, mark: str = "") -> int:
    """One row for every patient noted; how many there were."""
    if notes.holds_nothing:
        return 0
    about = _who(asked, notes.device or asked.device) | {"mark": mark[:MARK_LENGTH]}
    of_all = notes.kind or asked.kind
    rows = [AccessEvent(**about, patient_id=pk, kind=of_all or kind) for pk, kind in _shown(notes).items()]
    rows += [AccessEvent(**about, subject=text[:80], kind=of_all or Kind.PAGE) for text in sorted(notes.subjects)]
    if rows:
        _store(rows)
    return len(rows)


def record_read(*, by, patient: Patient, route: str, kind: str = AccessEvent.Kind.EXPORT) -> None:
    """One case handed out without a request: by a command of the server."""
    device = "" if by else "command line of the server"
    _store([AccessEvent(user=by, device=device, patient=patient, kind=kind, route=route, method="command")])


def record_again(*, asked: Asked, mark: str) -> int:
    """ "As before" was answered: the page this person keeps shows the same patients again."""
    kept = AccessEvent.objects.filter(user=asked.by, mark=mark[:MARK_LENGTH]).order_by("-id")
    first = kept.values_list("request_id", flat=True).first() if mark else None
    if not first:
        return 0
    rows = list(kept.filter(request_id=first).values("patient_id", "subject", "kind"))
    about = _who(asked, "") | {"mark": mark[:MARK_LENGTH]}
    _store([AccessEvent(**about, **row) for row in rows])
    return len(rows)


def record_access(*, asked: Asked, kind: str) -> None:
    """Something that is about no patient: a sign-in, a look into the trail itself."""
    _store([AccessEvent(**_who(asked, asked.device), kind=kind)])


def new_request_id() -> str:
    return uuid.uuid4().hex


def _who(asked: Asked, device: str) -> dict:
    return {
        "user": asked.by,
        "device": device[:DEVICE_LENGTH],
        "route": asked.route[:80],
        "method": asked.method[:8],
        "address": asked.address[:64],
        "request_id": asked.request_id,
    }


def _shown(notes: Notes) -> dict[str, str]:
    found = dict(notes.patients)
    if notes.cases:
        named = Patient.objects.filter(case_number__in=notes.cases).values_list("pk", flat=True)
        found = {str(pk): AccessEvent.Kind.LIST.value for pk in named} | found
    return found


@transaction.atomic(savepoint=False)
def _store(events) -> None:
    outbox.hold_reads_open()
    AccessEvent.objects.bulk_create(list(events), batch_size=500)
