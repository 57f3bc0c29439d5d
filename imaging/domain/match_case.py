"""Which lesion goes with which finding: joint assignment first, then what is left over beside it.

A lesion without a finding of its own whose place lies in a finding of another is merged with it; a finding without a
lesion of its own that lies where a lesion with a finding was is a piece of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from imaging.domain import match_scores
from imaging.domain.lesion_places import FieldOfView, Finding, PlaceReading, Region
from imaging.domain.match_scores import Pairing, Score
from imaging.domain.registration import Quality, Registration

POOR_REGISTRATION = 0.6  # local convention: what poor registration leaves of a confidence
TOUCHING_MM = 5.0  # local convention, added to the residual: inside or at the edge of a region


@dataclass(frozen=True, eq=False)
class NewScan:
    """The scan to recognise lesions on. ``at_place``: what it shows at the place of each lesion, by label."""

    view: FieldOfView
    findings: Sequence[Finding]
    at_place: Mapping[str, PlaceReading] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Case:
    """``pairings`` by lesion; ``merged``: finding -> lesions; ``split``: lesion -> findings."""

    known: list[Region]
    found: list[Region]
    scores: list[list[Score]]
    pairings: dict[int, Pairing]
    merged: dict[int, list[int]]
    split: dict[int, list[int]]
    new_scan: NewScan
    registration: Registration

    @property
    def trust(self) -> float:
        return 1.0 if self.is_place_sure else POOR_REGISTRATION

    def is_simple(self, pairing: Pairing) -> bool:
        return pairing.j not in self.merged and pairing.i not in self.split

    def is_lost(self, i: int) -> bool:
        return i not in self.pairings and not any(i in members for members in self.merged.values())

    def fresh(self) -> list[int]:
        used = {p.j for p in self.pairings.values()} | {j for pieces in self.split.values() for j in pieces}
        return [j for j in range(len(self.found)) if j not in used]

    @property
    def is_place_sure(self) -> bool:
        return self.registration.quality is Quality.GOOD

    @property
    def off_mm(self) -> float:
        return self.registration.place_uncertainty_mm

    def worded(self, reason: str) -> str:
        caveats = [] if self.is_place_sure else [self.registration.sentence]
        return " ".join([reason, *caveats])


def build(known: list[Region], found: list[Region], new_scan: NewScan, registration: Registration) -> Case:
    off = registration.place_uncertainty_mm
    scores = [[match_scores.score(lesion, finding, off) for finding in found] for lesion in known]
    pairings = {p.i: p for p in match_scores.assign(scores)}
    touching = TOUCHING_MM + (registration.residual_mm or 0.0)
    merged = _merges(known, found, pairings, touching)
    split = _splits(known, found, pairings, merged, touching)
    return Case(known, found, scores, pairings, merged, split, new_scan, registration)


def _merges(
    known: list[Region], found: list[Region], pairings: dict[int, Pairing], touching: float
) -> dict[int, list[int]]:
    """A lesion without a finding of its own whose place lies in the finding of another: one region holds both."""
    hosts: dict[int, list[int]] = {}
    for i, lesion in enumerate(known):
        if i in pairings:
            continue
        gaps = [(found[p.j].gap_mm(lesion.centroid_lps), p.j) for p in pairings.values()]
        near = [(gap, j) for gap, j in gaps if gap <= touching]
        if near:
            hosts.setdefault(min(near)[1], []).append(i)
    owner = {p.j: p.i for p in pairings.values()}
    return {j: sorted([owner[j], *members]) for j, members in hosts.items()}


def _splits(
    known: list[Region],
    found: list[Region],
    pairings: dict[int, Pairing],
    merged: dict[int, list[int]],
    touching: float,
) -> dict[int, list[int]]:
    """A finding without a lesion of its own that lies where a lesion with another finding was."""
    pieces: dict[int, list[int]] = {}
    taken = {p.j for p in pairings.values()}
    whole = [p for p in pairings.values() if p.j not in merged and _lies_in(known[p.i], found[p.j], touching)]
    for j, finding in enumerate(found):
        if j in taken or finding.physiologic:
            continue
        near = [
            (known[p.i].gap_mm(finding.centroid_lps), p.i) for p in whole if _lies_in(known[p.i], finding, touching)
        ]
        if near:
            pieces.setdefault(min(near)[1], []).append(j)
    return {i: sorted([pairings[i].j, *more]) for i, more in pieces.items()}


def _lies_in(lesion: Region, finding: Region, touching: float) -> bool:
    return lesion.gap_mm(finding.centroid_lps) <= touching
