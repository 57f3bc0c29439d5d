"""Write the end of the chain outside the database, and compare the database with what was written."""

from django.core.management.base import BaseCommand, CommandError, CommandParser

from board.keeping import anchor


class Command(BaseCommand):
    help = "Notes the ends of both chains in the anchor file. Exit code 1 when the database lacks what was noted."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="compare only, write nothing")

    def handle(self, *, check: bool, **_) -> None:
        if wrong := anchor.problems():
            raise CommandError(" ".join(one.sentence for one in wrong))
        if not check:
            self.stdout.write(f"{anchor.note()} new")
        self.stdout.write("The database holds everything that was anchored.")
