"""The end of each chain, written outside the database: a database that is older than the file gives itself away.

A database that was put back from an old copy verifies as that copy did. Only something that was not put back with it
can tell: the anchor, best on another computer or a share that only grows.
"""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from board.models import ChainHead, ChainLink
from patients import trail_seals
from patients.models import TrailSeal

OLDER = (
    "The database ends before what was anchored: {name} {sequence} of {when} is not in it. An older copy is in use, or "
    "something that was signed was taken away. Do not sign; restore the newest backup or ask who changed the data."
)
OTHER = (
    "The database does not hold what was anchored: {name} {sequence} of {when} has another hash. Do not sign; keep a "
    "copy of the database as it is and ask who had access."
)


@dataclass(frozen=True)
class Chain:
    """``head``: number and hash of its end, None where nothing is in it. ``hash_at``: the hash of a number, or ""."""

    head: Callable[[], tuple[int, str] | None]
    hash_at: Callable[[int], str]


@dataclass(frozen=True)
class Anchored:
    when: str
    name: str
    sequence: int
    hash: str


def _decisions_head() -> tuple[int, str] | None:
    head = ChainHead.objects.first()
    return (head.sequence, head.hash) if head and head.sequence else None


def _decision_hash(sequence: int) -> str:
    return ChainLink.objects.filter(sequence=sequence).values_list("hash", flat=True).first() or ""


def _trail_head() -> tuple[int, str] | None:
    sequence, digest = trail_seals.head()
    return (sequence, digest) if sequence else None


def _seal_hash(sequence: int) -> str:
    return TrailSeal.objects.filter(sequence=sequence).values_list("hash", flat=True).first() or ""


_HASH = re.compile(r"[0-9a-f]{64}")
CHAINS: dict[str, Chain] = {
    "signed": Chain(_decisions_head, _decision_hash),
    "trail": Chain(_trail_head, _seal_hash),
}


def heads() -> dict[str, list]:
    return {name: list(head) for name, chain in CHAINS.items() if (head := chain.head())}


def place() -> Path | None:
    return Path(settings.ANCHOR_FILE) if settings.ANCHOR_FILE else None


def note() -> int:
    """Write down each end that has moved; how many did."""
    path = place()
    if path is None:
        return 0
    last = _last_of_each(path)
    moved = [(name, head) for name, head in heads().items() if name not in last or [*_of(last[name])] != head]
    if moved and not problems():
        now = timezone.now().isoformat(timespec="seconds")
        _append(path, "".join(f"{now} {name} {sequence} {made}\n" for name, (sequence, made) in moved))
        return len(moved)
    return 0


def problems() -> list[str]:
    """A sentence for each anchored end that the database does not hold; [] also where no anchor is kept."""
    path = place()
    found = []
    for one in _last_of_each(path).values() if path else []:
        chain = CHAINS.get(one.name)
        there = chain.hash_at(one.sequence) if chain else one.hash
        if there != one.hash:
            found.append((OTHER if there else OLDER).format(**vars(one)))
    return found


def last() -> Anchored | None:
    path = place()
    return max(_last_of_each(path).values(), key=lambda one: one.when, default=None) if path else None


def _of(one: Anchored) -> tuple[int, str]:
    return one.sequence, one.hash


def _last_of_each(path: Path) -> dict[str, Anchored]:
    """The furthest end of each chain that was ever written, wherever in the file it stands."""
    found: dict[str, Anchored] = {}
    for line in path.read_text().splitlines() if path.is_file() else []:
        words = line.split()
        if len(words) == 4 and words[2].isdigit() and _HASH.fullmatch(words[3]):  # a torn line is passed over
            one = Anchored(words[0], words[1], int(words[2]), words[3])
            if one.name not in found or found[one.name].sequence <= one.sequence:
                found[one.name] = one
    return found


def _append(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
