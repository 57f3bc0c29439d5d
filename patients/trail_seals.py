"""Sealing the trail in batches, verifying it, and noting its head outside the database."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
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

log = logging.getLogger("prrt.trail")
ANCHORS = "trail-anchors.jsonl"
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


@transaction.atomic
def seal() -> TrailSeal | None:
    """Close what has come since the last seal; None where nothing has. Rows that are not final are never sealed."""
    outbox.settle()
    last = TrailSeal.objects.select_for_update().last()
    starts = {table: getattr(last, f"{table}_to") if last else 0 for table in TABLES}
    ends = {table: _newest(table) or starts[table] for table in TABLES}
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
    """Everything recomputed from the rows; [] when all of it holds. ``anchors``: beside those of the file."""
    seals = [said_by(one) for one in TrailSeal.objects.order_by("sequence")]
    found = problems_of_seals(seals)
    for one in seals:
        if one["edition"] not in EDITIONS:
            found.append(TrailProblem("seal_edition", f"Seal {one['sequence']} of the trail has an unknown edition."))
            continue
        ranges = {t: _rows(t, one[f"{t}_from"], one[f"{t}_to"], one["edition"]) for t in TABLES}
        found += problems_of_rows(one, ranges)
    for sequence, digest in [*kept_anchors(), *(anchors or [])]:
        found += problem_of_anchor(seals, sequence, digest)
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


def drop_anchor() -> tuple[int, str]:
    """Write the head into the log and into a file beside the database, which a cut of the database does not reach."""
    sequence, digest = head()
    if sequence:
        log.info("trail head %s %s", sequence, digest)
        line = json.dumps({"at": timezone.now().isoformat(), "seal": sequence, "hash": digest})
        with anchor_file().open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")
    return sequence, digest


def anchor_file() -> Path:
    return Path(settings.DATA_DIR) / ANCHORS


def kept_anchors() -> list[tuple[int, str]]:
    """Those of the file; a line that was cut off by a power cut is passed over."""
    found = []
    for line in anchor_file().read_text().splitlines() if anchor_file().is_file() else []:
        try:
            said = json.loads(line)
            found.append((int(said["seal"]), str(said["hash"])))
        except (ValueError, KeyError, TypeError):
            continue
    return found


def _newest(table: str) -> int | None:
    return MODELS[table].objects.order_by("-id").values_list("id", flat=True).first()


def _rows(table: str, start: int, end: int, edition: int) -> Iterator[dict[str, Any]]:
    found = MODELS[table].objects.filter(id__gt=start, id__lte=end).order_by("id")
    return (snapshot(row, EDITIONS[edition][table]) for row in found.iterator(1000))
