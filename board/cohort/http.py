"""What the views of the cohort share: rights, finding, refusing."""

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest

from board.models import CohortExport, CohortQuestion
from patients.domain.roles import Capability

SEE, ASK, APPROVE = Capability.SEE_COHORT, Capability.EXPORT_COHORT, Capability.APPROVE_EXPORT
_REFUSED = {
    SEE: "Researchers, nuclear medicine, coordinators and the chair see the cohort.",
    ASK: "Researchers ask for exports of the cohort.",
    APPROVE: "Coordinators and the chair approve exports of the cohort.",
}


def check(request: HttpRequest, *any_of: Capability) -> None:
    if not any(request.user.may(one) for one in any_of):
        raise PermissionDenied(_REFUSED[any_of[0]])


def question_or_404(user, pk) -> CohortQuestion:
    found = CohortQuestion.objects.filter(user=user, pk=pk).first()
    if found is None:
        raise Http404("No such question.")
    return found


def export_or_404(user, pk) -> CohortExport:
    """Own ones; those who approve find all: there is no value of a patient on them."""
    exports = CohortExport.objects.select_related("asked_by", "decided_by")
    mine = exports if user.may(APPROVE) else exports.filter(asked_by=user)
    found = mine.filter(pk=pk).first()
    if found is None:
        raise Http404("No such export.")
    return found


def sentences(refused: ValidationError) -> list[str]:
    return refused.messages
