"""Who may read a case, for its page."""

from django import template

from patients.models import AccessGrant, Patient
from patients.people.forms import OpenCaseForm
from patients.selectors import grants_of

register = template.Library()


@register.simple_tag
def readers_of_case(patient: Patient) -> list[AccessGrant]:
    return grants_of(patient)


@register.simple_tag
def open_case_form() -> OpenCaseForm:
    return OpenCaseForm(auto_id="open-%s")
