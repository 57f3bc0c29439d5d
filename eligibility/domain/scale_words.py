"""Where a lesion stands on the Krenning scale, and how far its edges are, in words.

With tolerance t a lesion counts as equal to liver from 1 - t to 1 + t times liver and as above beyond
(KRENNING-PET/1.0). A ratio is known to two figures, and so is its change: from 0.82 to 0.90 is +9.8 %, to 1.10 +34 %.
"""

from decimal import Decimal

from eligibility.domain.facts import RATIO_REASONS, REASONS, Choice, LesionFact, choice_text
from eligibility.domain.margin import HUNDRED, is_measured, ratio_text, signed
from imaging.domain.krenning import relation_at


def lesion_words(lesion: LesionFact, wanted: Choice) -> str:
    if _is_not_listed(lesion):
        return f"the reader had looked for lesions without uptake ({REASONS[lesion.reason]})"
    return f"lesion {lesion.label} were read as {relation_words(wanted)} ({_detail(lesion)})"


def any_lesion_words(nearest: LesionFact, wanted: Choice) -> str:
    """Where one lesion is enough: which of them is nearest, or one of them where nothing is measured."""
    if _is_not_listed(nearest):
        return lesion_words(nearest, wanted)
    which = "the nearest" if nearest.ratio is not None else "such as"
    return f"any one lesion were read as {relation_words(wanted)}, {which} {nearest.label} ({_detail(nearest)})"


def _is_not_listed(lesion: LesionFact) -> bool:
    return lesion.reason == "cold_lesions_not_assessed" and lesion.relation is None


def _detail(lesion: LesionFact) -> str:
    now = f"signed as {choice_text(lesion.relation)}" if lesion.relation else REASONS[lesion.reason]
    why = RATIO_REASONS.get(lesion.ratio_reason, "")
    return scale_words(lesion) or ", ".join(part for part in (f"now {now}", why) if part)


def relation_words(wanted: Choice) -> str:
    """Relations to liver as a reader says them: "equal to or above liver", "below liver or without uptake"."""
    near = [word for word in ("below", "equal to", "above") if word.partition(" ")[0] in wanted]
    said = [f"{' or '.join(near)} liver"] if near else []
    return " or ".join([*said, *(["without uptake"] if "none" in wanted else [])])


def scale_words(lesion: LesionFact) -> str:
    """Where a measured lesion stands on the scale and how far its edges are; "" without a ratio."""
    if not is_measured(lesion) or lesion.ratio is None or lesion.tolerance is None or not lesion.ratio:
        return ""
    relation = relation_at(lesion.ratio, lesion.tolerance)
    edges = _edges(relation, lesion.ratio, lesion.tolerance)
    signs = choice_text(lesion.relation or frozenset())
    decides = "" if signs == relation else f"; signed as {signs}, which decides"
    return (
        f"with tolerance {lesion.tolerance:f}, lesion {lesion.label} at {ratio_text(lesion)} is “{relation}”: "
        f"it would count as {edges}{decides}"
    )


def _edges(relation: str, ratio: Decimal, tolerance: Decimal) -> str:
    low, high = 1 - tolerance, 1 + tolerance
    below = f"below under {low:f} ({_to(low, ratio)})"
    above = f"above beyond {high:f} ({_to(high, ratio)})"
    if relation == "below":
        return f"equal from {low:f} ({_to(low, ratio)}) and as {above}"
    if relation == "equal":
        return f"{above} and as {below}"
    return f"equal down from {high:f} ({_to(high, ratio)}) and as {below}"


def _to(edge: Decimal, ratio: Decimal) -> str:
    """The change in per cent to two figures: +9.8 %, +34 %, −5.3 %."""
    change = (edge / ratio - 1) * HUNDRED
    return f"{signed(change, '0.1' if abs(change) < 10 else '1')} %"


def distance(lesion: LesionFact, wanted: Choice) -> tuple[bool, Decimal]:
    """For finding the lesion nearest to a wanted relation: unmeasured ones last."""
    if lesion.ratio is None or lesion.tolerance is None:
        return True, Decimal(0)
    edge = 1 + lesion.tolerance if "above" in wanted or "equal" in wanted else 1 - lesion.tolerance
    return False, abs(lesion.ratio - edge)
