"""What beat rings for: reading the news, and once a night every patient."""

import uuid

from celery import shared_task

from board import looking, nightly
from board.cohort import running
from board.export_patient.services import claims, make_export, remove_expired
from board.fhir import holding
from board.keeping import anchor


@shared_task
def read_news() -> None:
    """To the end of the trail, so that a load of many rows does not outrun one round; first whoever was missed."""
    looking.retry_missed()
    while looking.read_news():
        pass


@shared_task
def look_again_at_all() -> None:
    """Rung for often; it looks once a night, and after the rule sets have changed."""
    holding.clear()
    if nightly.is_check_due():
        nightly.check_everybody()


@shared_task
def note_anchor() -> None:
    """By itself: a share that cannot be reached holds up nothing else."""
    anchor.note()


@shared_task
def run_export(pk: str) -> None:
    """An approved export of a cohort."""
    running.run(uuid.UUID(str(pk)))


@shared_task
def sweep_exports() -> None:
    """Exports whose bell nobody heard, and files whose time is over."""
    for pk in running.sweep():
        run_export.delay_on_commit(str(pk))


@shared_task
def run_patient_export(pk: str) -> None:
    make_export(uuid.UUID(str(pk)))


@shared_task
def sweep_patient_exports() -> None:
    """Archives go after their day; what lost its worker is rung for again."""
    remove_expired()
    claims.give_up_exhausted("export_given_up")
    for pk in claims.waiting().order_by("requested_at").values_list("pk", flat=True)[:50]:
        run_patient_export.delay_on_commit(str(pk))
