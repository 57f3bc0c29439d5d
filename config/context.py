"""What every page's frame shows."""

from django.conf import settings
from django.utils.functional import SimpleLazyObject

from config.health_lights import grouped, lights
from config.health_reading import read
from demo.accounts import DEMO_PASSWORD, DEMO_USER
from patients.domain.roles import Capability
from patients.selectors import open_emergencies, unreviewed_emergencies
from patients.session_time import seconds_left


def frame(request) -> dict:
    shown = {"is_demo": settings.IS_DEMO, "disclaimer": "Research and decision support, not a certified medical device"}
    shown["may_read_the_trail"] = lambda: _may(request, Capability.READ_TRAIL)
    shown["may_manage"] = lambda: _may(request, Capability.MANAGE_USERS)
    shown["may_see_meetings"] = lambda: _may(request, Capability.SEE_MEETING)  # asked for only where it is drawn
    shown["may_import_scans"] = lambda: _may(request, Capability.IMPORT_SCAN)
    shown["may_read_charts"] = lambda: _may(request, Capability.READ_CHART)
    shown["system_lights"] = SimpleLazyObject(lambda: _system_lights(request))  # read once for all its panels
    shown["may_see_cohort"] = lambda: _may(request, Capability.SEE_COHORT)
    user = getattr(request, "user", None)
    if user is not None and user.is_authenticated:
        shown |= _of_people(request, user)
    if settings.SOCIALACCOUNT_PROVIDERS:
        shown["hospital_sign_in"] = settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"][0]["name"]
    if settings.IS_DEMO:
        shown["demo_sign_in"] = {"username": DEMO_USER, "password": DEMO_PASSWORD}
    return shown


def _system_lights(request) -> dict:
    return grouped(lights(read())) if _may(request, Capability.MANAGE_USERS) else {}


def _may(request, capability: Capability) -> bool:
    user = getattr(request, "user", None)
    return user is not None and user.is_authenticated and user.may(capability)


def _unreviewed(request) -> int:
    """Counted once, however often the page and its parts show it."""
    if not hasattr(request, "unreviewed_emergencies"):
        request.unreviewed_emergencies = unreviewed_emergencies()
    return request.unreviewed_emergencies


def _of_people(request, user) -> dict:
    """Asked for only where it is drawn, too."""
    manages = user.may(Capability.MANAGE_USERS)
    return {
        "session_left": lambda: seconds_left(request),
        "idle_minutes": settings.IDLE_MINUTES,
        "open_emergencies": lambda: open_emergencies(user),
        "manages_people": manages,
        "unreviewed": (lambda: _unreviewed(request)) if manages else 0,
        "may_invite": manages or user.may(Capability.INVITE_OBSERVER),
        "may_grant": user.may(Capability.GRANT_ACCESS),
        "may_break_glass": user.may(Capability.BREAK_GLASS),
    }
