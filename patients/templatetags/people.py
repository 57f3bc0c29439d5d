"""Who may read a case, for its page."""

from django import template

from patients.models import AccessGrant, Patient
from patients.people.forms import OpenCaseForm
from patients.selectors import grants_of

register = template.Library()
BROWSERS = {"Edg/": "Edge", "OPR/": "Opera", "Firefox/": "Firefox", "Chrome/": "Chrome", "Safari/": "Safari"}
SYSTEMS = {
    "Android": "Android",
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Windows": "Windows",
    "Mac OS": "macOS",
    "Linux": "Linux",
}


@register.simple_tag
def readers_of_case(patient: Patient) -> list[AccessGrant]:
    return grants_of(patient)


@register.simple_tag
def open_case_form() -> OpenCaseForm:
    return OpenCaseForm(auto_id="open-%s")


@register.simple_tag
def over(grants: list[AccessGrant]) -> list[AccessGrant]:
    return [grant for grant in grants if not grant.is_active]


@register.filter
def browser(agent: str) -> str:
    """What a browser says of itself, in two words."""
    program = next((name for mark, name in BROWSERS.items() if mark in agent), "A browser")
    system = next((name for mark, name in SYSTEMS.items() if mark in agent), "")
    return f"{program} on {system}" if system else program
