"""Who may open which of these pages, and rows by a number in an address."""

from functools import wraps

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404

from patients.domain.roles import Capability, Role, role_may


def needs(*capabilities: Capability):
    """403 with the roles that may, unless the user has one of ``capabilities``. Says nothing about any patient."""

    def around(view):
        @wraps(view)
        def guarded(request, *args, **kwargs):
            if not any(request.user.may(capability) for capability in capabilities):
                raise PermissionDenied(who_may(*capabilities))
            return view(request, *args, **kwargs)

        return guarded

    return around


def who_may(*capabilities: Capability) -> str:
    roles = [role for role in Role if any(role_may(role, capability) for capability in capabilities)]
    names = ", ".join(role.value.replace("_", " ") for role in roles)
    return f"Your role may not do this. Roles that may: {names}."


def row_or_404(rows, pk: str):
    """A number that is none, and one that is nobody's, are the same."""
    found = rows.filter(pk=int(pk)).first() if pk.isdecimal() and len(pk) < 16 else None
    if found is None:
        raise Http404
    return found


def words(refused: ValidationError | PermissionDenied) -> str:
    """Every sentence of a refusal, for a message above the page."""
    return " ".join(refused.messages) if isinstance(refused, ValidationError) else str(refused)


def put_errors(form, refused: ValidationError) -> None:
    """What a service refused, beside the field it is about."""
    if not hasattr(refused, "error_dict"):
        form.add_error(None, refused)
        return
    for name, errors in refused.error_dict.items():
        form.add_error(name if name in form.fields else None, errors)
