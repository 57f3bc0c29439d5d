"""Is a page asked for as it was known on a day, and which moment is that?"""

from django.http import HttpRequest
from django.utils import timezone

from patients.domain.known import PARAMETER, Known, known_of


def is_asked(request: HttpRequest) -> bool:
    return PARAMETER in request.GET


def known_in(request: HttpRequest) -> Known:
    """Raises KnownRefused."""
    return known_of(request.GET[PARAMETER], zone=timezone.get_current_timezone(), now=timezone.now())


def known_or_today(request: HttpRequest) -> Known | None:
    """None where the page of today is asked for. Raises KnownRefused."""
    return known_in(request) if is_asked(request) else None
