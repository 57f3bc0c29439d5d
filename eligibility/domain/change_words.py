"""The sentence of a change: what moved, how far, why it is or is not believed. Facts, no advice."""

from statistics import median
from typing import TYPE_CHECKING

from eligibility.domain.change_classes import ChangeClass
from eligibility.domain.change_criteria import Ground
from eligibility.domain.change_inputs import SMALLEST_RISE, LesionPair
from eligibility.domain.check_types import State, lowered, percent
from eligibility.domain.confounders_scan import liver_change

if TYPE_CHECKING:
    from eligibility.domain.change import ChangeAssessment

CLASS_FELL_ROW = 10
_OPENING = {
    ChangeClass.CONFIRMED: "Confirmed treatment-associated increase in SSTR uptake.",
    ChangeClass.PROBABLE: "Possible treatment-associated increase in SSTR uptake (unconfirmed).",
    ChangeClass.REFERENCE_DRIVEN: "Reference-driven: scores rose because the liver fell, not because uptake rose.",
    ChangeClass.LESION_LOSS: "Lesion loss: the scan looks better only because lesions without uptake are gone.",
    ChangeClass.NOT_COMPARABLE: "The two scans are not comparable.",
    ChangeClass.UNDETERMINED: "Undetermined whether SSTR uptake changed.",
    ChangeClass.NO_CHANGE: "No lesion changed its category.",
    ChangeClass.LOSS: "Loss of SSTR uptake: suspect dedifferentiation, consider FDG.",
}


def sentence(found: "ChangeAssessment", ground: Ground) -> str:
    """A handful of short sentences, the class first."""
    parts = [_OPENING[found.name], _moved(ground), _uptake(found, ground), _pseudo(found, ground), _because(found)]
    return " ".join(part for part in parts if part)


def _moved(ground: Ground) -> str:
    matched = [lesion for lesion in ground.pair.lesions if lesion.is_matched]
    if not matched:
        return "No lesion is matched on both scans."
    rose = [lesion for lesion in matched if lesion.rose]
    fell = [lesion for lesion in matched if lesion.fell]
    unscored = [lesion for lesion in matched if lesion.rose is None]
    text = f"{len(rose)} of {len(matched)} matched lesions rose in score, from 2 or less to 3 or more{_named(rose)}"
    text += f"; {len(fell)} fell from 3 or more to 2 or less{_named(fell)}" if fell else ""
    text += f"; {len(unscored)} not scored on both scans{_named(unscored)}" if unscored else ""
    return f"{text}."


def _named(lesions: list[LesionPair]) -> str:
    return f" ({', '.join(lesion.label for lesion in lesions)})" if lesions else ""


def _uptake(found: "ChangeAssessment", ground: Ground) -> str:
    """SUVs of two tracers are never compared as numbers."""
    if found.before.tracer != found.after.tracer or not found.before.tracer:
        return ""
    changes = [c for x in ground.pair.lesions if x.is_matched and (c := x.suv_change) is not None]
    if not changes:
        return "No change of lesion SUV is known."
    middle = median(changes)
    bounds = found.limits
    is_inside = bounds.lower <= middle <= bounds.upper
    borrowed = ", borrowed from FDG" if bounds.is_borrowed else ""
    return (
        f"SUVmax {percent(middle)}{' (median)' if len(changes) > 1 else ''} in {_lesions(len(changes))}: "
        f"{'within' if is_inside else 'outside'} the repeatability limits "
        f"({percent(bounds.lower)} to {percent(bounds.upper)}{borrowed})."
    )


def _lesions(number: int) -> str:
    return "1 matched lesion" if number == 1 else f"{number} matched lesions"


def _pseudo(found: "ChangeAssessment", ground: Ground) -> str:
    said = []
    change = liver_change(ground.pair)
    if "reference-driven" in found.patterns and change is not None:
        fall = f"liver SUVmean fell by {percent(change).lstrip('−')}"
        no_rise = f"the SUV of none of them rose by more than {100 * SMALLEST_RISE:.0f}\N{NO-BREAK SPACE}%"
        said.append(f"Reference-driven pseudo-conversion: {fall} and {no_rise}.")
    if "reference-driven loss" in found.patterns and change is not None:
        rise = f"liver SUVmean rose by {percent(change).lstrip('+')}"
        no_fall = f"the SUV of none of them fell by more than {100 * SMALLEST_RISE:.0f}\N{NO-BREAK SPACE}%"
        said.append(f"Reference-driven pseudo-loss: {rise} and {no_fall}.")
    if "lesion loss" in found.patterns:
        matched = sum(lesion.is_matched for lesion in ground.pair.lesions)
        lost = [lesion for lesion in ground.pair.lesions if lesion.status == "lost"]
        said.append(
            f"Pseudo-conversion by lesion loss: {len(lost)} lost{_named(lost)}, 0 of {matched} matched lesions rose."
        )
    return " ".join(said)


def _because(found: "ChangeAssessment") -> str:
    if found.name is ChangeClass.NOT_COMPARABLE:
        return " ".join(_whole(f"{c.rule.title}: {c.reason}") for c in found.checks if c.state is State.HARD)
    if found.name is ChangeClass.UNDETERMINED:
        return _open(found)
    flags = [lowered(check.rule.title) for check in found.checks if check.state is State.SOFT]
    return f"Also weigh: {', '.join(flags)}." if flags else ""


def _open(found: "ChangeAssessment") -> str:
    if found.missing:
        count = len(found.missing)
        titles = list(dict.fromkeys(lowered(check.rule.title) for check in found.checks if check.blocks))
        about = f" ({', '.join(titles)})" if titles else ""
        return f"{count} value{'' if count == 1 else 's'} still to be entered{about}."
    if waiting := [c for c in found.checks if c.blocks]:
        return " ".join(_whole(f"{c.rule.title}: {c.reason}") for c in waiting)
    if found.row.number == 8:
        unmet = [c for c in found.criteria.values() if c.letter in "ABCDE" and c.truth is not True]
        if unmet:
            return " ".join(_whole(f"Criterion {c.letter} ({lowered(c.title)}): {c.reason}") for c in unmet)
        return "The score rose, but no lesion's SUV did, and the liver is not known to have fallen: look again."
    if found.row.number == CLASS_FELL_ROW:
        fall = f"fell from {found.class_before.name} to {found.class_after.name}"
        return f"The SSTR class of the scan {fall} though no matched lesion of 10 mm or more did."
    unsure = [x.label for x in found.lesions if x.is_matched and x.fell is None] if found.row.number == 4 else []
    named = f": {', '.join(unsure)}" if unsure else ""
    return _whole(f"{found.row.rule[0].upper()}{found.row.rule[1:]}{named}")


def _whole(text: str) -> str:
    return text if text.endswith(".") else f"{text}."
