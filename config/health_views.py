"""For load balancers: alive, and ready. For the system administrator: how everything is, in words and as JSON."""

import time

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError
from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from config.health_lights import lights, worst
from config.health_reading import migrations_waiting, read
from imaging.views.guard import needs
from patients.domain.roles import Capability

READY_FOR_SECONDS = 10
_ready_until = 0.0


@login_not_required
@require_GET
def healthz(request):
    """The process answers; nothing else is asked."""
    return HttpResponse("ok", content_type="text/plain")


@login_not_required
@require_GET
def readyz(request):
    """503 until the database answers and has the tables of this version. Says no more than that to anybody."""
    global _ready_until  # noqa: PLW0603 - a balancer asks every second; the plan of migrations takes a while
    if time.monotonic() < _ready_until:
        return HttpResponse("ready", content_type="text/plain")
    try:
        waiting = migrations_waiting()
    except DatabaseError:
        return HttpResponse("the database does not answer", content_type="text/plain", status=503)
    if waiting:
        return HttpResponse("the tables are older than this version", content_type="text/plain", status=503)
    _ready_until = time.monotonic() + READY_FOR_SECONDS
    return HttpResponse("ready", content_type="text/plain")


@needs(Capability.MANAGE_USERS)
@require_GET
def health(request):
    found = read()
    shown = lights(found)
    return render(request, "health.html", {"health": found, "lights": shown, "worst": worst(shown)})


@needs(Capability.MANAGE_USERS)
@require_GET
def health_json(request):
    found = read()
    shown = lights(found)
    said = [{"name": one.name, "colour": one.colour, "sentence": one.sentence} for one in shown]
    return JsonResponse({"worst": worst(shown), "lights": said, "figures": found.json()})
