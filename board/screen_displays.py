"""Theme and text size of the devices in a room, set from the console and kept for each of them."""

import uuid

from django.core.exceptions import ValidationError
from django.db import transaction

from board.models import Display, Meeting

TEXT_SIZES = (100, 110, 120)


@transaction.atomic
def set_theme(meeting: Meeting, value: str) -> None:
    """ "dark", "light" or "" (the other one); of one device with ":" and its id behind it."""
    wanted, displays = _named(meeting, value)
    if wanted not in ("", *Display.Theme.values):
        raise ValidationError({"value": "The themes are dark and light."})
    for display in displays:
        other = Display.Theme.LIGHT if display.theme == Display.Theme.DARK else Display.Theme.DARK
        display.theme = wanted or other
        display.save(update_fields=["theme"])


@transaction.atomic
def set_text(meeting: Meeting, value: str) -> None:
    """ "+", "-" or one of ``TEXT_SIZES``, never smaller; of one device with ":" and its id behind it."""
    wanted, displays = _named(meeting, value)
    if wanted not in ("+", "-", *map(str, TEXT_SIZES)):
        raise ValidationError({"value": f"Text sizes are {', '.join(map(str, TEXT_SIZES))} per cent, + and -."})
    for display in displays:
        display.text_percent = _size(display.text_percent, wanted)
        display.save(update_fields=["text_percent"])


def _size(now: int, wanted: str) -> int:
    if wanted == "+":
        return next((size for size in TEXT_SIZES if size > now), TEXT_SIZES[-1])
    if wanted == "-":
        return next((size for size in TEXT_SIZES[::-1] if size < now), TEXT_SIZES[0])
    return int(wanted)


def _named(meeting: Meeting, value: str) -> tuple[str, list[Display]]:
    wanted, _, one = value.partition(":")
    displays = meeting.displays.select_for_update().filter(ended_at=None)
    if not one:
        return wanted, list(displays)
    try:
        found = list(displays.filter(pk=uuid.UUID(one)))
    except ValueError:
        found = []
    if not found:
        raise ValidationError({"value": "No such display in this meeting."})
    return wanted, found
