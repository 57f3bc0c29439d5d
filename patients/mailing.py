"""Mails of these pages: links and names of people, never anything of a patient, not even the case number."""

import logging

from django.conf import settings
from django.core.mail import send_mail
from django.urls import reverse

from patients.domain.roles import Role
from patients.models import Invitation, User

log = logging.getLogger("prrt.mail")

INVITED = """Good day {name},

{by} invites you to PRRT Board as {role}.
Open this link once, choose a user name and a password, and sign in:

{link}

The link works until {until} and only once. If you do not expect it, leave it unopened.
"""
WITHOUT_LINK = "in PRRT Board: sign in, then People, Emergency access."  # where the address is not set
EMERGENCY = """A case was opened by emergency access.

Who, when and why is listed {where}
This mail names no case and no patient on purpose.
"""


def send_invitation(invitation: Invitation, link: str) -> bool:
    by = invitation.invited_by.shown_name
    said = {
        "name": f"{invitation.first_name} {invitation.last_name}".strip(),
        "by": by,
        "role": invitation.get_role_display().lower(),
        "link": link,
        "until": f"{invitation.until:%Y-%m-%d %H:%M %Z}",
    }
    return _send("Invitation to PRRT Board", INVITED.format(**said), [invitation.email])


def send_emergency_notice() -> bool:
    """To every administrator with a mail address, each by themselves."""
    where = f"here: {settings.SITE_URL}{reverse('people:emergencies')}" if settings.SITE_URL else WITHOUT_LINK
    admins = User.objects.filter(role=Role.SYSTEM_ADMIN, is_active=True).exclude(email="")
    to = list(admins.values_list("email", flat=True))
    sent = [_send("PRRT Board: emergency access", EMERGENCY.format(where=where), [address]) for address in to]
    return all(sent)


def _send(subject: str, text: str, to: list[str]) -> bool:
    if not settings.SENDS_MAIL:
        return False
    try:
        return bool(send_mail(subject, text, settings.DEFAULT_FROM_EMAIL, to))
    except OSError as error:  # a mail server that is away stops no one; the page shows what the mail would
        log.warning("a mail could not be sent: %s", type(error).__name__)
        return False
