"""Accounts: find one, change what it may do, help it back in, close it."""

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from patients import services
from patients.domain.roles import Capability
from patients.models import User
from patients.overtaken import stored_values, told, version_shown
from patients.people.forms import ROLES, AccountForm
from patients.people.gate import needs, put_errors, row_or_404, words
from patients.selectors import accounts

PER_PAGE = 50
DONE = {
    "close": "The account is closed and signed out everywhere.",
    "open": "The account is open again.",
    "unlock": "Wrong passwords are forgotten: the next right one signs in.",
    "reset_factor": "The second factor is removed. They sign in with the password and set up a new one.",
    "sign_out": "Signed out everywhere.",
}


@needs(Capability.MANAGE_USERS)
@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    asked = {name: request.GET.get(name, "")[:60] for name in ("q", "role", "state")}
    found = accounts(asked["q"], asked["role"], asked["state"])
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "people/accounts.html", {"page": page, "asked": asked, "roles": ROLES})


@needs(Capability.MANAGE_USERS)
def account(request: HttpRequest, pk: str) -> HttpResponse:
    person = row_or_404(User.objects.all(), pk)
    form = AccountForm(request.POST or None, initial=stored_values(person))
    status = 200
    if request.method == "POST" and form.is_valid():
        seen = request.POST.get("seen_version", "")
        try:
            services.change_account(person, by=request.user, teams=form.all_teams(), seen=seen, **form.values())
        except services.Conflict as refused:
            form.add_error(None, told(form, stored_values(person), str(refused)))
            status = 409
        except ValidationError as refused:
            put_errors(form, refused)
        except PermissionDenied as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, "Stored. It counts from now on.")
            return redirect("people:account", person.pk)
    return render(
        request,
        "people/account.html",
        _shown(request, person) | {"form": form} | version_shown(request, status),
        status=status,
    )


@needs(Capability.MANAGE_USERS)
@require_POST
def act(request: HttpRequest, pk: str) -> HttpResponse:
    person = row_or_404(User.objects.all(), pk)
    what, reason = request.POST.get("what", ""), request.POST.get("reason", "")[:200]
    try:
        _do(what, person, request.user, reason)
    except (ValidationError, PermissionDenied) as refused:
        messages.error(request, words(refused))
    else:
        messages.success(request, DONE[what])
    return redirect("people:account", person.pk)


def _do(what: str, person: User, by, reason: str) -> None:
    if what in {"close", "open"}:
        services.set_active(person, by=by, is_active=what == "open", reason=reason)
    elif what == "unlock":
        services.unlock(person, by=by)
    elif what == "reset_factor":
        services.reset_second_factor(person, by=by, reason=reason)
    elif what == "sign_out":
        services.force_sign_out(person, by=by, reason=reason)
    else:
        raise ValidationError("Choose what to do.")


def _shown(request: HttpRequest, person: User) -> dict:
    factors = Authenticator.objects.filter(user=person).exclude(type=Authenticator.Type.RECOVERY_CODES)
    return {
        "person": person,
        "seen_version": services.version_of(person),
        "is_own": person.pk == request.user.pk,
        "factors": [factor.get_type_display() for factor in factors],
        "sessions": UserSession.objects.filter(user=person).count(),
    }
