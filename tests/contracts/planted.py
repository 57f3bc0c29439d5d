"""The addresses of the product and, beside them, what somebody could forget in a new page: for the checks to find."""

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpResponse
from django.urls import include, path
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from board.views import patient_or_404
from config.urls import handler400, handler500, urlpatterns  # noqa: F401
from patients import reads
from patients.domain.roles import Capability
from patients.models import Patient
from patients.people.gate import needs


def shown(patient: Patient) -> HttpResponse:
    reads.note(patient)
    return HttpResponse(patient.case_number)


def written(patient: Patient) -> HttpResponse:
    Patient.objects.filter(pk=patient.pk).update(centre=patient.centre)
    return HttpResponse("")


@require_GET
def sound(request, case_number):
    return shown(patient_or_404(request.user, case_number))


@require_GET
def without_role(request, case_number):
    """Whoever has a grant: the half of the gate that asks for no role."""
    found = Patient.objects.granted_to(request.user, timezone.now()).filter(case_number=case_number).first()
    if found is None:
        raise Http404
    return shown(found)


@require_GET
@needs(Capability.READ_CHART)
def without_relation(request, case_number):
    return shown(Patient.objects.get(case_number=case_number))


@require_GET
def without_either(request, case_number):
    return shown(Patient.objects.get(case_number=case_number))


@login_not_required
@require_GET
def without_sign_in(request, case_number):
    return shown(Patient.objects.get(case_number=case_number))


@require_GET
def writes_on_get(request, case_number):
    patient = patient_or_404(request.user, case_number)
    written(patient)
    return shown(patient)


@require_GET
def writes_and_refuses(request, case_number):
    written(Patient.objects.get(case_number=case_number))
    raise Http404


@require_POST
def written_by_readers(request, case_number):
    """Who may read it may write to it: the role is not asked for the deed."""
    patient = patient_or_404(request.user, case_number)
    reads.nothing()
    return written(patient)


@require_GET
@needs(Capability.MEASURE)
def closed_to_readers(request, case_number):
    return shown(patient_or_404(request.user, case_number))


@require_GET
def list_of_all(request):
    """A page that is about nobody in particular, and names everybody."""
    found = list(Patient.objects.all())
    reads.note_all(found)
    return HttpResponse(" ".join(one.case_number for one in found))


def whatever_is_asked(request, case_number):
    return shown(patient_or_404(request.user, case_number))


@require_http_methods(["GET", "DELETE"])
def deletes(request, case_number):
    patient = patient_or_404(request.user, case_number)
    return written(patient) if request.method == "DELETE" else shown(patient)


@require_GET
def without_note(request, case_number):
    patient = patient_or_404(request.user, case_number)
    reads.nothing()
    return HttpResponse(patient.case_number)


@require_GET
def picture_without_note(request, case_number):
    answer = without_note(request, case_number)
    answer["Content-Type"] = "image/png"
    return answer


OF_A_CASE = [
    sound,
    without_role,
    without_relation,
    without_either,
    without_sign_in,
    writes_on_get,
    writes_and_refuses,
    written_by_readers,
    closed_to_readers,
    whatever_is_asked,
    deletes,
    without_note,
    picture_without_note,
]
HOLES = [path(f"{view.__name__}/<str:case_number>/", view, name=view.__name__) for view in OF_A_CASE]
HOLES.append(path("list_of_all/", list_of_all, name="list_of_all"))
urlpatterns = [path("planted/", include((HOLES, "planted"))), *urlpatterns]
