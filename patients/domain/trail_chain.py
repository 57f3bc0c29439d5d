"""The chain over the trail: a seal names the rows of its batch and the seal before it. Rows come as dictionaries."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from patients.domain.sealed import hash_of

TABLES = ("writes", "accesses")
Row = Mapping[str, Any]


@dataclass(frozen=True)
class TrailProblem:
    """The first thing that is wrong: in which seal, and what can be said about its rows."""

    code: str
    sentence: str


def content_hash(rows: Mapping[str, Iterable[Row]]) -> tuple[str, dict[str, int]]:
    """Over the rows of a batch in their order, table by table, and how many there were of each."""
    digest, counts = hashlib.sha256(), {}
    for table in TABLES:
        counts[table] = 0
        for row in rows[table]:
            digest.update(f"{table} {hash_of(dict(row))}\n".encode())
            counts[table] += 1
    return digest.hexdigest(), counts


def seal_hash(seal: Row) -> str:
    """Over what a seal says, the hash of the one before it included, without its own hash."""
    return hash_of({name: value for name, value in seal.items() if name != "hash"})


def problems_of_seals(seals: Sequence[Row]) -> list[TrailProblem]:
    """The chain by itself: every seal as it was made, each after the one before, no row left out between two."""
    found, before = [], None
    for seal in seals:
        number = seal["sequence"]
        expected = 1 if before is None else before["sequence"] + 1
        if number != expected:
            found.append(TrailProblem("seal_missing", f"Seal {expected} of the trail is missing before {number}."))
        elif seal["previous_hash"] != (before["hash"] if before else ""):
            found.append(TrailProblem("seal_order", f"Seal {number} of the trail does not name the one before it."))
        if seal_hash(seal) != seal["hash"]:
            found.append(TrailProblem("seal_changed", f"Seal {number} of the trail was changed."))
        for table in TABLES:
            start = before[f"{table}_to"] if before else 0
            if seal[f"{table}_from"] != start:
                found.append(TrailProblem("seal_gap", f"Seal {number} of the trail leaves rows out before it."))
        before = seal
    return found


def problems_of_rows(seal: Row, rows: Mapping[str, Iterable[Row]]) -> list[TrailProblem]:
    """The rows of one batch as they are now, against its seal."""
    now, counts = content_hash(rows)
    if now == seal["content_hash"]:
        return []
    said = [_counted(table, seal, counts[table]) for table in TABLES if counts[table] != seal[f"{table}_count"]]
    where = "; ".join(said) or f"{_range('writes', seal)} or {_range('accesses', seal)} were changed"
    return [TrailProblem("rows_changed", f"Seal {seal['sequence']} of the trail: {where}.")]


def problem_of_anchor(hashes: Mapping[int, str], sequence: int, digest: str) -> list[TrailProblem]:
    """An anchor was noted outside the database: a trail that was cut or written anew does not hold it any more."""
    if sequence not in hashes:
        return [TrailProblem("trail_cut", f"Seal {sequence} of the trail was there and is gone: its end is cut off.")]
    if hashes[sequence] != digest:
        return [TrailProblem("trail_rewritten", f"Seal {sequence} of the trail is another than the one noted outside.")]
    return []


def _counted(table: str, seal: Row, number: int) -> str:
    return f"{_range(table, seal)} were {seal[f'{table}_count']} rows and are {number}"


def _range(table: str, seal: Row) -> str:
    return f"{table} {seal[f'{table}_from'] + 1} to {seal[f'{table}_to']}"
