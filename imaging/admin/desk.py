"""What the imaging desk adds to the base: refusals as messages, bells after writing, capabilities per kind of row."""

from contextlib import contextmanager

from django.core.exceptions import ValidationError

from imaging.refused import Refused
from imaging.tasks import ring


@contextmanager
def refusals_shown():
    """A refused step becomes the message that the base class shows; nothing was written."""
    try:
        yield
    except Refused as refusal:
        raise ValidationError(refusal.message, code=refusal.code) from refusal


def ring_for(job) -> None:
    """After the transaction of this page: the job's row is stored with it."""
    ring([job.pk])
