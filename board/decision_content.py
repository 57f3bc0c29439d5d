"""What may stand in a decision while it is written, and what must stand there before it is signed."""

import datetime as dt
from typing import Any

from django.core.exceptions import ValidationError

from board.models import BoardDecision, NextStep

EMPTY: dict[str, Any] = {
    "outcome": "",
    "text": "",
    "next_step": "",
    "interval_days": None,
    "due_date": "",
    "owner": "",
    "considered": [],
    "agreement": "",
    "dissent": "",
}
DAYS = {7: "1 week", 14: "2 weeks", 28: "4 weeks", 42: "6 weeks", 56: "8 weeks", 84: "12 weeks"}
DAYS |= {182: "6 months", 365: "1 year"}
LENGTHS = {"text": 4000, "owner": 80, "dissent": 600}
CHOICES = {
    "outcome": BoardDecision.Outcome.values,
    "next_step": NextStep.values,
    "agreement": BoardDecision.Agreement.values,
}
LONGEST_DAYS = 731
REQUIRED = {
    "outcome": "Choose an outcome.",
    "text": "Say what the board recommends.",
    "next_step": "Choose the next step.",
    "owner": "Name who sees to it.",
}
WRITE_DAY = "Write the day as year, month, day: 2026-11-26."
NO_INTERVAL = "Say within how many weeks, or by which day."
NO_DATE_THEN = "When nothing comes next there is no interval and no day."
NO_AGREEMENT = "Say how far the board agreed."
TWO_DATES = "Within {days} days it would be due on {day}: give the interval or the day, not both."
DISSENT = "With a dissent noted there is no consensus: choose majority."


def clean(content: dict[str, Any]) -> dict[str, Any]:
    """The values given, tidied; a draft may be incomplete. Raises ValidationError for each wrong or unknown key."""
    errors = dict.fromkeys(content.keys() - EMPTY.keys(), "This is no part of a decision.")
    kept = {}
    for key in content.keys() & EMPTY.keys():
        try:
            kept[key] = _cleaned(key, content[key])
        except ValueError as wrong:
            errors[key] = str(wrong)
    if errors:
        raise ValidationError(errors)
    return kept


def _cleaned(key: str, value: Any) -> Any:
    if key == "considered":
        return _considered(value)
    if key == "interval_days":
        return _interval(value)
    if not isinstance(value, str):
        raise ValueError("This must be text.")
    text = value.replace("\r\n", "\n").replace("\0", "")
    if key in CHOICES and text and text not in CHOICES[key]:
        raise ValueError("Choose one of the list.")
    if key == "due_date" and text:
        return _day(text).isoformat()
    if len(text) > LENGTHS.get(key, len(text)):
        raise ValueError(f"At most {LENGTHS[key]} characters; these are {len(text)}.")
    return text


def _considered(value: Any) -> list[str]:
    if not isinstance(value, list) or not set(map(str, value)) <= set(BoardDecision.CONSIDERED):
        raise ValueError(f"A list of: {', '.join(BoardDecision.CONSIDERED)}.")
    return [name for name in BoardDecision.CONSIDERED if name in value]


def _interval(value: Any) -> int | None:
    if value in (None, ""):
        return None
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value[:6])
    if type(value) is not int or not 1 <= value <= LONGEST_DAYS:
        raise ValueError(f"A whole number of days from 1 to {LONGEST_DAYS}.")
    return value


def _day(text: str) -> dt.date:
    try:
        found = dt.date.fromisoformat(text)
    except ValueError:
        raise ValueError(WRITE_DAY) from None
    if found.isoformat() != text:  # 20261126 and 2026-W48-4 are ISO too
        raise ValueError(WRITE_DAY)
    return found


def complete(content: dict[str, Any], *, decided_on: dt.date, in_meeting: bool = False) -> dict[str, Any]:
    """Values for the columns of a decision. The day follows from the interval where none is given, and the reverse.

    ``in_meeting``: a board has agreed to it, and how far must be said.

    Raises ValidationError with a sentence for each field that must not be empty.
    """
    held = {**EMPTY, **clean(content)}
    held = {key: value.strip() if isinstance(value, str) else value for key, value in held.items()}
    errors = {key: sentence for key, sentence in REQUIRED.items() if not held[key]}
    errors |= _date_errors(held) or _contradiction(held, decided_on)
    errors |= _agreement_errors(held, in_meeting)
    if errors:
        raise ValidationError(errors)
    return held | _dates(held, decided_on)


def _date_errors(held: dict[str, Any]) -> dict[str, str]:
    has_date = held["interval_days"] is not None or bool(held["due_date"])
    if held["next_step"] == NextStep.NOTHING:
        return {"interval_days": NO_DATE_THEN} if has_date else {}
    return {} if has_date else {"interval_days": NO_INTERVAL}


def _contradiction(held: dict[str, Any], decided_on: dt.date) -> dict[str, str]:
    days, due = held["interval_days"], held["due_date"]
    if days is None or not due or (day := decided_on + dt.timedelta(days=days)) == _day(due):
        return {}
    return {"due_date": TWO_DATES.format(days=days, day=day.isoformat())}


def _agreement_errors(held: dict[str, Any], in_meeting: bool) -> dict[str, str]:
    if in_meeting and not held["agreement"]:
        return {"agreement": NO_AGREEMENT}
    is_majority = held["agreement"] == BoardDecision.Agreement.MAJORITY
    return {"agreement": DISSENT} if held["dissent"] and not is_majority else {}


def _dates(held: dict[str, Any], decided_on: dt.date) -> dict[str, Any]:
    days, due = held["interval_days"], _day(held["due_date"]) if held["due_date"] else None
    if due is None:
        return {"due_date": decided_on + dt.timedelta(days=days) if days is not None else None}
    return {"due_date": due, "interval_days": days if days is not None else max((due - decided_on).days, 0)}
