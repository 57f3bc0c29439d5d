"""What every page's frame shows."""

from django.conf import settings

from demo.accounts import DEMO_PASSWORD, DEMO_USER


def frame(request) -> dict:
    shown = {"is_demo": settings.IS_DEMO, "disclaimer": "Research and decision support, not a certified medical device"}
    if settings.IS_DEMO:
        shown["demo_sign_in"] = {"username": DEMO_USER, "password": DEMO_PASSWORD}
    return shown
