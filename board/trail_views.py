"""The trail over all cases: who did or saw what, when and from where; to look through and to take along."""

from collections.abc import Iterable
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from board.trail_export import FORMS
from patients import reads
from patients.domain.roles import Capability
from patients.models import User
from patients.trail_lines import ALL_CASES, MOST_EXPORTED, SORTS, TrailLine, Wanted, lines
from patients.trail_seals import head, unsealed

REFUSED = "Your role may not read the trail of all cases. Coordinators and system administrators may."


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    _check_role(request)
    wanted = Wanted.of(request.GET)
    found, older = lines(request.user, wanted, before=request.GET.get("before", ""))
    _note(found)
    context = {
        "lines": found,
        "wanted": wanted,
        "asked": urlencode(wanted.as_query),
        "older": urlencode(wanted.as_query | {"before": older}) if older else "",
        "people": User.objects.order_by("last_name", "username"),
        "sorts": SORTS,
        "forms": FORMS,
        "sees_all": request.user.may(ALL_CASES),
        "may_read_charts": request.user.may(Capability.READ_CHART),
        "seals": head()[0],
        "unsealed": sum(unsealed().values()),
    }
    return render(request, "board/trail.html", context)


@require_GET
def export(request: HttpRequest, form: str) -> HttpResponse:
    """The newest lines of a search as a file; that it was taken is in the trail itself."""
    _check_role(request)
    found, _ = lines(request.user, Wanted.of(request.GET), most=MOST_EXPORTED)
    _note(found, is_exported=True)
    kind = FORMS[form]
    name = f"trail-{timezone.localdate().isoformat()}.{kind.ending}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(kind.write(found), content_type=kind.content_type, headers=headers)


def _check_role(request: HttpRequest) -> None:
    if not request.user.may(Capability.READ_TRAIL):
        raise PermissionDenied(REFUSED)


def _note(found: Iterable[TrailLine], *, is_exported: bool = False) -> None:
    for line in found:
        reads.note_case(line.case_number)
    reads.of_the_trail(is_exported=is_exported)
