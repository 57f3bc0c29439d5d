"""Everything that waits for a person to say whose it is, the two identities of each in one line."""

from django.shortcuts import render
from django.views.decorators.http import require_GET

from imaging import access, identity, pages
from imaging.models import Series
from imaging.views import identities
from imaging.views.guard import needs
from imaging.views.words import explain
from patients import reads
from patients.domain.roles import Capability

SHOWN = 100
LISTS = {
    "": ("Waiting", pages.WAITING, "Nothing waits for a person."),
    "rejected": ("Rejected", (Series.Identity.REJECTED,), "Nothing was rejected."),
}


@needs(Capability.IMPORT_SCAN, Capability.RESOLVE_IDENTITY)
@require_GET
def held(request):
    asked = request.GET.get("list", "")
    asked = asked if asked in LISTS else ""
    _, states, nothing = LISTS[asked]
    rows = access.visible_series(request.user).filter(identity__in=states)
    rows = rows.select_related("study", "candidate_patient", "uploaded_by").order_by("created_at")
    rows = rows.prefetch_related("candidate_patient__identifiers")
    found = list(rows[: SHOWN + 1])
    for series in found[:SHOWN]:  # one by one: what has no case yet is noted by its own name
        reads.note(series)
    known = identity.Known(identity.DicomIdentity.of(series.study) for series in found[:SHOWN])
    lines = sorted(
        (_line(series, request.user, known) for series in found[:SHOWN]), key=lambda line: not line["contradicts"]
    )
    context = {
        "lines": lines,
        "lists": [{"key": key, "title": title, "here": key == asked} for key, (title, _, _) in LISTS.items()],
        "nothing": nothing,
        "has_more": len(found) > SHOWN,
        "shown": SHOWN,
        "may_resolve": request.user.may(Capability.RESOLVE_IDENTITY),
    }
    return render(request, "imaging/held.html", context)


def _line(series: Series, user, known: identity.Known) -> dict:
    compared = identities.rows(series, series.candidate_patient, known)
    contradicts = series.identity_reason in identity.CONTRADICTIONS
    return {
        "series": series,
        "title": pages.series_title(series),
        "patient": series.candidate_patient,
        "rows": compared,
        "contradicts": contradicts,
        "sentence": explain(series.identity_reason).sentence if series.identity_reason else identities.WITHOUT_CASE,
        "needs_other": contradicts and series.uploaded_by_id == user.pk,
    }
