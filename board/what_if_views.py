"""The sandbox page. Tried values travel in the body of a POST, so that no address and no access log holds one."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from board.chart import Chart
from board.criteria_view import all_keys, own_keys
from board.identity import identity_of
from board.views import patient_or_404
from board.what_if import sandbox
from eligibility.loader import guidelines

EVERY = "all"


@require_http_methods(["GET", "POST"])
def what_if(request: HttpRequest, case_number: str) -> HttpResponse:
    """Reads only: the answer to a POST is computed and forgotten."""
    chart = Chart(patient_or_404(request.user, case_number), timezone.localdate())
    keys, sets = all_keys(), guidelines()
    wanted = (request.POST if request.method == "POST" else request.GET).get("set", "")
    shown = keys if wanted == EVERY else [wanted] if wanted in keys else own_keys()
    found = sandbox(chart, shown, request.POST if request.method == "POST" else {})
    context = {
        "patient": chart.patient,
        "identity": identity_of(chart),
        "sandbox": found,
        "sets": [(key, sets[key].label) for key in keys],
        "wanted": wanted if wanted in [*keys, EVERY] else "",
    }
    return render(request, "board/what_if.html", context, status=422 if found.errors else 200)
