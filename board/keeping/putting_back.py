"""The way back: into an empty installation only, and not done before everything was counted and verified."""

from collections.abc import Callable, Iterator
from pathlib import Path

from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from board.append_only import GUARDED
from board.chain import verify
from board.keeping import anchor, files
from board.keeping.backing_up import ENGINES
from board.keeping.manifest import FILES, BadBackup, Manifest, newest, read
from imaging import store, store_names
from patients.trail_seals import verify_trail

# Filled by making the tables, before anybody has worked.
MADE_BY_MIGRATION = {"django_migrations", "django_content_type", "auth_permission", "board_chainhead", "django_site"}


def restore(place: Path, say: Callable[[str], None] = lambda _text: None) -> tuple[Manifest, list[str]]:
    """What was put back, and a sentence for each thing that is not as it was. Raises BadBackup before it starts.

    That it is older than the anchor is nothing wrong with it: ``what_came_later`` tells.
    """
    folder = newest(place)
    manifest = read(folder)
    _refuse_other_engine(manifest)
    _refuse_unknown_migrations(manifest)
    _refuse_what_is_not_empty()
    _refuse_missing_files(folder)
    say(f"backup of {manifest.made_at}, version {manifest.version}: whole")
    wrong = list(_put_files_back(folder))
    say(f"{manifest.files} files put back")
    ENGINES[connection.vendor].put_back(folder, manifest)
    say("database put back")
    wrong += _counted(manifest)
    call_command("migrate", verbosity=0)
    return manifest, [*wrong, *_verified(manifest)]


def _refuse_other_engine(manifest: Manifest) -> None:
    if manifest.engine != connection.vendor:
        raise BadBackup(f"This backup is of {manifest.engine}; the database here is {connection.vendor}.")


def _refuse_unknown_migrations(manifest: Manifest) -> None:
    loader = MigrationLoader(None)
    known = set(loader.disk_migrations)
    newer = [
        f"{app} {name}" for app, name in manifest.migrations if app in loader.migrated_apps and (app, name) not in known
    ]
    if newer:
        raise BadBackup(f"This backup is of a newer version ({manifest.version}); it has {newer[0]}.")


def _refuse_what_is_not_empty() -> None:
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT 1 FROM {connection.ops.quote_name(table)} LIMIT 1")  # noqa: S608  (its own name)
            if cursor.fetchone() and table not in MADE_BY_MIGRATION:
                raise BadBackup(
                    f"The database is not empty ({table} has rows). Nothing was changed. Restore into a new database "
                    "and an empty data folder: set DATABASE_URL and PRRT_DATA_DIR to them."
                )
    if any(store_names.there(part).files for part in store_names.PARTS):
        raise BadBackup("The file store is not empty. Nothing was changed. Set PRRT_DATA_DIR to an empty folder.")


def _refuse_missing_files(folder: Path) -> None:
    for digest, size in files.read_list(folder / FILES):
        path = _kept(folder, digest)
        if not path.is_file() or path.stat().st_size != size:
            raise BadBackup(f"The backup lacks the file {digest}, or has it with another size.")


def _put_files_back(folder: Path) -> Iterator[str]:
    for digest, _ in files.read_list(folder / FILES):
        if not files.copy_checked(_kept(folder, digest), store.path(digest), digest):
            yield f"The file {digest} is damaged in the backup and was not put back."


def _kept(folder: Path, digest: str) -> Path:
    return folder.parent / files.FOLDER / digest[:2] / digest


def _counted(manifest: Manifest) -> list[str]:
    wrong = []
    with connection.cursor() as cursor:
        for table, rows in manifest.tables.items():
            cursor.execute(f"SELECT COUNT(*) FROM {connection.ops.quote_name(table)}")  # noqa: S608  (its own name)
            if (there := cursor.fetchone()[0]) != rows:
                wrong.append(f"{table} has {there} rows; the backup has {rows}.")
    return wrong


def _verified(manifest: Manifest) -> Iterator[str]:
    """The chain as it was signed, its end where it was, every named file there, and the anchor outside."""
    yield from (problem.sentence for problem in verify())
    yield from (problem.sentence for problem in verify_trail())
    yield from (
        f"The database lacks its trigger {name}." for name in [name for one in GUARDED for name in one.unprotected()]
    )
    now, then = anchor.heads().get("signed", [0, ""]), manifest.heads.get("signed", [0, ""])
    if list(now) != list(then):
        yield f"The chain ends with link {now[0]}; in the backup it ended with link {then[0]}."
    for part in store_names.PARTS:
        for digest in sorted(store_names.named(part).keys() - store_names.there(part).files.keys()):
            yield f"A row names the file {digest}, and it is not there."
    yield from (one.sentence for one in anchor.problems() if one.code != anchor.OLDER_COPY)


def what_came_later() -> list[str]:
    """What was anchored after the backup was made and is not in it: to be recorded again."""
    return [one.sentence for one in anchor.problems() if one.code == anchor.OLDER_COPY]
