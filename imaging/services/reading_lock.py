"""Two people at one draft: what one of them changed is never written over unseen by the other.

A page carries a token of each part it shows, made from the values themselves. Who changed them is in the trail.
"""

import hashlib
import json

from django.utils import timezone

from imaging import digests, selectors
from imaging.models import LesionReading, Reading
from imaging.refused import Refused
from patients.models import AuditEvent
from patients.services import snapshot

_NOT_ANSWERS = {"id", "reader_id", "version", "state", "signed_at", "created_at", "inputs_sha256", "amends_id"}


class Stale(Refused):
    """The part was changed since it was shown."""


def token_of_score(row: LesionReading | None) -> str:
    return _token({} if row is None else snapshot(row))


def token_of_answers(reading: Reading) -> str:
    return _token({name: value for name, value in snapshot(reading).items() if name not in _NOT_ANSWERS})


def token_of_entries(reading: Reading) -> str:
    """Of everything persons entered."""
    scores = [snapshot(row) for row in reading.lesions.order_by("pk")]
    return _token({"answers": token_of_answers(reading), "scores": scores})


def token_of_reading(reading: Reading, measured: list[selectors.CurrentMeasurement] | None = None) -> str:
    """Of everything a signature covers, in two halves: the entries, and the numbers that stand beside them."""
    measured = selectors.measurements(reading.scan) if measured is None else measured
    return f"{token_of_entries(reading)}-{digests.of_reading(reading.scan, measured)[:16]}"


def token_after(seen: str, before: str, reading: Reading) -> str:
    """What a page has seen after a step of its own, ``before`` being the entries just before it.

    What somebody else entered meanwhile stays unseen, and numbers are seen only where they are shown.
    """
    entries, _, numbers = seen.partition("-")
    return f"{token_of_entries(reading)}-{numbers}" if entries == before else seen


def check_whole(seen: str | None, now: str, reading: Reading) -> None:
    """Before a signature: neither entries nor numbers were changed since they were shown."""
    if seen is None or seen == now:
        return
    check_seen(seen.partition("-")[0], now.partition("-")[0], reading)
    raise Stale("reading_numbers_changed")


def check_seen(seen: str | None, now: str, changed: LesionReading | Reading | None) -> None:
    if seen is not None and seen != now:
        raise Stale("reading_changed", **_who(changed))


def _who(changed) -> dict[str, str]:
    """By whom and when; of a signature, the last change of the reading or of any of its lesions."""
    about = [] if changed is None else [str(changed.pk)]
    if isinstance(changed, Reading):
        about += [str(pk) for pk in changed.lesions.values_list("pk", flat=True)]
    labels = [LesionReading._meta.label, Reading._meta.label]
    event = AuditEvent.objects.filter(object_type__in=labels, object_id__in=about).order_by("-id").first()
    if event is None:
        return {"by": "somebody else", "at": "an unknown time"}
    return {"by": str(event.by or "the system"), "at": f"{timezone.localtime(event.at):%H:%M}"}


def _token(values: dict) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]
