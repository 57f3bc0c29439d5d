"""Fills the database of a drill: a chair, as many cases as asked for, a meeting about all of them. Prints its id."""

import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.core.management import call_command  # noqa: E402

from patients.services import grant_access  # noqa: E402
from tests.board.factories import published_case  # noqa: E402
from tests.board.meeting_factories import make_item, make_meeting  # noqa: E402
from tests.patients.factories import make_user  # noqa: E402


def main(number: int) -> None:
    call_command("migrate", verbosity=0)
    chair = make_user("chair", username="chair")
    meeting = make_meeting(chair)
    for n in range(1, number + 1):
        reader, patient = published_case(f"D{n:03}")
        grant_access(by=reader, patient=patient, user=chair, kind="board", reason="drill")
        make_item(meeting, patient, chair, question=f"Question of case {n}?")
    print(meeting.pk)


if __name__ == "__main__":
    main(int(sys.argv[1]))
