"""A page of a case as it was known on a day: which moment is asked for, and what the page says of itself."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from board.change_tab import ChangeTab, ToEnter
from board.rewind_days import Days, recorded_days
from board.rewind_rules import rules_then
from patients.domain.known import PARAMETER, Known
from patients.models import Patient
from patients.selectors import opened_at, patient_as_known

# What a person may do on the page of today and nobody on that of an earlier day.
READ_ONLY = {
    "may_decide": False,
    "may_follow_up": False,
    "may_edit": False,
    "may_import": False,
    "may_export": False,
    "may_list": False,
    "presented": None,
    "version": "",
}


@dataclass(frozen=True)
class Rewind:
    """What the banner shows. ``here``: the page of today this one stands for."""

    known: Known
    words: str
    here: str
    since: str
    days: Days
    rules: list[str]

    @property
    def query(self) -> str:
        return urlencode({PARAMETER: self.known.text})


def rewind_of(request: HttpRequest, patient: Patient, known: Known) -> Rewind:
    since = f"{reverse('board:since', args=[patient.case_number])}?{urlencode({PARAMETER: known.text})}"
    return Rewind(
        known=known,
        words=known_words(known),
        here=address_of_today(request),
        since=since,
        days=recorded_days(patient, known, request.GET),
        rules=rules_then(known.moment),
    )


def known_words(known: Known) -> str:
    """The ISO day, with the time where one was asked for."""
    return known.text.replace("T", " ")


def address_of_today(request: HttpRequest) -> str:
    rest = {name: value for name, value in request.GET.items() if name != PARAMETER}
    return f"{request.path}?{urlencode(rest)}" if rest else request.path


def is_opened(patient: Patient, moment: dt.datetime) -> bool:
    return patient_as_known(patient, moment) is not None


def not_opened_words(patient: Patient, known: Known) -> str:
    """Both days; on the day of the opening itself the times too."""
    opened = timezone.localtime(opened_at(patient))
    day = f"{opened:%Y-%m-%d %H:%M}" if opened.date() == known.day else f"{opened:%Y-%m-%d}"
    return f"Case was opened on {day}; nothing was known on {known_words(known)}."


def read_only(context: Mapping[str, Any]) -> dict[str, Any]:
    """The same page without anything that writes."""
    change = context.get("change")
    locked = {"change": _locked(change)} if isinstance(change, ChangeTab) else {}
    return {**context, **READ_ONLY, **locked}


def _locked(change: ChangeTab) -> ChangeTab:
    return replace(change, form=None, to_enter=tuple(ToEnter(item.text, "") for item in change.to_enter))
