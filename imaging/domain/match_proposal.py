"""What is proposed about a lesion on the next scan, and the sentences it is proposed in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from imaging.domain.lesion_places import (
    SMALLEST_ASSESSABLE_ML,
    SMALLEST_ASSESSABLE_MM,
    PlaceReading,
    PlaceUptake,
    Region,
)
from imaging.domain.match_scores import ORGAN_DIFFERS, ORGAN_PHYSIOLOGIC, ORGAN_SAME, Score


class Status(StrEnum):
    PRESENT = "present"
    RESOLVED = "resolved"
    NEW = "new"
    MERGED = "merged"
    SPLIT = "split"
    NOT_ASSESSABLE = "not assessable"


@dataclass(frozen=True)
class MatchProposal:
    """What the software thinks became of one lesion, or what one finding is. A person confirms or corrects it.

    ``labels``: lesions of the previous scan (several when merged, none when new); ``finding_ids``: of the new scan
    (several when split). ``confidence`` 0-1 is the product of ``parts``; 0 where nothing is proposed.
    ``alternatives``: what else it may be, best first; ``is_ambiguous``: such an alternative is close.
    """

    status: Status
    labels: tuple[str, ...]
    finding_ids: tuple[str, ...]
    confidence: float
    parts: Mapping[str, float]
    reason: str
    is_ambiguous: bool = False
    alternatives: tuple[str, ...] = ()
    distance_mm: float | None = None
    needs_confirmation: bool = True


_COVERED_PLACE: Mapping[PlaceUptake, str] = {
    PlaceUptake.UNKNOWN: "The uptake at the place of {label} was not looked at.",
    PlaceUptake.RAISED: "There is uptake at the place of {label}, but no finding outlines it: it has to be drawn.",
    PlaceUptake.COLD: "The place of {label} is colder than its surroundings: a lesion without uptake may lie there.",
}


def nothing(labels: tuple[str, ...], finding_ids: tuple[str, ...], reason: str) -> MatchProposal:
    """Not assessable, and why."""
    return MatchProposal(Status.NOT_ASSESSABLE, labels, finding_ids, 0.0, {}, reason)


def why_not_resolved(lesion: Region, is_covered: bool, place: PlaceReading, is_place_sure: bool) -> str:
    """Why a lesion without a finding may not be called resolved, the first that applies; empty if it may."""
    label, nothing_there = lesion.key, f"No uptake found at the place of {lesion.key}, but"
    limit = f"{SMALLEST_ASSESSABLE_MM:.0f} mm ({SMALLEST_ASSESSABLE_ML:.0f} mL)"
    checks = (
        (not is_covered, f"The place of {label} lies outside the new scan."),
        (place.uptake in _COVERED_PLACE, _COVERED_PLACE.get(place.uptake, "").format(label=label)),
        (
            place.physiologic,
            f"The place of {label} lies in the normal uptake of {place.physiologic}, which could hide it.",
        ),
        (not is_place_sure, f"{nothing_there} the alignment is too poor to be sure of the place."),
        (lesion.is_assessable is None, f"{nothing_there} its size is not known: a small one can be missed."),
        (not lesion.is_assessable, f"{nothing_there} a lesion under {limit} can be missed."),
    )
    return next((sentence for applies, sentence in checks if applies), "")


def resolved_reason(lesion: Region, place: PlaceReading) -> str:
    contrast = "" if place.contrast is None else f" (highest 1 mL mean {place.contrast:.2f} of the surroundings)"
    return f"No uptake found at the place of {lesion.key}{contrast}; CT may still show the lesion."


def present_reason(lesion: Region, finding: Region, score: Score) -> str:
    said = [
        f"{finding.key} lies {score.distance_mm:.0f} mm from the place of {lesion.key}",
        _organ_words(lesion, finding, score),
    ]
    if lesion.volume_ml and finding.volume_ml and lesion.volume_method == finding.volume_method:
        said.append(f"{finding.volume_ml / lesion.volume_ml:.2g} of its volume")
    elif score.note:
        said.append(score.note)
    return f"{', '.join(said)}."


def _organ_words(lesion: Region, finding: Region, score: Score) -> str:
    if score.organ == ORGAN_PHYSIOLOGIC:
        return f"though it reads as normal uptake of {finding.physiologic}"
    if score.organ == ORGAN_SAME:
        return f"both in {lesion.organ}"
    if score.organ == ORGAN_DIFFERS:
        return f"but in {finding.organ} instead of {lesion.organ}"
    return "organ not compared"


def merged_reason(labels: Sequence[str], finding: Region) -> str:
    return f"The places of {_listed(labels)} lie in or at the edge of the one region {finding.key}."


def split_reason(label: str, finding_ids: Sequence[str]) -> str:
    return f"{_listed(finding_ids)} lie in or at the edge of where {label} was."


def new_reason(finding: Region) -> str:
    return f"No lesion of the previous scan lay at the place of {finding.key}, which that scan covered."


def _listed(names: Sequence[str]) -> str:
    return " and ".join((", ".join(names[:-1]), names[-1])) if len(names) > 1 else "".join(names)
