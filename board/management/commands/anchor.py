"""Write the end of the chain outside the database, and compare the database with what was written."""

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from board.keeping import anchor


class Command(BaseCommand):
    help = "Notes the newest link of what was signed in PRRT_ANCHOR_FILE. Exit code 1 when the database lacks one."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="compare only, write nothing")

    def handle(self, *, check: bool, **_) -> None:
        if not settings.ANCHOR_FILE:
            raise CommandError("PRRT_ANCHOR_FILE is not set: no anchor is kept.")
        if wrong := anchor.problems():
            raise CommandError(" ".join(wrong))
        if not check:
            self.stdout.write(f"{anchor.note()} new")
        self.stdout.write("The database holds everything that was anchored.")
