"""A backup back into an empty installation."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError, CommandParser

from board.keeping.manifest import BadBackup
from board.keeping.putting_back import restore, what_came_later

REFUSED, OLDER = 2, 3


class Command(BaseCommand):
    help = (
        "Restores the newest backup in DIR (or the one named) into an empty database and an empty data folder, then "
        "counts the rows, verifies the chain of what was signed and compares every file with its hash."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("dir", type=Path, metavar="DIR")

    def handle(self, *, dir: Path, **_) -> None:
        try:
            manifest, wrong = restore(dir, self.stdout.write)
        except BadBackup as refused:
            raise CommandError(str(refused), returncode=REFUSED) from refused
        except OSError as error:
            raise CommandError(f"Not restored: {error.strerror or error}.") from error
        for sentence in wrong:
            self.stdout.write(sentence)
        if wrong:
            raise CommandError("Restored, but not all of it is as it was backed up. Do not work with it.")
        link = manifest.heads.get("signed", [0])[0]
        self.stdout.write(
            f"Restored: {manifest.rows} rows, {manifest.files} files, chain up to link {link}, all as backed up. "
            "Set SECRET_KEY as before; everybody signs in anew."
        )
        if later := what_came_later():
            raise CommandError(" ".join(later), returncode=OLDER)
