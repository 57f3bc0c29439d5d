"""The page on which an entry is returned to its author."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from board.entry.drafts import draft_for
from board.entry.returning import REFUSED, open_return, return_entry, returns_of, submission_of
from board.views import patient_or_404
from patients.domain.roles import Capability
from patients.models import Patient
from patients.services import Conflict


@require_http_methods(["GET", "POST"])
def send_back(request: HttpRequest, case_number: str) -> HttpResponse:
    patient = patient_or_404(request.user, case_number)
    if not request.user.may(Capability.PREPARE_MEETING):
        raise PermissionDenied(REFUSED)
    if request.method == "GET":
        return _page(request, patient)
    question = request.POST.get("question", "")
    try:
        made = return_entry(
            by=request.user, patient=patient, question=question, seen_submission=request.POST.get("submission", "")
        )
    except ValidationError as refused:
        return _page(request, patient, question=question, refused=" ".join(refused.messages), status=422)
    except Conflict as behind:
        return _page(request, patient, question=question, refused=str(behind), status=409)
    messages.success(request, f"Case {case_number} was returned to {made.asked_of.shown_name} with your question.")
    return redirect("board:home")


def _page(
    request: HttpRequest, patient: Patient, *, question: str = "", refused: str = "", status: int = 200
) -> HttpResponse:
    draft = draft_for(patient, request.user)
    context = {
        "patient": patient,
        "draft": draft,
        "submission": submission_of(draft),
        "is_open": open_return(patient) is not None,
        "returns": returns_of(patient),
        "question": question,
        "refused": refused,
    }
    return render(request, "board/entry/return.html", context, status=status)
