"""Smaller pages of a case: where a number comes from, whether the page is the newest, answers and questions."""

from functools import partial

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from board import follow_up as answers
from board.asked_days import day_of_name
from board.chart import Chart
from board.contacts import log_contact
from board.forms import ContactForm
from board.freshness import version_of
from board.identity import identity_of
from board.models import BoardDecision
from board.patient_page import Asked, patient_context
from board.provenance.chain import Chain
from board.provenance.criteria import criterion_chain
from board.provenance.fact_chain import fact_chain
from board.provenance.lesions import lesion_chain
from board.provenance.rows import row_chain
from board.rewind_pages import shown_then, since_then
from board.rewind_scan import scan_context
from board.views import patient_or_404
from patients import reads
from patients.domain.roles import Capability
from patients.known_asked import is_asked
from patients.models import User
from patients.selectors import visible_patients
from patients.services import Conflict


@require_GET
def source(request: HttpRequest, case_number: str) -> HttpResponse:
    """The chain behind one number; the drawer of the patient page fetches the same page."""
    patient = patient_or_404(request.user, case_number)
    if is_asked(request):
        return shown_then(request, patient, "board/source.html", _source_context)
    return render(request, "board/source.html", _source_context(Chart(patient, timezone.localdate()), request))


def _source_context(chart: Chart, request: HttpRequest) -> dict:
    return {"chain": _chain(chart, request.GET), "identity": identity_of(chart), "patient": chart.patient}


@require_GET
def since(request: HttpRequest, case_number: str) -> HttpResponse:
    """What has come since a day; without one the page of the case has nothing to be compared with."""
    patient = patient_or_404(request.user, case_number)
    if is_asked(request):
        return since_then(request, patient)
    return redirect("board:patient", case_number=case_number)


@require_GET
def scan_then(request: HttpRequest, case_number: str, pk) -> HttpResponse:
    """A scan as known on a day; as it is today it has a page of its own."""
    patient = patient_or_404(request.user, case_number)
    if is_asked(request):
        return shown_then(request, patient, "board/scan_then.html", partial(scan_context, lineage=pk))
    return redirect("imaging:scan", pk=pk)


def _chain(chart: Chart, query) -> Chain:
    day = day_of_name(chart, query.get("as_of", ""))
    if "lesion" in query:
        found = lesion_chain(chart, query["lesion"], query.get("scan", ""))
    elif "set" in query:
        found = criterion_chain(chart, query["set"], query.get("criterion", ""), day)
    elif "fact" in query:
        found = fact_chain(chart, query["fact"], day)
    else:
        found = row_chain(chart, query.get("row", ""))
    return found or Chain("No such number on this case")


@require_GET
def state(request: HttpRequest, case_number: str) -> JsonResponse:
    version = version_of(patient_or_404(request.user, case_number))
    reads.nothing()
    return JsonResponse({"version": version})


@require_GET
def following(request: HttpRequest, case_number: str) -> HttpResponse:
    patient_or_404(request.user, case_number)
    cases = visible_patients(request.user).filter(case_number__gt=case_number).order_by("case_number")
    return _to_case(request, cases.values_list("case_number", flat=True).first(), "This is the last case of the list.")


@require_GET
def preceding(request: HttpRequest, case_number: str) -> HttpResponse:
    patient_or_404(request.user, case_number)
    cases = visible_patients(request.user).filter(case_number__lt=case_number).order_by("-case_number")
    return _to_case(request, cases.values_list("case_number", flat=True).first(), "This is the first case of the list.")


def _to_case(request: HttpRequest, case_number: str | None, otherwise: str) -> HttpResponse:
    if case_number:
        return redirect("board:patient", case_number=case_number)
    messages.info(request, otherwise)
    return redirect("board:patients")


@require_POST
def ask(request: HttpRequest, case_number: str) -> HttpResponse:
    patient = patient_or_404(request.user, case_number)
    check_role(request)
    text = request.POST.get("text", "")
    try:
        answers.ask(by=request.user, patient=patient, text=text, instead_of=request.POST.get("instead_of", ""))
    except (Conflict, ValidationError) as refused:
        return _not_stored(request, Chart(patient, timezone.localdate()), refused, {"text": text})
    return redirect("board:patient", case_number=case_number)


@require_POST
def follow_up(request: HttpRequest, pk) -> HttpResponse:
    decision = BoardDecision.objects.filter(pk=pk, patient__in=visible_patients(request.user)).first()
    if decision is None:
        raise Http404("No such decision.")
    reads.note(decision)
    check_role(request)
    typed = {name: request.POST.get(name, "") for name in ("kind", "reason", "seen")}
    try:
        answers.follow_up(by=request.user, decision=decision, assignee=_assignee(request), **typed)
    except (Conflict, ValidationError) as refused:
        return _not_stored(
            request, Chart(decision.patient, timezone.localdate()), refused, typed | {"decision": decision}
        )
    return redirect(f"{reverse('board:patient', args=[decision.patient.case_number])}#decision-{decision.pk}")


def _assignee(request: HttpRequest) -> User | None:
    number = request.POST.get("assignee", "")
    return User.objects.filter(pk=number).first() if number.isascii() and number.isdigit() else None


@require_POST
def contact(request: HttpRequest, case_number: str) -> HttpResponse:
    patient = patient_or_404(request.user, case_number)
    check_role(request)
    form = ContactForm(request.POST)
    if form.is_valid():
        try:
            log_contact(by=request.user, patient=patient, **form.cleaned_data)
        except ValidationError as refused:
            form.add_error(None, refused)
        else:
            messages.success(request, "Contact stored. It cannot be edited; log another to correct it.")
            return redirect(f"{reverse('board:patient', args=[case_number])}?tab=contacts")
    today = timezone.localdate()
    context = patient_context(Chart(patient, today), request.user, Asked(as_of=today, tab="contacts"))
    return render(request, "board/patient.html", context | {"contact_form": form}, status=422)


def check_role(request: HttpRequest) -> None:
    if not request.user.may(Capability.FOLLOW_UP):
        raise PermissionDenied(answers.REFUSED)


def _not_stored(request: HttpRequest, chart: Chart, refused: Exception, typed: dict) -> HttpResponse:
    """What was typed is kept on the page; of a conflict both sides are shown."""
    said = refused.messages if isinstance(refused, ValidationError) else [str(refused)]
    context = {
        "identity": identity_of(chart),
        "patient": chart.patient,
        "question": chart.question,
        "said": said,
        "typed": typed,
        "is_conflict": isinstance(refused, Conflict),
    }
    return render(request, "board/not_stored.html", context, status=409 if context["is_conflict"] else 422)
