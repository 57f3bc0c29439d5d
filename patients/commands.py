"""What every command that needs the database shares: a sentence instead of a traceback where there are no tables."""

import datetime as dt

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection
from django.utils.dateparse import parse_date

BAD_INPUT = 2

NO_TABLES = "The database has no tables yet. Run “manage.py migrate” first (“make demo” does it by itself)."


def bad_input(sentence: str) -> CommandError:
    """Bad input ends with status 2; 1 stays for what the product itself cannot do."""
    return CommandError(sentence, returncode=BAD_INPUT)


def day_of(text: str) -> dt.date:
    try:
        day = parse_date(text)
    except ValueError:
        day = None
    if day is None:
        raise bad_input(f"“{text}” is not a date. Write it as YYYY-MM-DD.")
    return day


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
