"""Opening a case in an emergency, and the list of those who did."""

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from patients import reads, services
from patients.domain.roles import Capability
from patients.models import AccessGrant
from patients.people.forms import EmergencyForm
from patients.people.gate import needs, put_errors, row_or_404, words
from patients.selectors import emergencies
from patients.tasks import tell_of_emergency

NEWEST = 200


@needs(Capability.BREAK_GLASS)
@require_http_methods(["GET", "POST"])
def emergency(request: HttpRequest) -> HttpResponse:
    """Answers alike whatever the number is: it leads to the case, and a case that is not there is not found there."""
    form = EmergencyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            grant = services.break_glass(by=request.user, **form.cleaned_data)
        except ValidationError as refused:
            put_errors(form, refused)
        else:
            if grant is not None:
                tell_of_emergency.delay_on_commit()
            return redirect("board:patient", form.cleaned_data["case_number"])
    return render(request, "people/emergency.html", {"form": form, "minutes": settings.BREAK_GLASS_MINUTES})


@needs(Capability.MANAGE_USERS)
@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    found = list(emergencies()[:NEWEST])
    reads.note_all(found)
    return render(request, "people/emergencies.html", {"emergencies": found})


@needs(Capability.MANAGE_USERS)
@require_POST
def act(request: HttpRequest, pk: str) -> HttpResponse:
    grant = row_or_404(AccessGrant.objects.filter(kind=AccessGrant.Kind.BREAK_GLASS), pk)
    try:
        if request.POST.get("what") == "end":
            services.end_emergency(grant, by=request.user)
        services.review_emergency(grant, by=request.user)
    except (ValidationError, PermissionDenied) as refused:
        messages.error(request, words(refused))
    else:
        messages.success(request, "Noted with your name.")
    return redirect("people:emergencies")
