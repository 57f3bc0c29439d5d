"""Whose bundle is this? Nothing is attached to a case unless case number, birth date and sex agree."""

from typing import Any

from board.fhir.mapping.from_patient import case_numbers
from board.fhir.mapping.parts import Json
from board.fhir.received import BundleRefused
from patients.domain import dates
from patients.domain.case_numbers import refusal
from patients.models import Patient


def case_number_of(resource: Json, named: str) -> str:
    """The number the bundle states and the one a person named have to be the same; one of them is enough."""
    stated = set(case_numbers(resource))
    if len(stated) > 1:
        raise BundleRefused("case_numbers_several", "The patient of this bundle has several case numbers.")
    number = stated.pop() if stated else ""
    if named and number and named != number:
        raise BundleRefused("case_number_differs", f"The bundle is about case {number}, not about case {named}.")
    number = named or number
    if not number:
        raise BundleRefused("case_number_missing", "The bundle states no case number of ours. Name the case it is for.")
    return number


def existing_case(number: str, *, by) -> Patient | None:
    """The case, locked; None when the number is free. A case this user may not see is refused, not described."""
    if not Patient.objects.filter(case_number=number).exists():
        if said := refusal(number):
            raise BundleRefused("case_number_refused", said)
        return None
    found = Patient.objects.visible_to(by).filter(case_number=number).first()
    if found is None:
        raise BundleRefused("case_not_available", "There is no case with this number that you may open or add to.")
    return Patient.objects.select_for_update().get(pk=found.pk)


def check_identity(patient: Patient, values: dict[str, Any], *, is_stated: bool) -> None:
    """Raises BundleRefused. Unknown on both sides agrees only where the bundle itself states the case number."""
    _check_birth(patient, values, is_stated)
    theirs, ours = values["sex_for_formulas"], patient.sex_for_formulas
    if theirs == ours == Patient.Sex.UNKNOWN and is_stated:
        return
    if Patient.Sex.UNKNOWN in (theirs, ours):
        raise BundleRefused(
            "sex_not_comparable", "The sex is unknown in the case or in the bundle: nothing was attached."
        )
    if theirs != ours:
        raise BundleRefused("sex_differs", "The sex in the bundle is not that of the case: nothing was attached.")


def _check_birth(patient: Patient, values: dict[str, Any], is_stated: bool) -> None:
    day, precision = values["birth_date"], values["birth_date_precision"]
    theirs, ours = dates.span(day, precision) if day else None, patient.birth_span
    if theirs is None and ours is None and is_stated:
        return
    if theirs is None or ours is None:
        raise BundleRefused(
            "birth_date_not_comparable", "The birth date is unknown in the case or in the bundle: nothing was attached."
        )
    if dates.is_surely_before(theirs, ours) or dates.is_surely_before(ours, theirs):
        raise BundleRefused(
            "birth_date_differs", "The birth date in the bundle is not that of the case: nothing was attached."
        )
