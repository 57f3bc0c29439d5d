"""Sealing the trail in batches, and verifying it."""

from collections.abc import Iterator
from typing import Any

from django.db import transaction
from django.utils import timezone

from patients import outbox
from patients.domain.trail_chain import (
    TABLES,
    TrailProblem,
    content_hash,
    problem_of_anchor,
    problems_of_rows,
    problems_of_seals,
    seal_hash,
)
from patients.models import AccessEvent, AuditEvent, TrailSeal
from patients.services.audit import snapshot

BATCH = 5000  # rows of each table that one seal covers at most: writers wait while a batch is read
_WRITES = "id at by_id action object_type object_id patient_id before after reason"
_ACCESSES = "id at user_id device patient_id subject kind route method address request_id mark"
_SEAL = (
    "sequence edition writes_from writes_to writes_count accesses_from accesses_to accesses_count content_hash "
    "previous_hash sealed_at hash"
)
# By edition: a column that comes later goes into a new one, so that older seals stay what they are.
EDITIONS = {1: {"writes": frozenset(_WRITES.split()), "accesses": frozenset(_ACCESSES.split())}}
NEWEST = max(EDITIONS)
MODELS = {"writes": AuditEvent, "accesses": AccessEvent}


def seal_all() -> int:
    """Close what has come, batch by batch, each in a transaction of its own: nobody waits longer than for one."""
    made = 0
    while seal():
        made += 1
    return made


@transaction.atomic
def seal() -> TrailSeal | None:
    """Close the next batch; None where nothing has come. Rows that are not final are never sealed."""
    outbox.settle()
    last = TrailSeal.objects.select_for_update().last()
    starts = {table: getattr(last, f"{table}_to") if last else 0 for table in TABLES}
    ends = {table: _end(table, starts[table]) for table in TABLES}
    if ends == starts:
        return None
    rows = {table: _rows(table, starts[table], ends[table], NEWEST) for table in TABLES}
    digest, counts = content_hash(rows)
    made = TrailSeal(
        sequence=last.sequence + 1 if last else 1,
        edition=NEWEST,
        content_hash=digest,
        previous_hash=last.hash if last else "",
        sealed_at=timezone.now(),
        **{f"{table}_from": starts[table] for table in TABLES},
        **{f"{table}_to": ends[table] for table in TABLES},
        **{f"{table}_count": counts[table] for table in TABLES},
    )
    made.hash = seal_hash(said_by(made))
    made.save(force_insert=True)
    return made


def said_by(made: TrailSeal) -> dict[str, Any]:
    return snapshot(made, _SEAL.split())


def verify_trail(*, anchors: list[tuple[int, str]] | None = None) -> list[TrailProblem]:
    """Everything recomputed from the rows; [] when all of it holds. ``anchors``: heads that somebody noted."""
    seals = [said_by(one) for one in TrailSeal.objects.order_by("sequence")]
    found = problems_of_seals(seals)
    for one in seals:
        if one["edition"] not in EDITIONS:
            found.append(TrailProblem("seal_edition", f"Seal {one['sequence']} of the trail has an unknown edition."))
            continue
        ranges = {t: _rows(t, one[f"{t}_from"], one[f"{t}_to"], one["edition"]) for t in TABLES}
        found += problems_of_rows(one, ranges)
    hashes = {one["sequence"]: one["hash"] for one in seals}
    for sequence, digest in anchors or []:
        found += problem_of_anchor(hashes, sequence, digest)
    return list(dict.fromkeys(found))


def unsealed() -> dict[str, int]:
    """How many rows of each table no seal covers yet: until then only the triggers guard them."""
    last = TrailSeal.objects.last()
    return {
        table: MODELS[table].objects.filter(id__gt=getattr(last, f"{table}_to") if last else 0).count()
        for table in TABLES
    }


def head() -> tuple[int, str]:
    """Number and hash of the newest seal: to be noted outside the database. (0, "") where there is none."""
    return TrailSeal.objects.order_by("-sequence").values_list("sequence", "hash").first() or (0, "")


def _end(table: str, start: int) -> int:
    """The last row of the next batch."""
    ids = MODELS[table].objects.filter(id__gt=start).order_by("id").values_list("id", flat=True)
    full = ids[BATCH - 1 : BATCH].first()
    return full or ids.last() or start


def _rows(table: str, start: int, end: int, edition: int) -> Iterator[dict[str, Any]]:
    found = MODELS[table].objects.filter(id__gt=start, id__lte=end).order_by("id")
    return (snapshot(row, EDITIONS[edition][table]) for row in found.iterator(1000))
