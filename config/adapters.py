"""How the sign-in library is used here: accounts come from invitations, secrets are stored encrypted."""

import base64
import hashlib
import time

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet
from django.conf import settings
from django.core.exceptions import ValidationError

from patients.domain.roles import Role
from patients.selectors.people import account_named
from patients.services import guessing_key, sign_out_everywhere
from patients.session_time import SINCE, keep, needs_factor

ENCRYPTED = "f1:"
ELSEWHERE = "Please use the hospital sign-in. Passwords are switched off here."


class AccountAdapter(DefaultAccountAdapter):
    error_messages = DefaultAccountAdapter.error_messages | {
        "username_password_mismatch": "User name or password is wrong.",
        "too_many_login_attempts": "Too many wrong passwords for this user name. Signing in waits for up to an hour; "
        "an administrator can end the waiting.",
    }

    def is_open_for_signup(self, request) -> bool:
        return False

    def authenticate(self, request, **credentials):
        """Where the hospital signs people in, a password is for system administrators: they must get in without it."""
        if (meant := account_named(credentials.get("username", ""))) is not None:
            credentials["username"] = meant.username
        user = super().authenticate(request, **credentials)
        if user is not None and not settings.LOCAL_SIGN_IN_FOR_ALL and user.role != Role.SYSTEM_ADMIN:
            raise ValidationError(ELSEWHERE)
        return user

    def is_reauthentication_required(self, *, app: str) -> bool:
        """Who signed in within the last minutes need not say so again to set up a second factor."""
        is_fresh = time.time() - context.request.session.get(SINCE, 0) < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT
        return super().is_reauthentication_required(app=app) and not is_fresh

    def _get_login_attempts_cache_key(self, request, **credentials) -> str:
        typed = credentials.get("username", "")
        meant = account_named(typed)
        return guessing_key(meant.username if meant else typed)

    def set_password(self, user, password) -> None:
        """A new password ends what was signed in with the old one, in every other browser."""
        super().set_password(user, password)
        request = context.request
        is_own = request is not None and request.user.is_authenticated and request.user.pk == user.pk
        sign_out_everywhere(
            user, by=user, reason="password changed", keep=request.session.session_key or "" if is_own else ""
        )
        if is_own:
            keep(request)


class SecondFactorAdapter(DefaultMFAAdapter):
    error_messages = DefaultMFAAdapter.error_messages | {
        "cannot_delete_authenticator": "Your role needs a second factor: add another one before you remove this one.",
        "incorrect_code": "This code is wrong or was used before. Wait for the next one.",
    }

    def encrypt(self, text: str) -> str:
        return ENCRYPTED + _cipher().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """What was stored before secrets were encrypted is read as it is."""
        if not encrypted_text.startswith(ENCRYPTED):
            return encrypted_text
        return _cipher().decrypt(encrypted_text.removeprefix(ENCRYPTED).encode()).decode()

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        if not needs_factor(authenticator.user) or authenticator.type == Authenticator.Type.RECOVERY_CODES:
            return True
        others = Authenticator.objects.filter(user=authenticator.user).exclude(pk=authenticator.pk)
        return others.exclude(type=Authenticator.Type.RECOVERY_CODES).exists()


def _cipher() -> Fernet:
    """Its key comes from the secret key of the site: a copy of the database alone makes no code."""
    key = hashlib.sha256(b"second factor:" + settings.SECRET_KEY.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(key))
