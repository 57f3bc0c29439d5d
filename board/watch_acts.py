"""What is done to a case from its row of the watch list: the form, its words, and the service behind it."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from django import forms

from board.closing import close_case, reopen_case
from board.contacts import log_contact
from board.forms import BookingForm, ClosingForm, ContactForm, ReopeningForm


@dataclass(frozen=True)
class Act:
    """``done`` is said once it is stored. ``starts`` with today, where a contact is logged."""

    key: str
    title: str
    button: str
    form: type[forms.Form]
    service: Callable
    done: str
    starts: bool = False

    def blank(self, today: dt.date) -> forms.Form:
        return self.form(initial={"contacted_on": today} if self.starts else {}, auto_id=f"id_{self.key}_%s")

    def sent(self, typed) -> forms.Form:
        return self.form(typed, auto_id=f"id_{self.key}_%s")


ACTS = {
    act.key: act
    for act in (
        Act("log", "Log a contact", "Store contact", ContactForm, log_contact, "Contact stored.", starts=True),
        Act("book", "Book a scan", "Store booking", BookingForm, log_contact, "Booking stored.", starts=True),
        Act("close", "Close the case", "Close the case", ClosingForm, close_case, "The case is closed."),
        Act("reopen", "Open the case again", "Open again", ReopeningForm, reopen_case, "The case is open again."),
    )
}
