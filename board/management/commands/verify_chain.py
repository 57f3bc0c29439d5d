"""Whether everything that was signed is still there, as it was signed."""

import json

from django.core.management.base import BaseCommand, CommandParser

from board.append_only import unprotected
from board.chain import Problem, verification_code, verify
from patients.domain.sealed import as_code
from board.models import ChainLink


class Command(BaseCommand):
    help = "Recomputes the chain over decisions and minutes. Exit code 1 when something is not as it was signed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object instead of sentences")
        parser.add_argument("--expect", metavar="CODE", help="a verification code from paper that must be in the chain")

    def handle(self, *args, **options) -> None:
        found = [*verify(), *_triggers(), *(_expected(options["expect"]) if options["expect"] else [])]
        links = ChainLink.objects.count()
        last = ChainLink.objects.last()
        code = verification_code(last) if last else ""
        if options["json"]:
            said = {"ok": not found, "links": links, "code": code, "problems": [vars(problem) for problem in found]}
            self.stdout.write(json.dumps(said, indent=2))
        else:
            for problem in found:
                self.stdout.write(problem.sentence)
            self.stdout.write(_conclusion(links, code, found))
        if found:
            raise SystemExit(1)


def _triggers() -> list[Problem]:
    """Nothing may have happened, but nothing would have stopped it either."""
    return [Problem("unprotected", f"The database lacks its trigger {name}.") for name in unprotected()]


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
