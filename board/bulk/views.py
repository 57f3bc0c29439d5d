"""Tables come in by a trial run, and then by a confirmation of exactly that file; an import can be taken back."""

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from board.bulk.pages import batches_of, groups_of, groups_of_batch, undone_words
from board.bulk.taking import take_tables
from board.fhir.holding import held, hold, let_go
from patients.bulk.importing import NO_RIGHT, import_tables
from patients.bulk.outcomes import counts_in_words
from patients.bulk.reading import LARGEST_BYTES, FileRefused, read
from patients.bulk.templates_out import WORKBOOK, template_csv, template_xlsx
from patients.bulk.undoing import UndoRefused, undo_import
from patients.domain.bulk_columns import TABLES
from patients.domain.bulk_reasons import REASONS
from patients.domain.roles import Capability
from patients.models import ImportBatch

FORM_BYTES = 64 * 1024
GONE = "This file waits no longer: it was taken over already, or an hour has passed. Choose the file again."
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class TableForm(forms.Form):
    file = forms.FileField(
        label="CSV or XLSX file",
        error_messages={"required": "Choose a file.", "empty": "This file is empty."},
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.xlsx,text/csv"}),
    )


@csrf_exempt  # the token stands in the body: it is asked for once the size of the body is known
@require_http_methods(["GET", "POST"])
def bring(request: HttpRequest) -> HttpResponse:
    _check_role(request)
    if int(request.META.get("CONTENT_LENGTH") or 0) > LARGEST_BYTES + FORM_BYTES:
        return _page(request, TableForm(), refused=REASONS["file_too_large"], status=413)
    return _bring(request)


@csrf_protect
def _bring(request: HttpRequest) -> HttpResponse:
    """Say what would become of a file; nothing is stored yet."""
    if request.method == "GET":
        return _page(request, TableForm())
    form = TableForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, form, status=422)
    data = form.cleaned_data["file"].read(LARGEST_BYTES + 1)
    try:
        report = import_tables(by=request.user, found=read(data), is_trial=True)
    except FileRefused as refused:
        return _page(request, form, refused=str(refused), status=422)
    ticket = hold(data, by=request.user, case_number="")
    context = {"report": report, "groups": groups_of(report, request.user), "ticket": ticket}
    return render(request, "board/bulk/trial.html", context)


@require_POST
def confirm(request: HttpRequest) -> HttpResponse:
    _check_role(request)
    ticket = request.POST.get("ticket", "")
    found = held(ticket, by=request.user)
    if found is None:
        return _page(request, TableForm(), refused=GONE, status=422)
    only_good, sha256 = request.POST.get("only_good") == "yes", request.POST.get("sha256", "")
    try:
        report = take_tables(by=request.user, found=read(found[0]), only_good=only_good, sha256=sha256 or "missing")
    except FileRefused as refused:
        return _page(request, TableForm(), refused=str(refused), status=422)
    let_go(ticket, by=request.user)
    return redirect("board:import_batch", pk=report.batch_id)


@require_GET
def batch(request: HttpRequest, pk) -> HttpResponse:
    return _batch_page(request, _batch_or_404(request, pk))


@require_POST
def undo(request: HttpRequest, pk) -> HttpResponse:
    found = _batch_or_404(request, pk)
    try:
        undo_import(found, by=request.user, reason=request.POST.get("reason", ""))
    except UndoRefused as refused:
        return _batch_page(request, found, refused=str(refused), status=422)
    return redirect("board:import_batch", pk=found.pk)


@require_GET
def template(request: HttpRequest, table: str, kind: str) -> HttpResponse:
    _check_role(request)
    if table == WORKBOOK and kind == "xlsx":
        return _file(template_xlsx(list(TABLES.values())), XLSX, "import-tables.xlsx")
    if table not in TABLES:
        raise Http404("No such table.")
    if kind == "xlsx":
        return _file(template_xlsx([TABLES[table]]), XLSX, f"import-{table}.xlsx")
    return _file(template_csv(TABLES[table]), "text/csv; charset=utf-8", f"import-{table}.csv")


def _file(content: str | bytes, kind: str, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type=kind)
    response["Content-Disposition"] = content_disposition_header(True, name)
    return response


def _batch_or_404(request: HttpRequest, pk) -> ImportBatch:
    """Of one's own imports; another's is answered like none."""
    _check_role(request)
    found = ImportBatch.objects.filter(pk=pk, by=request.user).first()
    if found is None:
        raise Http404("No such import.")
    return found


def _check_role(request: HttpRequest) -> None:
    if not request.user.may(Capability.EDIT_CLINICAL):
        raise PermissionDenied(f"{NO_RIGHT} Nuclear medicine, clinicians, coordinators and data entry may.")


def _page(request: HttpRequest, form: TableForm, *, refused: str = "", status: int = 200) -> HttpResponse:
    context = {
        "form": form,
        "refused": refused,
        "tables": TABLES.values(),
        "workbook": WORKBOOK,
        "batches": batches_of(request.user),
    }
    return render(request, "board/bulk/bring.html", context, status=status)


def _batch_page(request: HttpRequest, found: ImportBatch, *, refused: str = "", status: int = 200) -> HttpResponse:
    context = {
        "batch": found,
        "counted": counts_in_words(found.counts),
        "groups": groups_of_batch(found, request.user),
        "undone": undone_words(found),
        "refused": refused,
    }
    return render(request, "board/bulk/batch.html", context, status=status)
