"""A form sent twice, or by a console that lost its network, has one effect."""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from board.models import Submission

KEY_LENGTH = 64
NO_KEY = "This form carries no submission key. Reload the page and send it again."
OTHER_KIND = "This submission key was used for something else. Reload the page and send it again."

OTHER_WORDS = "This form was stored before, with other words. Nothing of this is stored: open the page again and look."


@transaction.atomic
def once(*, by, key: str, kind: str, act: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Do ``act`` and keep its answer; the same key from the same user again is given that answer, and nothing is done.

    Of two that arrive at the same instant the second waits for the first. An act that raises leaves no trace: the same
    key may be tried again. Raises ValidationError for a key that is missing, too long, or used for another kind.
    """
    if (told := answer_to(by=by, key=key, kind=kind)) is not None:
        return told
    try:
        with transaction.atomic():
            row = Submission.objects.create(user=by, key=key, kind=kind)
    except IntegrityError:
        return _of_kind(Submission.objects.get(user=by, key=key), kind)
    row.answer = act()
    row.save(update_fields=["answer"])
    return row.answer


def answer_to(*, by, key: str, kind: str) -> dict[str, Any] | None:
    """What was answered to this key before; None where it is new."""
    if not key or len(key) > KEY_LENGTH:
        raise ValidationError(NO_KEY)
    row = Submission.objects.filter(user=by, key=key).first()
    return _of_kind(row, kind) if row else None


def refuse_other_words(told: dict[str, Any], words: str) -> None:
    """A form that was sent, changed after "back", and sent again is no repetition. ``words``: digest of what came."""
    if told.get("words", words) != words:
        raise ValidationError(OTHER_WORDS)


def _of_kind(row: Submission, kind: str) -> dict[str, Any]:
    if row.kind != kind:
        raise ValidationError(OTHER_KIND)
    return row.answer
