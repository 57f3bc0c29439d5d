"""What every command that needs the database shares: a sentence instead of a traceback where there are no tables."""

import datetime as dt
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from patients.domain.roles import Capability
from patients.models import User
from patients.selectors.people import account_named

BAD_INPUT = 2

NO_TABLES = "The database has no tables yet. Run “manage.py migrate” first (“make demo” does it by itself)."


def bad_input(sentence: str) -> CommandError:
    """Bad input ends with status 2; 1 stays for what the product itself cannot do."""
    return CommandError(sentence, returncode=BAD_INPUT)


def bytes_of(path: Path, *, at_most: int) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(at_most)
    except OSError as error:
        raise bad_input(f"{path} cannot be read: {error.strerror}.") from error


def day_of(text: str) -> dt.date:
    try:
        day = parse_date(text)
    except ValueError:
        day = None
    if day is None:
        raise bad_input(f"“{text}” is not a date. Write it as YYYY-MM-DD.")
    return day


def moment_of(text: str) -> dt.datetime:
    """A date means the end of that day: everything recorded on it was known."""
    try:
        moment = parse_datetime(text)
    except ValueError:
        moment = None
    if moment is None or len(text) <= len("YYYY-MM-DD"):
        moment = dt.datetime.combine(day_of(text), dt.time.max)
    return moment if timezone.is_aware(moment) else timezone.make_aware(moment)


def acting_user(name: str | None, capability: Capability) -> User:
    """The account of that name; without a name the only one that may."""
    users = User.objects.filter(is_active=True)
    if name:
        found = account_named(name)
        if found is None or not found.is_active:
            raise bad_input(f"There is no user {name}.")
        return found
    able = [user for user in users.order_by("pk") if user.may(capability)]
    if len(able) != 1:
        raise bad_input("Say who does it with --user NAME.")
    return able[0]


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
