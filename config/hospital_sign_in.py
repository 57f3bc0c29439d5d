"""Signing in with the account of the hospital (OpenID Connect): it says who somebody is, not what they may do."""

import itertools
import re

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from django.conf import settings
from django.core.exceptions import ValidationError
from django.shortcuts import render
from requests import RequestException

from config.hospital_down import no_answer
from patients import confirmations
from patients.domain.roles import Role
from patients.models import Invitation, User
from patients.services import accept_open, follow_role

TRIES = 5


class HospitalSignIn(DefaultSocialAccountAdapter):
    def is_open_for_signup(self, request, sociallogin) -> bool:
        return False

    def pre_social_login(self, request, sociallogin) -> None:
        """Somebody known signs in; somebody invited gets the account of the invitation; nobody else gets in."""
        if (asked := confirmations.asked_with(sociallogin.state)) is not None:
            raise ImmediateHttpResponse(confirmations.take_in(request, sociallogin, asked))
        if not sociallogin.is_existing:
            user = _known(sociallogin) or _invited(sociallogin)
            if user is None or not user.is_active:
                raise ImmediateHttpResponse(render(request, "account/not_known.html", status=403))
            sociallogin.connect(request, user)
        if (role := _role_of(sociallogin)) is not None:
            follow_role(sociallogin.user, role=role)

    def on_authentication_error(self, request, provider, error=None, exception=None, extra_context=None) -> None:
        if confirmations.asked_with((extra_context or {}).get("state")) is not None:
            refused = confirmations.NO_ANSWER if exception is not None else confirmations.NOT_ENDED
            status = 403 if exception is None else 503
            raise ImmediateHttpResponse(confirmations.refuse(request, refused, status=status))
        if isinstance(exception, (RequestException, OAuth2Error)):
            raise ImmediateHttpResponse(no_answer(request, exception))


def _verified_mails(sociallogin) -> list[str]:
    return [address.email for address in sociallogin.email_addresses if address.verified is True and address.email]


def _known(sociallogin) -> User | None:
    """An account whose mail address the hospital has verified. Two with the same one are nobody."""
    for email in _verified_mails(sociallogin):
        found = list(User.objects.filter(email__iexact=email)[:2])
        if len(found) == 1:
            return found[0]
    return None


def _invited(sociallogin) -> User | None:
    for email in _verified_mails(sociallogin):
        for invitation in Invitation.objects.filter(email__iexact=email):
            if invitation.is_open and invitation.invited_by.is_active:
                return _accepted(invitation, email)
    return None


def _accepted(invitation: Invitation, email: str) -> User | None:
    for _ in range(TRIES):
        try:
            return accept_open(invitation, username=_free_name(email))
        except ValidationError as refused:
            if "username" not in getattr(refused, "error_dict", {}):
                return None  # used, withdrawn or run out; a name that was taken meanwhile has another one
    return None


def _free_name(email: str) -> str:
    """The mail address without what a user name may not have (o'brien@…), with a number where it is taken."""
    name = re.sub(r"[^\w.@+-]", "", email.lower())[:140]
    names = (name if n == 1 else f"{name}-{n}" for n in itertools.count(1))
    return next(found for found in names if not User.objects.filter(username__iexact=found).exists())


def _role_of(sociallogin) -> str | None:
    """None without a mapping, or where no word of the token is in it. Administrators are never made by a token."""
    said = sociallogin.account.extra_data
    claims = (said.get("userinfo") or {}) | (said.get("id_token") or {})
    values = claims.get(settings.OIDC_ROLE_CLAIM) or []
    for value in [values] if isinstance(values, str) else values:
        role = settings.OIDC_ROLES.get(str(value))
        if role in set(Role) - {Role.SYSTEM_ADMIN}:
            return str(role)
    return None
