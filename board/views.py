"""Pages: read through selectors, write through services, nothing computed here."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import condition, require_GET

from board.chart import Chart
from board.patient_filters import MOST_COUNTED, Filters, chips, count_words, counted, filters_of, narrowed, way_out
from board.patient_list import patient_page
from board.patient_page import Asked, patient_context
from board.rewind_pages import patient_then
from board.stamp import list_stamp, page_stamp
from board.worklist import worklist
from patients.domain.roles import Capability
from patients.known_asked import is_asked
from patients.models import Patient
from patients.people.gate import needs
from patients.selectors import get_visible_patient, people_figures, visible_patients

CASE_NUMBER_LENGTH = 32


def _home_stamp(request: HttpRequest) -> str | None:
    """None for who reads no chart: what they see at home leaves no row in the trail when it changes."""
    is_in = request.user.is_authenticated and request.user.may(Capability.READ_CHART)
    return page_stamp(request) if is_in else None


@require_GET
@condition(etag_func=_home_stamp)
def home(request: HttpRequest) -> HttpResponse:
    today = timezone.localdate()
    context = {"work": worklist(request.user, today=today), "today": today}
    if request.user.may(Capability.MANAGE_USERS):
        context["people"] = people_figures()
    return render(request, "board/home.html", context)


@needs(Capability.READ_CHART)
@require_GET
@condition(etag_func=list_stamp)
def patients(request: HttpRequest) -> HttpResponse:
    chosen, today = filters_of(request.GET), timezone.localdate()
    exact = chosen.text and _visible_case(request.user, chosen.text)
    if exact and chosen == Filters(text=chosen.text):
        return redirect("board:patient", case_number=exact.case_number)
    mine = visible_patients(request.user)
    found = narrowed(mine, chosen, today)
    place = {name: request.GET.get(name, "")[:CASE_NUMBER_LENGTH] for name in ("after", "before")}
    page = patient_page(found, today=today, **place)
    number = counted(found) if chosen.is_any else 0
    context = {
        "page": page,
        "chosen": chosen,
        "chips": chips(chosen),
        "earlier": chosen.address(before=page.before),
        "later": chosen.address(after=page.after),
        "count": count_words(number),
        "is_too_many": number > MOST_COUNTED,
        "may_enter": request.user.may(Capability.EDIT_CLINICAL),
        "way_out": way_out(mine, chosen, today) if chosen.is_any and not page.lines else None,
    }
    return render(request, "board/patients.html", context)


@require_GET
def patient(request: HttpRequest, case_number: str) -> HttpResponse:
    if is_asked(request):
        return patient_then(request, patient_or_404(request.user, case_number))
    chart = Chart(patient_or_404(request.user, case_number), timezone.localdate())
    asked = Asked.of(request.GET, chart)
    return render(request, "board/patient.html", patient_context(chart, request.user, asked))


def patient_or_404(user, case_number: str) -> Patient:
    """The same answer for a case that does not exist and one this user may not see."""
    found = _visible_case(user, case_number)
    if found is None:
        raise Http404("No such case.")
    return found


def _visible_case(user, case_number: str) -> Patient | None:
    try:
        return get_visible_patient(user, case_number)
    except Patient.DoesNotExist:
        return None
