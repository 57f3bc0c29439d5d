"""Whether everything that was signed, and the whole trail, is still there as it was."""

import json

from django.core.management.base import BaseCommand, CommandParser

from board.append_only import unprotected
from board.chain import Problem, verification_code, verify
from board.keeping import anchor
from board.models import ChainLink
from patients import trail_seals
from patients.append_only import TRAIL
from patients.commands import bad_input
from patients.domain.sealed import as_code


class Command(BaseCommand):
    help = "Recomputes the chains over decisions, minutes and the trail. Exit code 1 when something is not as it was."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object instead of sentences")
        parser.add_argument("--expect", metavar="CODE", help="a verification code from paper that must be in the chain")
        parser.add_argument("--head", action="store_true", help="seal the trail, note its head and print it")
        parser.add_argument("--expect-head", metavar="HEAD", help="a head that --head printed, e.g. 12:3f0a…")

    def handle(self, *args, **options) -> None:
        if options["head"]:
            self.stdout.write(_head())
            return
        found = [*verify(), *_triggers(), *(_expected(options["expect"]) if options["expect"] else [])]
        found += trail_seals.verify_trail(anchors=_anchors(options["expect_head"]))
        found += anchor.problems()
        links = ChainLink.objects.count()
        last = ChainLink.objects.last()
        code = verification_code(last) if last else ""
        if options["json"]:
            said = {"ok": not found, "links": links, "code": code, "problems": [vars(problem) for problem in found]}
            said["trail"] = {"seals": trail_seals.head()[0], "unsealed": trail_seals.unsealed()}
            self.stdout.write(json.dumps(said, indent=2))
        else:
            for problem in found:
                self.stdout.write(problem.sentence)
            self.stdout.write(_conclusion(links, code, found))
            self.stdout.write(_of_the_trail())
        if found:
            raise SystemExit(1)


def _triggers() -> list[Problem]:
    """Nothing may have happened, but nothing would have stopped it either."""
    return [
        Problem("unprotected", f"The database lacks its trigger {name}.")
        for name in [*unprotected(), *TRAIL.unprotected()]
    ]


def _head() -> str:
    trail_seals.seal_all()
    anchor.note()
    sequence, digest = trail_seals.head()
    return f"{sequence}:{digest}" if sequence else "Nothing is in the trail yet."


def _anchors(typed: str | None) -> list[tuple[int, str]]:
    if not typed:
        return []
    number, _, digest = typed.strip().partition(":")
    if not (number.isdecimal() and len(digest) == 64):
        raise bad_input(f"“{typed}” is no head of the trail. It is a number, a colon and 64 digits.")
    return [(int(number), digest.lower())]


def _of_the_trail() -> str:
    open_rows = sum(trail_seals.unsealed().values())
    last = f"{open_rows} rows came since and are not sealed yet" if open_rows else "every row is sealed"
    return f"{trail_seals.head()[0]} seals of the trail; {last}."


def _expected(typed: str) -> list[Problem]:
    """Found by what the chain is now: a chain that was written anew from its beginning has other codes."""
    wanted = as_code(typed)
    if any(verification_code(link) == wanted for link in ChainLink.objects.iterator()):
        return []
    return [Problem("code_unknown", f"No link carries the verification code {wanted}.")]


def _conclusion(links: int, code: str, found: list[Problem]) -> str:
    things = f"{links} signed {'thing' if links == 1 else 'things'}"
    if found:
        return f"{things}, {len(found)} {'problem' if len(found) == 1 else 'problems'}."
    return f"{things}, all as signed." + (f" Newest verification code: {code}" if code else "")
