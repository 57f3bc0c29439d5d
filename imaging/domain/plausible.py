"""Values that cannot be right although every input was there: judged on the finished volume, SUVbw in g/mL."""

from imaging.domain.activity import Notes
from imaging.domain.errors import caution
from imaging.domain.volume import Statistics

MOST_SUV = 1000.0  # urine and organs stay well below; only extravasated tracer, or a wrong unit, reaches it


def judge_values(found: Statistics, notes: Notes) -> None:
    """Note a volume without any signal, and one so hot that a person has to confirm the injected activity."""
    if found.min == found.max == 0:
        notes.add(caution("suv_all_zero"))
    if found.max > MOST_SUV:
        shown = {"found": f"{found.max:.0f}", "limit": f"{MOST_SUV:.0f}"}
        notes.add(caution("suv_implausible", **shown), needs="injected_activity_bq")
