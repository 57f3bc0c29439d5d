"""The end of each chain, written outside the database: a database that is older than the file gives itself away.

A database that was put back from an old copy verifies as that copy did. Only something that was not put back with it
can tell: the anchor, best on another computer or a share that only grows.
"""

import logging
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

from django.conf import settings
from django.db.models import Model
from django.utils import timezone

from board.chain import Problem
from board.models import ChainHead, ChainLink
from patients import trail_seals
from patients.models import TrailSeal

OLDER = (
    "The database is older than its anchor: it ends with {thing} {end}, and {number} after it, {things} {first} to "
    "{last}, the last noted {when}, {are} not in it. {agrees} Do not sign; restore the newest backup, or record again "
    "what is missing."
)
AGREES = "What both have agrees, up to {thing} {sequence}: this is an older copy, such as a backup, not a changed one."
NOTHING_SHARED = "Nothing that was anchored is in it, so it cannot be told from another database."
OTHER = (
    "An entry that both have differs: {thing} {sequence}, noted {when}, has another hash in the database. That is no "
    "older copy: it was changed or written anew. Do not sign; keep the database as it is and ask who had access."
)
GONE = (
    "{thing} {sequence}, noted {when}, is missing and later ones are there: it was taken away. Do not sign; keep the "
    "database as it is and ask who had access."
)
THINGS = {"signed": ("link", "links"), "trail": ("seal of the trail", "seals of the trail")}
OLDER_COPY = "older_copy"
RECENT, AT_ONCE = 50, 500
log = logging.getLogger("prrt.trail")


@dataclass(frozen=True)
class Chain:
    """``head``: number and hash of its end, None where nothing is in it. ``hashes``: by number, of those asked for."""

    head: Callable[[], tuple[int, str] | None]
    hashes: Callable[[list[int]], dict[int, str]]


@dataclass(frozen=True)
class Anchored:
    when: str
    name: str
    sequence: int
    hash: str


def _decisions_head() -> tuple[int, str] | None:
    head = ChainHead.objects.first()
    return (head.sequence, head.hash) if head and head.sequence else None


def _trail_head() -> tuple[int, str] | None:
    sequence, digest = trail_seals.head()
    return (sequence, digest) if sequence else None


def _hashes(model: type[Model], sequences: list[int]) -> dict[int, str]:
    found: dict[int, str] = {}
    for start in range(0, len(sequences), AT_ONCE):
        rows = model._default_manager.filter(sequence__in=sequences[start : start + AT_ONCE])
        found |= dict(rows.values_list("sequence", "hash"))
    return found


_HASH = re.compile(r"[0-9a-f]{64}")
CHAINS: dict[str, Chain] = {
    "signed": Chain(_decisions_head, partial(_hashes, ChainLink)),
    "trail": Chain(_trail_head, partial(_hashes, TrailSeal)),
}


def heads() -> dict[str, list]:
    return {name: list(head) for name, chain in CHAINS.items() if (head := chain.head())}


def place() -> Path | None:
    return Path(settings.ANCHOR_FILE) if settings.ANCHOR_FILE else None


def is_outside() -> bool:
    """Beside the data it is put back, or taken away, together with them."""
    path = place()
    return path is not None and not path.resolve().is_relative_to(Path(settings.DATA_DIR).resolve())


def note() -> int:
    """Write down each end that has moved, in the log too; how many did."""
    path = place()
    if path is None:
        return 0
    last = {name: of[-1] for name, of in _recent(path).items()}
    moved = [(name, head) for name, head in heads().items() if name not in last or [*_of(last[name])] != head]
    if not moved or problems(most=RECENT):
        return 0
    now = timezone.now().isoformat(timespec="seconds")
    _append(path, "".join(f"{now} {name} {sequence} {made}\n" for name, (sequence, made) in moved))
    for name, (sequence, made) in moved:
        log.info("%s head %s %s", name, sequence, made)
    return len(moved)


def problems(most: int | None = None) -> list[Problem]:
    """What was anchored and the database does not hold. ``most``: only so many of each chain, the newest."""
    path = place()
    found: list[Problem] = []
    recent = most is not None and most <= RECENT
    kept = (_recent(path) if recent else _kept(path)) if path else {}
    for name, anchored in kept.items():
        if name in CHAINS:
            found += _problems_of(name, anchored[-most:] if most else anchored)
    return found


def entries_missing() -> int:
    """How many of both chains were anchored beyond the end of the database."""
    path, ends = place(), heads()
    return sum(max(0, of[-1].sequence - _end(ends, name)) for name, of in (_recent(path) if path else {}).items())


def last() -> Anchored | None:
    path = place()
    return max((of[-1] for of in _recent(path).values()), key=lambda one: one.when, default=None) if path else None


def _problems_of(name: str, anchored: list[Anchored]) -> Iterator[Problem]:
    end, words = _end(heads(), name), dict(zip(("thing", "things"), THINGS[name], strict=True))
    there = CHAINS[name].hashes([one.sequence for one in anchored if one.sequence <= end])
    for one in anchored:
        if one.sequence in there and there[one.sequence] != one.hash:
            yield Problem("anchor_differs", OTHER.format(**words, **vars(one)))
        elif one.sequence <= end and one.sequence not in there:
            yield Problem("anchor_gone", _sentence(GONE.format(**words, **vars(one))))
    if anchored[-1].sequence > end:
        shared = [one for one in anchored if there.get(one.sequence) == one.hash]
        yield Problem(OLDER_COPY, _older(words, end, anchored[-1], shared))


def _older(words: dict[str, str], end: int, newest: Anchored, shared: list[Anchored]) -> str:
    number = newest.sequence - end
    agrees = AGREES.format(**words, **vars(shared[-1])) if shared else NOTHING_SHARED
    numbers = {"end": end, "number": number, "first": end + 1, "last": newest.sequence, "when": newest.when}
    return OLDER.format(**words, **numbers, are="is" if number == 1 else "are", agrees=agrees)


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:]


def _end(ends: dict[str, list], name: str) -> int:
    return ends.get(name, [0])[0]


def _of(one: Anchored) -> tuple[int, str]:
    return one.sequence, one.hash


def _kept(path: Path, most: int | None = None) -> dict[str, list[Anchored]]:
    """By chain what was ever written, or the newest, in the order of its numbers, wherever in the file it stands."""
    found: dict[str, list[Anchored]] = {}
    for one in _lines(path):
        of = found.setdefault(one.name, [])
        of.append(one)
        if most and len(of) > 4 * most:
            of[:] = _in_order(of)[-most:]
    return {name: _in_order(of)[-most:] if most else _in_order(of) for name, of in found.items()}


def _lines(path: Path) -> Iterator[Anchored]:
    if not path.is_file():
        return
    with path.open() as file:
        for line in file:
            words = line.split()
            if len(words) == 4 and words[2].isdigit() and _HASH.fullmatch(words[3]):  # a torn line is passed over
                yield Anchored(words[0], words[1], int(words[2]), words[3])


def _in_order(of: list[Anchored]) -> list[Anchored]:
    return sorted(of, key=lambda one: one.sequence)


def _recent(path: Path) -> dict[str, list[Anchored]]:
    """The newest of each chain. Pages ask often: a file that has not changed since is not read again."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return {}
    return _recent_of(path, (found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns))


@lru_cache(maxsize=4)
def _recent_of(path: Path, _state: tuple[int, ...]) -> dict[str, list[Anchored]]:
    return _kept(path, RECENT)


def _append(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
