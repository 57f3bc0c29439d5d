"""What of the cohort stands on a home page: questions that are kept, and exports that this user can act on."""

from board.cohort.export_page import words_of
from board.cohort.query import query_of
from board.models import CohortExport, CohortQuestion
from patients.domain.roles import Capability

SHOWN = 8


def questions_of(user) -> list[tuple[CohortQuestion, str]]:
    """With the address of each."""
    found = CohortQuestion.objects.filter(user=user)[:SHOWN]
    return [(one, query_of(one.choices).address) for one in found]


def exports_at_home(user) -> list[tuple[CohortExport, str]]:
    """One's own, the newest first; for who approves those that wait for it, the oldest first."""
    exports = CohortExport.objects.select_related("asked_by")
    if user.may(Capability.EXPORT_COHORT):
        found = exports.filter(asked_by=user)
    else:
        found = exports.filter(state=CohortExport.State.ASKED).exclude(asked_by=user).order_by("asked_at")
    return [(one, words_of(one)) for one in found[:SHOWN]]
