"""Compare the stored files with the rows that name them, both ways, and read them again."""

import json

from django.core.management.base import CommandParser

from imaging import store_check
from imaging.models import StoreCheck
from patients.commands import CaseCommand

FIRST = 20


class Command(CaseCommand):
    help = (
        "Checks that every file a row names is there and unchanged, and sets files aside that nobody has named for a "
        "day. Exit code 1 when a file is missing or damaged."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        how = parser.add_mutually_exclusive_group()
        how.add_argument("--full", action="store_true", help="read every file again, not a sample")
        how.add_argument("--sample", type=int, metavar="N", default=store_check.SAMPLE, help="read so many, by chance")
        parser.add_argument("--leave", action="store_true", help="set nothing aside")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *, full, sample, leave, json: bool, **_) -> None:
        row, found = store_check.check(sample=None if full else max(0, sample), sets_aside=not leave)
        self.stdout.write(_as_json(row, found) if json else "\n".join(_sentences(row, found, leave)))
        if not found.is_good:
            raise SystemExit(1)


def _as_json(row: StoreCheck, found: store_check.Findings) -> str:
    counts = {name: getattr(found, name) for name in ("files", "named", "hashed")}
    lists = {name: list(map(str, getattr(found, name))) for name in ("missing", "damaged", "put_back", "orphans")}
    more = {name: list(map(str, getattr(found, name))) for name in ("trashed", "strange")}
    return json.dumps({"ok": found.is_good, "is_full": row.is_full} | counts | lists | more, indent=2)


def _sentences(row: StoreCheck, found: store_check.Findings, leave: bool):
    yield f"{found.named} files named, {found.files} stored, {found.hashed} read again."
    yield from _listed("missing: a row names it and it is not there", found.missing)
    yield from _listed("damaged: it is not what was stored", found.damaged)
    yield from _listed("put back from the folder of files set aside", found.put_back)
    yield from _listed("not a file of the store", list(map(str, found.strange)))
    yield f"{len(found.orphans)} named by nobody, {len(found.trashed)} of them set aside."
    if len(found.trashed) < len(found.orphans) and not leave:
        yield "The others are less than a day old, or files are arriving or work is open: look again later."
    if not row.is_full:
        yield "Only a sample was read; --full reads every file."
    yield "Nothing is missing or damaged." if found.is_good else "Restore the files above from the newest backup."


def _listed(what: str, digests: list[str]):
    yield from (f"{what}: {digest}" for digest in digests[:FIRST])
    if len(digests) > FIRST:
        yield f"{what}: {len(digests) - FIRST} more (--json lists all)"
