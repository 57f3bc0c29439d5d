"""What every page's frame shows."""

from django.conf import settings


def frame(request) -> dict:
    return {"is_demo": settings.IS_DEMO, "disclaimer": "Research and decision support, not a certified medical device"}
