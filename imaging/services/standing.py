"""A person answers what is asked of images in a chart that was changed since they came: they stay, as seen today.

The other answer is ``identities.detach_series``.
"""

from django.db import transaction

from imaging import access, chart_questions
from imaging.models import Series
from imaging.refused import Refused
from patients.domain.roles import Capability
from patients.models import Patient
from patients.services import audit


@transaction.atomic
def keep_in_chart(*, by, series: Series, patient: Patient, reason: str, seen: str | None = None) -> Series:
    """Also the rest of its study under this header. Raises Refused.

    ``patient``: the case that the person typed, which has to be that of the chart. ``seen``: of the differences that
    the page showed (``chart_questions.print_of``); None where there was no page.
    """
    if not by.may(Capability.RESOLVE_IDENTITY):
        raise Refused("not_permitted")
    if not reason.strip():
        raise Refused("reason_missing")
    if not access.visible_series(by).filter(pk=series.pk).exists():
        raise Refused("case_not_found")
    # All of the study in one order: two people who answer for two series of it wait for each other once.
    of_study = Series.objects.select_for_update(of=("self",)).select_related("study").order_by("pk")
    rows = list(of_study.filter(study=series.study_id))
    series = next(one for one in rows if one.pk == series.pk)
    if series.identity != Series.Identity.ATTACHED:
        raise Refused("identity_not_attached")
    if series.candidate_patient_id != patient.pk:
        raise Refused("identity_other_chart")
    Patient.objects.select_for_update().get(pk=patient.pk)  # what is written down is the chart as it is
    asked = chart_questions.open_of(series)
    if not asked:
        raise Refused("identity_not_asked")
    if chart_questions.needs_other(series, asked, by):
        raise Refused("identity_second_person_chart")
    if seen is not None and seen != chart_questions.print_of(chart_questions.differences_today(series)):
        raise Refused("identity_asked_anew")
    _keep(by, series, patient, reason)
    for one in rows:
        if one.pk == series.pk or one.candidate_patient_id != patient.pk:
            continue
        codes = chart_questions.open_of(one)
        if codes and not chart_questions.needs_other(one, codes, by):
            _keep(by, one, patient, reason)
    return series


def _keep(by, series: Series, patient: Patient, reason: str) -> None:
    before = series.header.get(chart_questions.ANSWERED, {})
    seen = chart_questions.differences_today(series)
    series.header = chart_questions.answered(series.header, seen)
    series.save(update_fields=["header"])
    audit(
        by=by,
        action="keep_in_chart",
        obj=series,
        patient=patient,
        before={"stays_with": before},
        after={"stays_with": seen},
        reason=reason,
    )
