"""A form about rights that was overtaken: what is stored now beside what was typed, field by field."""

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest

from patients.models import Team, User

KEPT = "Yours is still in the form: “Store” writes it over what is there now."


def stored_values(row: User | Team, *, has_centre: bool = True) -> dict[str, Any]:
    """``has_centre``: the form asks for the centre in a field of its own, and not among the teams."""
    if isinstance(row, Team):
        return {name: getattr(row, name) for name in ("name", "kind", "opens_its_cases")}
    names = ("username", "first_name", "last_name", "email", "role", "is_active", "is_staff")
    teams = [team for team in row.teams.all() if not (has_centre and team.kind == Team.Kind.CENTRE)]
    return {name: getattr(row, name) for name in names} | {"centre": row.centre, "teams": teams}


def told(form, stored: dict[str, Any], said: str) -> ValidationError:
    """For the head of the form; a field that is the same in both is not named."""
    lines = [
        f"{form.fields[name].label}: stored now “{now}”, in your form “{yours}”."
        for name in stored
        if name in form.fields
        and (now := _words(form, name, stored[name])) != (yours := _words(form, name, form.cleaned_data.get(name)))
    ]
    return ValidationError([ValidationError(line, "conflict") for line in (f"{said} {KEPT}", *lines)])


def _words(form, name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None or value == "":
        return "none"
    if hasattr(value, "__iter__") and not isinstance(value, str):
        return ", ".join(sorted(map(str, value))) or "none"
    choices = dict(getattr(form.fields[name], "choices", ()) if isinstance(value, str) else ())
    return str(choices.get(value, value))


def version_shown(request: HttpRequest, status: int) -> dict[str, str]:
    """A form that comes back for another reason goes on with the state its person has seen."""
    seen = request.POST.get("seen_version")
    return {} if seen is None or status == 409 else {"seen_version": seen}
