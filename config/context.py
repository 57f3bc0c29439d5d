"""What every page's frame shows."""

from django.conf import settings

from demo.accounts import DEMO_PASSWORD, DEMO_USER
from patients.domain.roles import Capability


def frame(request) -> dict:
    shown = {"is_demo": settings.IS_DEMO, "disclaimer": "Research and decision support, not a certified medical device"}
    shown["may_see_meetings"] = lambda: _may_see_meetings(request)  # asked for only where it is drawn
    shown["may_read_the_trail"] = lambda: _may(request, Capability.READ_TRAIL)
    if settings.IS_DEMO:
        shown["demo_sign_in"] = {"username": DEMO_USER, "password": DEMO_PASSWORD}
    return shown


def _may_see_meetings(request) -> bool:
    return _may(request, Capability.SEE_MEETING)


def _may(request, capability: Capability) -> bool:
    user = getattr(request, "user", None)
    return user is not None and user.is_authenticated and user.may(capability)
