"""Another file under a SOP Instance UID that is taken: kept and held, in no series; the first one stays as it is.

What tells the two apart is said by the names of elements alone. Where the first file lies in a chart that the sender
may not open, nothing is compared: else whoever knows a UID could ask for its values by guessing them.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from imaging import access, jobs, sandbox, store
from imaging.instances import FileRefusal
from imaging.models import UploadItem

HELD = FileRefusal("sop_uid_conflict")
NOT_COMPARED = "not compared with the first one"
NO_ELEMENT = "no element differs: only preamble, padding or what follows the image"
MOST_NAMED = 200
FIELDS = ("outcome", "reason_code", "detail", "differences", "series")


@dataclass
class Conflict:
    """Equal files of one upload, and the first file of their UID; ``series`` is where that one was before."""

    items: list[UploadItem]
    first: str
    series: uuid.UUID | None


def hold(conflicts: Sequence[Conflict], *, by, lease: jobs.Lease) -> list[UploadItem]:
    """The items with their outcome, not saved yet. Reads files, so call it outside of a transaction."""
    known = {conflict.series for conflict in conflicts if conflict.series}
    open_to_sender = set(access.visible_series(by).filter(pk__in=known).values_list("pk", flat=True)) | {None}
    compared = [conflict for conflict in conflicts if conflict.series in open_to_sender]
    files = [store.path(sha256) for conflict in compared for sha256 in (conflict.first, conflict.items[0].sha256)]
    digests = sandbox.read_digests(files)
    for conflict, first, second in zip(compared, digests, digests, strict=True):
        lease.check()
        _note(conflict, differences(first, second))
    for conflict in conflicts:
        if conflict.series not in open_to_sender:
            _note(conflict, None)
    return [item for conflict in conflicts for item in conflict.items]


def differences(first: dict | FileRefusal, second: dict | FileRefusal) -> list[dict[str, str]] | None:
    """Tag and keyword of each element that only one has or that is not the same; None where one cannot be read."""
    if isinstance(first, FileRefusal) or isinstance(second, FileRefusal):
        return None
    tags = sorted(tag for tag in first.keys() | second.keys() if first.get(tag) != second.get(tag))
    return [{"tag": f"({tag[:4]},{tag[4:]})", "name": (first.get(tag) or second[tag])[0]} for tag in tags]


def _note(conflict: Conflict, found: list[dict[str, str]] | None) -> None:
    for item in conflict.items:
        item.outcome, item.reason_code, item.series = UploadItem.Outcome.HELD, HELD.code, None
        item.differences, item.detail = (found or [])[:MOST_NAMED], _in_short(found)


def _in_short(found: list[dict[str, str]] | None) -> str:
    if not found:
        return NOT_COMPARED if found is None else NO_ELEMENT
    return f"{len(found)} element{'s differ' if len(found) > 1 else ' differs'}"
