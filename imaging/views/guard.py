"""The two questions of every page: may this role do it, and may this user see it."""

from django.http import Http404

from patients import reads
from patients.people.gate import needs, who_may

__all__ = ["needs", "visible_or_404", "who_may"]


def visible_or_404(rows, pk):
    """The row, or the same 404 for one that is not there and one the user may not see."""
    found = rows.filter(pk=pk).first()
    if found is None:
        raise Http404("Not found.")
    reads.note(found)
    return found
