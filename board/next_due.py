"""What falls due next, of one case or of all a user may see: decisions with a due date, contacts with a next date."""

import datetime as dt
from dataclasses import dataclass

from board.chart import Chart
from board.history import is_waiting
from board.models import BoardDecision, Contact
from board.waiting import waiting_contact
from patients import reads
from patients.selectors import in_visible_chart


@dataclass(frozen=True)
class Due:
    day: dt.date
    what: str
    case_number: str
    href: str
    is_overdue: bool


def next_due(chart: Chart) -> Due | None:
    """The earliest date of the case that still asks for something."""
    found = [of_decision(decision, chart.today) for decision in chart.decisions if is_waiting(decision, chart)]
    if contact := waiting_contact(chart):
        found.append(of_contact(contact, chart.today))
    return _earliest(found)


def next_of_all(user, *, today: dt.date) -> Due | None:
    decision = BoardDecision.objects.waiting().filter(in_visible_chart(user)).select_related("patient")
    contact = Contact.objects.waiting().filter(in_visible_chart(user)).select_related("patient")
    first, other = decision.order_by("due_date").first(), contact.order_by("next_on").first()
    found = _earliest([*([of_decision(first, today)] if first else []), *([of_contact(other, today)] if other else [])])
    reads.note_case(found.case_number if found else "")
    return found


def of_decision(decision: BoardDecision, today: dt.date) -> Due:
    case, day = decision.patient.case_number, decision.due_date
    return Due(day, f"decision {decision.get_outcome_display()}", case, f"#decision-{decision.pk}", day < today)


def of_contact(contact: Contact, today: dt.date) -> Due:
    case, day = contact.patient.case_number, contact.next_on
    return Due(day, contact.get_next_for_display(), case, "?tab=contacts", day < today)


def _earliest(found: list[Due]) -> Due | None:
    return min(found, key=lambda due: due.day, default=None)
