"""Cases whose follow-up was ended for a stated reason: counted by reason, listed, and opened again from there."""

from collections import Counter
from dataclasses import dataclass

from django.db.models import OuterRef, QuerySet, Subquery

from board.models import CaseClosing
from patients import reads
from patients.selectors import in_visible_chart

SHOWN = 200


@dataclass(frozen=True)
class Closed:
    """``by_reason``: words and number, the most frequent first; ``rows`` the newest of them."""

    number: int
    by_reason: list[tuple[str, int]]
    rows: list[CaseClosing]

    @property
    def more(self) -> int:
        return self.number - len(self.rows)


def closed_cases(user, *, with_rows: bool) -> Closed:
    found = _standing(user)
    words = dict(CaseClosing.Reason.choices)
    counts = Counter(words[reason] for reason in found.values_list("reason", flat=True))
    rows = list(found.select_related("patient", "recorded_by").order_by("-recorded_at")[:SHOWN]) if with_rows else []
    reads.note_all(rows)
    return Closed(sum(counts.values()), counts.most_common(), rows)


def _standing(user) -> QuerySet[CaseClosing]:
    """The last row of each case, where it is a closing."""
    last = CaseClosing.objects.filter(patient=OuterRef("patient")).order_by("-recorded_at", "-pk").values("pk")[:1]
    return CaseClosing.objects.filter(in_visible_chart(user), pk=Subquery(last), is_closed=True)
