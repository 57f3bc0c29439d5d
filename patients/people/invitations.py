"""Inviting somebody, and the page that the link opens."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from patients import services
from patients.domain.roles import Capability
from patients.mailing import send_invitation
from patients.models import Invitation
from patients.people.forms import AcceptForm, InvitationForm, ObserverForm
from patients.people.gate import needs, put_errors
from patients.selectors import invitations_of

INVITERS = (Capability.MANAGE_USERS, Capability.INVITE_OBSERVER)


@needs(*INVITERS)
def listing(request: HttpRequest) -> HttpResponse:
    kind = InvitationForm if request.user.may(Capability.MANAGE_USERS) else ObserverForm
    form, link = kind(request.POST or None, initial={"meeting": request.GET.get("meeting")}), ""
    if request.method == "POST" and form.is_valid():
        link = _invite(request, form)
        form = kind() if link else form
    shown = {"form": form, "link": link, "invitations": invitations_of(request.user)}
    return render(request, "people/invitations.html", shown)


@needs(*INVITERS)
@require_POST
def withdraw(request: HttpRequest, pk) -> HttpResponse:
    found = invitations_of(request.user)
    invitation = next((row for row in found if row.pk == pk), None)
    if invitation is None:
        raise Http404
    services.withdraw_invitation(invitation, by=request.user)
    messages.success(request, "Withdrawn: the link opens nothing any more.")
    return redirect("people:invitations")


@sensitive_post_parameters("password", "again")
@login_not_required
def invited(request: HttpRequest, token: str) -> HttpResponse:
    """The invited person chooses a user name and a password; everything else was said by who invited."""
    invitation = services.open_invitation(token)
    if invitation is None:
        return render(request, "people/invitation_gone.html", status=410)
    form = AcceptForm(invitation, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            values = {name: form.cleaned_data[name] for name in ("username", "password")}
            services.accept(token, **values)
        except ValidationError as refused:
            put_errors(form, refused)
        else:
            messages.success(request, "Your account is ready. Sign in with what you chose.")
            return redirect(settings.LOGIN_URL)
    return render(request, "people/invited.html", {"form": form, "invitation": invitation})


def _invite(request: HttpRequest, form) -> str:
    try:
        invitation, token = services.invite(by=request.user, teams=form.all_teams(), **form.values())
    except ValidationError as refused:
        put_errors(form, refused)
        return ""
    link = request.build_absolute_uri(reverse("people:invited", args=[token]))
    if invitation.email:
        _mail(request, invitation, link)
    return link


def _mail(request: HttpRequest, invitation: Invitation, link: str) -> None:
    if send_invitation(invitation, link):
        messages.success(request, "The invitation was mailed. The link is below too.")
    else:
        messages.error(request, "The mail could not be sent. Copy the link below and hand it over yourself.")
