"""One upload while it is imported and after: stages with real counts, every series, every file that was not taken."""

import hashlib
import json
import uuid
from collections import defaultdict

from django.db.models import Q
from django.http import JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from imaging import access, pages, selectors
from imaging.job_lines import job_lines
from imaging.models import Job, Series, Upload, UploadItem
from imaging.reasons import QUESTIONS
from imaging.views import stages
from imaging.views.guard import needs, visible_or_404
from imaging.views.upload import limits
from imaging.views.words import explain
from patients import reads
from patients.domain.roles import Capability

SHOWN_FILES = 500
SHOWN_PER_REASON = 8
MAY_FOLLOW = (Capability.IMPORT_SCAN, Capability.RESOLVE_IDENTITY)
PROBLEMS = Q(outcome=UploadItem.Outcome.REFUSED) | Q(outcome=UploadItem.Outcome.HELD, series=None)
ACTIONS = {
    Series.Identity.HELD: "Compare identity",
    Series.Identity.UNASSIGNED: "Choose the case",
}


@needs(*MAY_FOLLOW)
@require_GET
def detail(request, pk: uuid.UUID):
    upload = _upload(request, pk)
    found = selectors.upload_progress(upload)
    is_own = upload.by_id == request.user.pk
    items = list(upload.items.all()[: SHOWN_FILES + 1])
    context = {
        "upload": upload,
        "patient": upload.patient,
        "started": f"{upload.created_at:%-d %b %Y, %H:%M}",
        "progress": _progress(upload, found),
        "may_continue": is_own and upload.state == Upload.State.RECEIVING,
        "limits": limits(),
        "failure": explain(upload.reason_code, title="The import failed.") if upload.reason_code else None,
        **_held_counts(found["series"]),
        "series_rows": _series_rows(request.user, upload, found),
        "work": next(iter(job_lines(_import_of(upload), request.user)), None),
        "problems": _problems(upload, is_own),
        "problem_count": upload.items.filter(PROBLEMS).count(),
        "item_rows": [_item_row(item, is_own) for item in items[:SHOWN_FILES]],
        "item_count": found["file_count"],
        "item_more": max(0, found["file_count"] - SHOWN_FILES),
    }
    return render(request, "imaging/upload_detail.html", context)


@needs(*MAY_FOLLOW)
@require_GET
def progress(request, pk: uuid.UUID):
    upload = _upload(request, pk)
    reads.nothing()
    return JsonResponse(_progress(upload, selectors.upload_progress(upload)))


def _upload(request, pk: uuid.UUID) -> Upload:
    return visible_or_404(access.visible_uploads(request.user).select_related("patient"), pk)


def _import_of(upload: Upload):
    found = Job.objects.filter(kind=Job.Kind.IMPORT, subject_id=upload.pk)
    return found.select_related("patient", "cancelled_by")


def _progress(upload: Upload, found: dict) -> dict:
    """The counts of the page as JSON; ``revision`` changes whenever the tables of the page would."""
    rows = stages.rows(upload, found)
    shown = [found["files"], found["series"], upload.state]
    return {
        "stages": rows,
        "percent": stages.percent(rows),
        "sentence": stages.sentence(upload, found, rows),
        "received": found["file_count"],
        "is_finished": found["is_finished"],
        "revision": hashlib.sha256(json.dumps(shown, sort_keys=True).encode()).hexdigest()[:16],
    }


def _held_counts(series: list[dict]) -> dict:
    reasons = [row["identity_reason"] for row in series if row["identity"] == Series.Identity.HELD]
    asked = sum(reason in QUESTIONS for reason in reasons)
    return {"asked_count": asked, "held_count": len(reasons) - asked}


def _series_rows(user, upload: Upload, found: dict) -> list[dict]:
    """Series this user may open; of one that is in somebody else's chart not even a line."""
    visible = (
        access.visible_series(user)
        .select_related("candidate_patient")
        .in_bulk([uuid.UUID(row["id"]) for row in found["series"]])
    )
    reads.note_all(visible.values())
    rows = []
    for state in found["series"]:
        series = visible.get(uuid.UUID(state["id"]))
        if series is None:
            continue
        rows.append(
            {
                "series": series,
                "title": pages.series_title(series),
                "counts": _counts(upload, series),
                "state_words": _state_words(upload, series),
                "identity_sentence": explain(series.identity_reason).sentence if series.identity_reason else "",
                "suv": _suv(state),
                "action": _action(series, state),
            }
        )
    return sorted(rows, key=lambda row: row["series"].modality != "PT")


def _state_words(upload: Upload, series: Series) -> str:
    """Of a series that was here before, in or held for another case than this import was for, which one that is."""
    words, owner = pages.identity_words(series), series.candidate_patient
    is_elsewhere = upload.patient and owner and owner != upload.patient
    return f"{words} (case {owner.case_number})" if is_elsewhere else words


def _action(series: Series, state: dict) -> str:
    if pages.is_asked(series):
        return "Answer the question"
    if series.identity in ACTIONS:
        return ACTIONS[series.identity]
    return "See what to do" if state["suv_state"] == selectors.REFUSED else "Open"


def _counts(upload: Upload, series: Series) -> str:
    outcomes = upload.items.filter(series=series).values_list("outcome", flat=True)
    already = sum(outcome == UploadItem.Outcome.ALREADY for outcome in outcomes)
    new = len(outcomes) - already
    if not already:
        return f"{new} new"
    since = f"already here since {series.created_at:%-d %b %Y}"
    return f"{new} new, {already} {since}" if new else f"all {already} {since}"


def _suv(state: dict) -> dict:
    if state["object"]:
        return _object(state["object"])
    if state["modality"] != "PT":
        return {"icon": "inactive", "text": "not a PET", "sentence": ""}
    if state["suv_state"] == selectors.CURRENT and state["refusal_code"]:
        return {"icon": "not-met", "text": "factor only, no volume", "sentence": state["refusal_message"]}
    if state["suv_state"] == selectors.CURRENT:
        return {"icon": "met", "text": "calculated", "sentence": ""}
    if state["suv_state"] in {selectors.REFUSED, selectors.FAILED}:
        return {"icon": "not-met", "text": "not calculated", "sentence": state["suv_message"]}
    return {"icon": "clock", "text": "not computed yet", "sentence": ""}


def _object(found: dict) -> dict:
    """Outlines and reports have no SUV of their own; what became of them stands in its place."""
    if found["message"]:
        return {"icon": "not-met", "text": "not used", "sentence": found["message"]}
    if not found["is_read"]:
        return {"icon": "clock", "text": "not read yet", "sentence": ""}
    return {"icon": "met", "text": "on its scan" if found["is_on_scan"] else "read", "sentence": ""}


def _problems(upload: Upload, is_own: bool) -> list[dict]:
    """Files that were not taken, by reason, the most frequent first."""
    by_code: dict[str, list[UploadItem]] = defaultdict(list)
    for item in upload.items.filter(PROBLEMS):
        by_code[item.reason_code].append(item)
    found = []
    for code, items in sorted(by_code.items(), key=lambda pair: -len(pair[1])):
        words = explain(code, detail=items[0].detail)
        shown = [_problem(item, is_own) for item in items[:SHOWN_PER_REASON]]
        found.append(
            {
                "code": code,
                "sentence": words.sentence,
                "not_done": words.not_done or "These files were not stored; the others were.",
                "who_can_fix": words.who_can_fix or "the person who sent them",
                "tag": words.tag,
                "items": shown,
                "more": len(items) - len(shown),
            }
        )
    return found


def _problem(item: UploadItem, is_own: bool) -> dict:
    named = [f"{one['tag']} {one['name'] or 'unnamed element'}" for one in item.differences]
    return {"name": _name(item, is_own), "detail": item.detail, "differences": named}


def _item_row(item: UploadItem, is_own: bool) -> dict:
    word = item.get_outcome_display()
    if item.reason_code and item.outcome != UploadItem.Outcome.ALREADY:
        word = f"{word}: {explain(item.reason_code, detail=item.detail).sentence}"
    return {"name": _name(item, is_own), "outcome": item.outcome, "word": word}


def _name(item: UploadItem, is_own: bool) -> str:
    """A file name may hold a patient's name, so only its sender sees it."""
    return item.label if is_own else f"file {item.pk}"
