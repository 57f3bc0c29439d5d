"""What the imaging desk adds to the base: refusals as messages, bells after writing, capabilities per kind of row."""

from contextlib import contextmanager

from django.core.exceptions import ValidationError

from imaging.refused import Refused
from imaging.services import request_looks
from imaging.tasks import ring
from patients.admin_base import ServiceModelAdmin


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


class LookingAgainAdmin(ServiceModelAdmin):
    """A page of which every change may outdate proposals, those of later scans of the case too."""

    def save_related(self, request, form, formsets, change):
        super().save_related(request, form, formsets, change)
        self._look_again(form.instance, request)

    def _removed(self, row, form, request) -> bool:
        is_removed = super()._removed(row, form, request)
        if is_removed:
            self._look_again(row, request)
        return is_removed

    def _look_again(self, row, request) -> None:
        ring([job.pk for job in request_looks(patient=row.patient, by=request.user)])
