"""What every command that needs the database shares: a sentence instead of a traceback where there are no tables."""

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection

NO_TABLES = "The database has no tables yet. Run “manage.py migrate” first (“make demo” does it by itself)."


class CaseCommand(BaseCommand):
    def execute(self, *args, **options):
        try:
            return super().execute(*args, **options)
        except DatabaseError as error:
            if _has_tables():
                raise
            raise CommandError(NO_TABLES) from error


def _has_tables() -> bool:
    try:
        return "patients_patient" in connection.introspection.table_names()
    except DatabaseError:
        return True  # not reachable at all: the error itself says more
