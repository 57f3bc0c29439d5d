"""Signing in and out, failing to, and being locked out: each leaves its row. What was typed is not kept."""

from axes.signals import user_locked_out
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver

from patients.addresses import address_of
from patients.models import AccessEvent, User
from patients.selectors.people import account_named
from patients.services.accesses import Asked, record_access

Kind = AccessEvent.Kind


@receiver(user_logged_in, dispatch_uid="trail_sign_in")
def signed_in(request=None, user=None, **_) -> None:
    _record(request, user, Kind.SIGN_IN)


@receiver(user_logged_out, dispatch_uid="trail_sign_out")
def signed_out(request=None, user=None, **_) -> None:
    if user is not None:
        _record(request, user, Kind.SIGN_OUT)


@receiver(user_login_failed, dispatch_uid="trail_sign_in_failed")
def failed(request=None, credentials=None, **_) -> None:
    _record(request, _account(credentials), Kind.SIGN_IN_FAILED)


@receiver(user_locked_out, dispatch_uid="trail_locked_out")
def locked_out(request=None, username=None, **_) -> None:
    _record(request, _account({"username": username}), Kind.LOCKED_OUT)


def not_answered(request) -> None:
    """The hospital's sign-in gave no answer: whoever is signed in here wanted to confirm, anybody else to come in."""
    _record(request, request.user if request.user.is_authenticated else None, Kind.SIGN_IN_FAILED)


def _account(credentials) -> User | None:
    """The account that was meant, if there is one: a name that nobody has may be a mistyped password."""
    name = (credentials or {}).get("username") or (credentials or {}).get("login")
    return account_named(name) if name else None


def _record(request, user, kind: str) -> None:
    where = {"address": address_of(request), "method": request.method or ""} if request is not None else {}
    record_access(asked=Asked(by=user, request_id=getattr(request, "request_id", ""), **where), kind=kind)
