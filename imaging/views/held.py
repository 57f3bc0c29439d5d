"""Everything that waits for a person to say whose it is, the two identities of each in one line.

And files that are held by themselves, in no series: of these only how many there are, why, and of which import; a
person who has looked closes them.
"""

import datetime as dt
import uuid

from django.contrib import messages
from django.db.models import Count
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from imaging import access, chart_questions, identity, pages, services
from imaging.models import Series, Upload, UploadItem
from imaging.refused import Refused
from imaging.views import identities
from imaging.views.guard import needs, visible_or_404
from imaging.views.words import explain
from patients import reads
from patients.domain.roles import Capability

SHOWN = 100
FILES_SHOWN = 20
FILES_DAYS = 30
LISTS = {
    "": ("Waiting", pages.WAITING, "Nothing waits for a person."),
    "asked": ("In a chart, in question", (), "Every header in a chart agrees with it, or somebody has answered."),
    "closed": ("Closed files", (), f"No file was closed within {FILES_DAYS} days."),
    "rejected": ("Rejected", (Series.Identity.REJECTED,), "Nothing was rejected."),
}


@needs(Capability.IMPORT_SCAN, Capability.RESOLVE_IDENTITY)
@require_GET
def held(request):
    asked = request.GET.get("list", "")
    asked = asked if asked in LISTS else ""
    _, states, nothing = LISTS[asked]
    found = _in_question(request.user) if asked == "asked" else _in_state(request.user, states)
    shown = found[:SHOWN]
    for series, _ in shown:  # one by one: what has no case yet is noted by its own name
        reads.note(series)
    known = identity.Known(identity.DicomIdentity.of(series) for series, _ in shown)
    lines = sorted(
        (_line(series, codes, request.user, known) for series, codes in shown), key=lambda line: not line["contradicts"]
    )
    has_files = asked in ("", "closed")
    by_import, has_more = _files(request.user, are_closed=asked == "closed") if has_files else ([], False)
    context = {
        "lines": lines,
        "lists": [{"key": key, "title": title, "here": key == asked} for key, (title, _, _) in LISTS.items()],
        "nothing": nothing,
        "is_asked": asked == "asked",
        "has_more": len(found) > SHOWN,
        "shown": SHOWN,
        "files": by_import,
        "has_more_files": has_more,
        "are_closed": asked == "closed",
        "files_days": FILES_DAYS,
        "may_resolve": request.user.may(Capability.RESOLVE_IDENTITY),
    }
    return render(request, "imaging/held.html", context)


@needs(Capability.RESOLVE_IDENTITY)
@require_POST
def files(request, pk: uuid.UUID):
    """Somebody looked at what one import brought under one reason: closed, or opened again."""
    upload = visible_or_404(access.visible_uploads(request.user), pk)
    is_again = request.POST.get("act") == "reopen"
    act = services.reopen_files if is_again else services.close_files
    asked = {"code": request.POST.get("code", ""), "reason": request.POST.get("reason", "")[:200]}
    try:
        number = act(by=request.user, upload=upload, **asked)
    except Refused as refusal:
        messages.error(request, refusal.message)
    else:
        words = "on the list again" if is_again else "closed, with your name and reason"
        messages.success(request, f"{number} file{'s' if number > 1 else ''}: {words}.")
    return redirect(f"{reverse('imaging:held')}{'?list=closed' if is_again else ''}")


def _files(user, *, are_closed: bool) -> tuple[list[dict], bool]:
    """Files in no series, by import and reason, the newest first, and whether there are more.

    What is open is listed however old it is.
    """
    held = UploadItem.objects.filter(outcome=UploadItem.Outcome.HELD, series=None, closed_at__isnull=not are_closed)
    held = held.filter(upload__in=access.visible_uploads(user))
    if are_closed:
        held = held.filter(closed_at__gte=timezone.now() - dt.timedelta(days=FILES_DAYS))
    said = ("upload", "reason_code", "closed_by__username", "closed_at", "closed_reason")
    counted = held.values(*said).annotate(number=Count("pk"))
    rows = list(counted.order_by("-upload__created_at", "reason_code", "closed_at")[: FILES_SHOWN + 1])
    known = Upload.objects.select_related("by").in_bulk([row["upload"] for row in rows])
    return [
        row | {"upload": known[row["upload"]], "why": explain(row["reason_code"])} for row in rows[:FILES_SHOWN]
    ], len(rows) > FILES_SHOWN


def _in_state(user, states) -> list[tuple[Series, list[str]]]:
    rows = access.visible_series(user).filter(identity__in=states)
    rows = rows.select_related("study", "candidate_patient", "uploaded_by").order_by("created_at")
    rows = rows.prefetch_related("candidate_patient__identifiers")
    return [(series, []) for series in rows[: SHOWN + 1]]


def _in_question(user) -> list[tuple[Series, list[str]]]:
    rows = access.visible_series(user).select_related("uploaded_by").prefetch_related("candidate_patient__identifiers")
    return [(one.series, one.codes) for one in chart_questions.of_series(rows)[: SHOWN + 1]]


def _line(series: Series, asked: list[str], user, known: identity.Known) -> dict:
    """``asked``: of a series in a chart, what is asked since the chart was changed."""
    compared = identities.rows(series, series.candidate_patient, known)
    contradicts = not identity.CONTRADICTIONS.union(chart_questions.CONTRADICTIONS).isdisjoint(
        [series.identity_reason, *asked]
    )
    sentences = [explain(code).sentence for code in asked] or [identities.sentence(series)]
    needs_other = chart_questions.needs_other(series, asked, user)
    return {
        "series": series,
        "state": pages.identity_words(series),
        "title": pages.series_title(series),
        "patient": series.candidate_patient,
        "rows": compared,
        "contradicts": contradicts,
        "also_asked": sentences[1:] if asked else identities.also_asked(series),
        "asked": asked,
        "sentence": sentences[0],
        "needs_other": needs_other if asked else contradicts and series.uploaded_by_id == user.pk,
    }
