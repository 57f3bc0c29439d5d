"""Bringing files in: the page, the stream of files, and the end of sending."""

import uuid
from contextlib import suppress

from django.http import HttpResponseRedirect, JsonResponse, UnreadablePostError
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST

from imaging import access, archive, framing, pages, services, store
from imaging.forms import UploadForm
from imaging.models import Upload
from imaging.refused import Refused
from imaging.tasks import ring
from imaging.views.answers import wants_json
from imaging.views.guard import needs, visible_or_404
from imaging.views.words import explain
from patients import reads
from patients.domain.roles import Capability
from patients.selectors import visible_patients

BATCH_BYTES = 16 << 20
BATCH_FILES = 256
OFFERED = 50
# One request carries one batch, or one file that is larger than a batch; heads and labels come on top.
MAX_BODY_BYTES = archive.MAX_TOTAL_BYTES + (16 << 20)
STATUS = {
    "not_permitted": 403,
    "upload_too_often": 429,
    "upload_quota": 429,
    "upload_closed": 409,
    "disk_full": 507,
    "store_unwritable": 503,
    "store_damaged": 503,
}


@csrf_exempt  # the size is refused before the form is read; the token is checked in _upload
@needs(Capability.IMPORT_SCAN)
@require_http_methods(["GET", "POST"])
def upload(request):
    try:
        return _too_large(request) or _upload(request)
    except store.StoreError as refusal:  # while the form was read
        _read_past(request)
        return _refused_page(request, refusal.code, reverse("imaging:upload"))


@csrf_protect
def _upload(request):
    """The page; a form sent without script is one whole import."""
    if request.method == "GET":
        form = UploadForm(user=request.user, initial={"case": request.GET.get("case", "")})
        return _page(request, form)
    form = UploadForm(request.POST, user=request.user)
    form.full_clean()
    files = request.FILES.getlist("files")
    if not files:
        form.add_error(None, "Choose at least one file.")
    if not form.is_valid():
        return _page(request, form, status=422)
    try:
        opened = _open(request, form)
        if opened.state == Upload.State.RECEIVING:
            _take_and_close(request, opened, files)
    except (Refused, store.StoreError) as refusal:
        form.add_error(None, explain(refusal.code).sentence)
        return _page(request, form, status=STATUS.get(refusal.code, 422))
    return HttpResponseRedirect(reverse("imaging:upload_detail", args=[opened.pk]))


@needs(Capability.IMPORT_SCAN)
@require_POST
def start(request):
    form = UploadForm(request.POST, user=request.user)
    if not form.is_valid():
        sentences = [error for errors in form.errors.values() for error in errors]
        code = "case_invalid" if form.has_error("case") else "form_invalid"
        return JsonResponse({"code": code, "sentence": " ".join(sentences)}, status=422)
    try:
        pk = _open(request, form).pk
    except Refused as refusal:
        return JsonResponse(explain(refusal.code).json(), status=STATUS.get(refusal.code, 422))
    return JsonResponse(
        {
            "files": reverse("imaging:upload_files", args=[pk]),
            "close": reverse("imaging:upload_close", args=[pk]),
            "detail": reverse("imaging:upload_detail", args=[pk]),
        }
    )


@needs(Capability.IMPORT_SCAN)
@require_POST
def receive(request, pk: uuid.UUID):
    """One batch of files, durable when answered; the answer names those that were refused at the door."""
    target = visible_or_404(access.visible_uploads(request.user), pk)
    if refusal := _too_large(request):
        return refusal
    if request.content_type != framing.CONTENT_TYPE:
        reads.nothing()
        return JsonResponse(explain("body_unreadable").json(), status=415)
    files = ((file.label, file) for file in framing.read_files(request, max_files=BATCH_FILES))
    try:
        items = services.add_files(by=request.user, upload=target, files=files)
    except (framing.BrokenBody, UnreadablePostError):
        return JsonResponse(explain("upload_interrupted").json(), status=400)
    except (Refused, store.StoreError) as refusal:
        _read_past(request)
        return JsonResponse(explain(refusal.code).json(), status=STATUS.get(refusal.code, 422))
    refused = [
        {"index": index, "word": "refused", "sentence": explain(item.reason_code).sentence}
        for index, item in enumerate(items)
        if item.reason_code
    ]
    reads.nothing()
    return JsonResponse({"received": len(items), "items": refused})


@csrf_exempt
@needs(Capability.IMPORT_SCAN)
@require_POST
def plain(request, pk: uuid.UUID):
    try:
        return _too_large(request) or _plain(request, pk)
    except store.StoreError as refusal:
        _read_past(request)
        return _refused_page(request, refusal.code, reverse("imaging:upload_detail", args=[pk]))


@csrf_protect
def _plain(request, pk: uuid.UUID):
    """More files for an interrupted upload, sent without script."""
    target = visible_or_404(access.visible_uploads(request.user), pk)
    files = request.FILES.getlist("files")
    detail = reverse("imaging:upload_detail", args=[pk])
    try:
        if files and target.state == Upload.State.RECEIVING:
            _take_and_close(request, target, files)
    except (Refused, store.StoreError) as refusal:
        return _refused_page(request, refusal.code, detail)
    return HttpResponseRedirect(detail)


@needs(Capability.IMPORT_SCAN)
@require_POST
def close(request, pk: uuid.UUID):
    target = visible_or_404(access.visible_uploads(request.user), pk)
    detail = reverse("imaging:upload_detail", args=[pk])
    try:
        job = services.close_upload(by=request.user, upload=target)
    except Refused as refusal:
        if wants_json(request):
            return JsonResponse(explain(refusal.code).json(), status=STATUS.get(refusal.code, 422))
        return _refused_page(request, refusal.code, detail)
    ring([job.pk])
    reads.nothing()
    return JsonResponse({"detail": detail}) if wants_json(request) else HttpResponseRedirect(detail)


def _open(request, form: UploadForm) -> Upload:
    return services.open_upload(
        by=request.user, patient=form.cleaned_data["case"], source=Upload.Source.BROWSER, key=form.cleaned_data["key"]
    )


def _take_and_close(request, target: Upload, files) -> None:
    services.add_files(by=request.user, upload=target, files=[(file.name, file) for file in files])
    ring([services.close_upload(by=request.user, upload=target).pk])


def _read_past(request) -> None:
    """A sender who is cut off while sending reads no answer: the rest of a body of usual size is dropped unread."""
    left = 4 * BATCH_BYTES
    with suppress(OSError):
        while left > 0 and (data := request.read(framing.BUFFER_BYTES)):
            left -= len(data)


def _too_large(request):
    """413 with a sentence, before anything of the body is read."""
    if int(request.META.get("CONTENT_LENGTH") or 0) <= MAX_BODY_BYTES:
        return None
    if wants_json(request):
        return JsonResponse(explain("upload_too_large").json(), status=413)
    return _refused_page(request, "upload_too_large", reverse("imaging:upload"), status=413)


def _refused_page(request, code: str, back: str, status: int = 0):
    reads.nothing()
    context = {"reason": explain(code), "back": back}
    return render(request, "imaging/refused.html", context, status=status or STATUS.get(code, 422))


def limits() -> dict:
    return {
        "max_file": archive.MAX_FILE_BYTES,
        "max_archive": archive.MAX_TOTAL_BYTES,
        "max_files_words": f"{archive.MAX_FILES:,}",
        "batch_bytes": BATCH_BYTES,
        "batch_files": BATCH_FILES,
    }


def _page(request, form: UploadForm, status: int = 200):
    offered = list(visible_patients(request.user)[:OFFERED])
    recent = pages.recent_uploads(access.visible_uploads(request.user))
    waiting = pages.waiting_series(access.visible_series(request.user))
    reads.note_all([*offered, *recent, *waiting])
    context = {
        "form": form,
        "limits": limits(),
        "case_numbers": [case.case_number for case in offered],
        "recent": recent,
        "waiting": waiting,
    }
    return render(request, "imaging/upload.html", context, status=status)
