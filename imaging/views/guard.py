"""The two questions of every page: may this role do it, and may this user see it."""

from functools import wraps

from django.core.exceptions import PermissionDenied
from django.http import Http404

from patients import reads
from patients.domain.roles import Capability, Role, role_may


def needs(*capabilities: Capability):
    """403 with the roles that may, unless the user has one of ``capabilities``. Says nothing about any patient."""

    def decorate(view):
        @wraps(view)
        def guarded(request, *args, **kwargs):
            if not any(request.user.may(capability) for capability in capabilities):
                raise PermissionDenied(who_may(*capabilities))
            return view(request, *args, **kwargs)

        return guarded

    return decorate


def who_may(*capabilities: Capability) -> str:
    roles = [role for role in Role if any(role_may(role, capability) for capability in capabilities)]
    names = ", ".join(role.value.replace("_", " ") for role in roles)
    return f"Your role may not do this. Roles that may: {names}."


def visible_or_404(rows, pk):
    """The row, or the same 404 for one that is not there and one the user may not see."""
    found = rows.filter(pk=pk).first()
    if found is None:
        raise Http404("Not found.")
    reads.note(found)
    return found
