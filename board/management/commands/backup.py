"""A backup of the whole installation into a folder of its own."""

from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from board.keeping.backing_up import Running, back_up
from imaging import disk

FULL = "the disk is full. Nothing half-made was kept; make room, or choose another disk, and start it again."


class Command(BaseCommand):
    help = (
        "Copies the database at one moment and every stored file into a new folder under DIR. Files that an earlier "
        "backup in DIR has are not copied again. SECRET_KEY and other settings are not part of it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("dir", type=Path, metavar="DIR")

    def handle(self, *, dir: Path, **_) -> None:
        if dir.resolve().is_relative_to(Path(settings.DATA_DIR).resolve()):
            raise CommandError("Choose a folder outside PRRT_DATA_DIR, best on another disk.")
        try:
            made = back_up(dir, self.stdout.write)
        except Running as error:
            raise CommandError("Another backup into this folder is being made. Wait until it has ended.") from error
        except Exception as error:
            if disk.is_full(error):
                raise CommandError(f"No backup was made: {FULL}") from error
            if isinstance(error, OSError):
                raise CommandError(f"No backup was made: {error.strerror or error}.") from error
            raise
        said = made.manifest
        self.stdout.write(f"{said.rows} rows of {len(said.tables)} tables, {said.files} files: {made.folder}")
        self.stdout.write("SECRET_KEY is not in it. Keep the settings of this installation in another safe place.")
        for digest in made.copied.damaged:
            self.stdout.write(f"damaged, not copied: {digest}")
        for digest in made.copied.missing:
            self.stdout.write(f"named by a row and missing: {digest}")
        if not made.copied.is_whole:
            raise CommandError("The backup was made, but files are missing or damaged; see manage.py storage_check.")
