"""Teams and centres: who belongs to one reads what is open to it, from the moment they belong to it."""

from django.contrib import messages
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from patients import services
from patients.domain.roles import Capability
from patients.models import Team
from patients.overtaken import stored_values, told, version_shown
from patients.people.forms import TeamForm
from patients.people.gate import needs, put_errors, row_or_404
from patients.selectors import teams


@needs(Capability.MANAGE_USERS)
def listing(request: HttpRequest) -> HttpResponse:
    form = TeamForm(request.POST or None)
    if _stored(request, form):
        return redirect("people:teams")
    return render(request, "people/teams.html", {"teams": teams(), "form": form})


@needs(Capability.MANAGE_USERS)
def team(request: HttpRequest, pk: str) -> HttpResponse:
    found = row_or_404(Team.objects.all(), pk)
    form = TeamForm(request.POST or None, instance=found)
    if _stored(request, form, seen=request.POST.get("seen_version", "")):
        return redirect("people:teams")
    now = row_or_404(Team.objects.all(), pk)
    members = found.members.order_by("-is_active", "last_name", "username")
    status = 409 if form.has_error(NON_FIELD_ERRORS, "conflict") else 200
    shown = {"team": now, "form": form, "seen_version": services.version_of(now), "members": members}
    return render(request, "people/team.html", shown | version_shown(request, status), status=status)


def _stored(request: HttpRequest, form: TeamForm, *, seen: str | None = None) -> bool:
    if request.method != "POST" or not form.is_valid():
        return False
    try:
        services.store_team(form.instance, by=request.user, seen=seen)
    except services.Conflict as refused:
        now = Team.objects.get(pk=form.instance.pk)
        form.add_error(None, told(form, stored_values(now), str(refused)))
        return False
    except ValidationError as refused:
        put_errors(form, refused)
        return False
    messages.success(request, "Stored. It counts from now on.")
    return True
