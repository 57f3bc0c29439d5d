"""Signed things whose tables the database guards: see ``patients.append_only``, which also guards the trail."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from patients.append_only import PREFIX, TRAIL, Guarded, all_lifted

__all__ = ["GUARDED", "PREFIX", "SINCE", "TABLES", "lifted", "protect", "protect_again", "unprotect", "unprotected"]
SINCE = ("board", "0009_chain_and_triggers")
# Table, and the columns by which a row could be replaced.
TABLES: dict[str, tuple[tuple[str, ...], ...]] = {
    "board_boarddecision": (("id",), ("supersedes_id",)),
    "board_boarddecision_assessments": (("id",),),
    "board_chainlink": (("sequence",), ("hash",), ("kind", "object_id")),
    "board_decisionfollowup": (("id",),),
    "board_minutes": (("id",), ("meeting_id", "version")),
    "eligibility_assessment": (("id",),),
    "eligibility_changeverdict": (("id",),),
}
SIGNED = Guarded(TABLES, is_due=lambda: SINCE in MigrationRecorder(connection).applied_migrations())
GUARDED = (SIGNED, TRAIL)
protect, unprotect = SIGNED.protect, SIGNED.unprotect
protect_again, unprotected = SIGNED.protect_again, SIGNED.unprotected


@contextmanager
def lifted() -> Iterator[None]:
    """Everything that is guarded, the trail included: for tests that empty or tamper with their own database."""
    with all_lifted(*GUARDED):
        yield
