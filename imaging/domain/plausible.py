"""Values that cannot be right although every input was there: judged on the finished volume, SUVbw in g/mL."""

from imaging.domain.activity import Notes
from imaging.domain.errors import SuvUnavailable, caution
from imaging.domain.volume import Statistics

MOST_SUV = 1000.0  # urine and organs stay well below; only extravasated tracer, or a wrong unit, reaches it


def judge_values(found: Statistics, notes: Notes) -> None:
    """Note a volume without any signal, and a hot one whose dose is confirmed. Raises as ``judge_highest``."""
    if found.min == found.max == 0:
        notes.add(caution("suv_all_zero"))
    judge_highest(found.max, notes)


def judge_highest(highest: float, notes: Notes) -> None:
    """Raises ``SuvUnavailable`` for a volume that is too hot, until a person confirms the injected activity."""
    if highest <= MOST_SUV:
        return
    shown = {"found": f"{highest:.0f}", "limit": f"{MOST_SUV:.0f}"}
    if "injected_activity_bq" not in notes.confirmed:
        raise SuvUnavailable("suv_implausible", **shown)
    notes.add(caution("suv_very_high", **shown))
