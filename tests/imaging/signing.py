"""Signing where a test is not about what signing asks."""

from imaging.models import Reading
from imaging.reading_gaps import differing
from imaging.services import answer_reading, sign_reading

ANSWERS = {"quality": "good", "ssa": "unknown", "extravasation": "none", "cold_lesions": "none"}


def sign(*, by, reading: Reading, **answers) -> Reading:
    answer_reading(by=by, reading=reading, **ANSWERS | answers)
    for score in differing(reading):
        score.difference_reason = score.difference_reason or "seen by eye"
        score.save()
    return sign_reading(by=by, reading=reading)
