"""What has changed since a question was last kept: who came, who went, of whom something else is said now."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict

from board.cohort.cases import CohortCase
from board.cohort.figures import smallest_cell
from board.cohort.selection import Cohort


def snapshot_of(found: Cohort) -> dict[str, str]:
    return {str(case.patient_id): said_of(case) for case in found.members}


def said_of(case: CohortCase) -> str:
    """A digest of what the page says of a case: in or out and why, and its outcome."""
    text = json.dumps([case.pair.excluded, asdict(case.outcome), str(case.zero)], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def compared(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[set[str], set[str], set[str]]:
    both = before.keys() & after.keys()
    return set(after) - set(before), set(before) - set(after), {key for key in both if before[key] != after[key]}


def changed_words(before: Mapping[str, str], after: Mapping[str, str], *, shows_all: bool) -> str:
    numbers = [len(group) for group in compared(before, after)]
    if not any(numbers):
        return "nothing has changed"
    if not shows_all and any(0 < number < smallest_cell() for number in numbers):
        return f"something has changed; numbers under {smallest_cell()} are not shown"
    return "{} new, {} gone, {} changed".format(*numbers)
