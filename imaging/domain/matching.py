"""Lesions recognised again on the next scan, ``lesion-matching/1.0``: proposals that a person confirms or corrects.

Each lesion of the previous scan and each finding of the new one gets exactly one proposal with a confidence, its
parts and a sentence. "Resolved" is proposed only where the new scan covers the place and shows no uptake there; it
never says that the lesion is gone, since CT may still show it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import exp, prod

import numpy as np

from imaging.domain import match_proposal as words
from imaging.domain import match_scores
from imaging.domain.errors import MeasurementRefused
from imaging.domain.geometry import lps_to_index
from imaging.domain.lesion_places import RAISED_FROM, FieldOfView, KnownLesion, PlaceReading, Point, Region
from imaging.domain.match_case import POOR_REGISTRATION, TOUCHING_MM, Case, NewScan, build
from imaging.domain.match_proposal import MatchProposal, Status
from imaging.domain.match_scores import Pairing
from imaging.domain.registration import Quality, Registration

__all__ = ["METHOD_VERSION", "PARAMETERS", "MatchProposal", "Matching", "NewScan", "Place", "Status", "match", "places"]

METHOD_VERSION = "lesion-matching/1.0"
WEAK = 0.5  # local convention: a match below it is called ambiguous even without a rival
HARDLY_QUIET = 0.5  # local convention: half way from the surroundings to raised
AT_THE_EDGE = 0.6  # local convention: merged or split, but a place lies outside the region
EXTENT_UNKNOWN = 0.5  # local convention: merged or split without a known extent

PARAMETERS: Mapping[str, float] = {
    **match_scores.PARAMETERS,
    "poor_registration": POOR_REGISTRATION,
    "touching_mm": TOUCHING_MM,
    "at_the_edge": AT_THE_EDGE,
    "extent_unknown": EXTENT_UNKNOWN,
    "raised_from": RAISED_FROM,
    "hardly_quiet": HARDLY_QUIET,
    "weak": WEAK,
}


@dataclass(frozen=True, eq=False)
class Matching:
    """``left_out``: findings read as physiologic and matched to no lesion, id to organ."""

    proposals: tuple[MatchProposal, ...]
    left_out: Mapping[str, str]
    registration: Registration
    parameters: Mapping[str, float] = field(default_factory=lambda: dict(PARAMETERS))
    method_version: str = METHOD_VERSION

    def of(self, label: str) -> MatchProposal:
        """The one proposal that speaks of this lesion."""
        return next(p for p in self.proposals if label in p.labels)


@dataclass(frozen=True)
class Place:
    """Where a lesion of the previous scan should lie on the new one, and how far around (mm) to look for it."""

    centre_lps: Point
    radius_mm: float


def places(lesions: Iterable[KnownLesion], registration: Registration) -> dict[str, Place]:
    """By label. Raises ``MeasurementRefused`` if registration was refused."""
    moved = [lesion.moved(registration.transform) for lesion in lesions]
    return {
        m.key: Place(m.centroid_lps, (m.radius_mm or TOUCHING_MM) + registration.place_uncertainty_mm) for m in moved
    }


def match(
    lesions: Sequence[KnownLesion], new_scan: NewScan, registration: Registration, previous_view: FieldOfView
) -> Matching:
    """Propose what became of each lesion. The order of the inputs never matters.

    Raises ``MeasurementRefused`` if two lesions or two findings share one name.
    """
    known, found = _sorted(lesions), _sorted(new_scan.findings)
    if registration.quality is Quality.REFUSED:
        return Matching(tuple(_not_aligned(known, found, registration)), {}, registration)
    case = build([lesion.moved(registration.transform) for lesion in known], found, new_scan, registration)
    proposals = [
        *(_pair(case, pairing) for pairing in case.pairings.values() if case.is_simple(pairing)),
        *(_merged(case, j, members) for j, members in case.merged.items()),
        *(_split(case, i, pieces) for i, pieces in case.split.items()),
        *(_without_finding(case, i) for i in range(len(case.known)) if case.is_lost(i)),
        *(_new(case, j, previous_view) for j in case.fresh() if not found[j].physiologic),
    ]
    left_out = {found[j].key: found[j].physiologic for j in case.fresh() if found[j].physiologic}
    ordered = sorted(proposals, key=lambda p: (not p.labels, p.labels, p.finding_ids))
    return Matching(tuple(ordered), left_out, registration)


def _pair(case: Case, pairing: Pairing) -> MatchProposal:
    lesion, finding, score = case.known[pairing.i], case.found[pairing.j], case.scores[pairing.i][pairing.j]
    parts = {
        "registration": case.trust,
        "place": score.place,
        "organ": score.organ,
        "size": score.size,
        "unrivalled": pairing.odds / (1 + pairing.odds),
    }
    confidence = prod(parts.values())
    has_rival = pairing.odds < match_scores.AMBIGUOUS_ODDS
    rival = "none of the findings" if pairing.rival is None else case.found[pairing.rival].key
    reason = words.present_reason(lesion, finding, score)
    if has_rival:
        reason += f" Nearly as good: {rival}."
    elif confidence < WEAK:
        reason += " A weak match."
    return MatchProposal(
        Status.PRESENT,
        (lesion.key,),
        (finding.key,),
        confidence,
        parts,
        case.worded(reason),
        has_rival or confidence < WEAK or not case.is_place_sure,
        (rival,) if has_rival else (),
        score.distance_mm,
    )


def _merged(case: Case, j: int, members: list[int]) -> MatchProposal:
    finding, lesions = case.found[j], [case.known[i] for i in members]
    gaps = [finding.gap_mm(lesion.centroid_lps) for lesion in lesions]
    parts = _joint_parts(case, gaps, finding, lesions)
    labels = tuple(lesion.key for lesion in lesions)
    is_ambiguous = parts["extent"] < 1 or not case.is_place_sure
    alternatives = (
        tuple(f"{lesion.key} without uptake beside {finding.key}" for lesion in lesions) if is_ambiguous else ()
    )
    reason = case.worded(words.merged_reason(labels, finding) + _or_else(alternatives))
    return MatchProposal(
        Status.MERGED, labels, (finding.key,), prod(parts.values()), parts, reason, is_ambiguous, alternatives
    )


def _split(case: Case, i: int, pieces: list[int]) -> MatchProposal:
    lesion, findings = case.known[i], [case.found[j] for j in pieces]
    gaps = [lesion.gap_mm(finding.centroid_lps) for finding in findings]
    parts = _joint_parts(case, gaps, lesion, findings)
    ids = tuple(finding.key for finding in findings)
    is_ambiguous = parts["extent"] < 1 or not case.is_place_sure
    alternatives = tuple(f"{key} new beside {lesion.key}" for key in ids) if is_ambiguous else ()
    reason = case.worded(words.split_reason(lesion.key, ids) + _or_else(alternatives))
    return MatchProposal(
        Status.SPLIT, (lesion.key,), ids, prod(parts.values()), parts, reason, is_ambiguous, alternatives
    )


def _or_else(alternatives: tuple[str, ...]) -> str:
    return f" It could also be {' or '.join(alternatives)}." if alternatives else ""


def _joint_parts(case: Case, gaps: list[float], whole: Region, pieces: list[Region]) -> dict[str, float]:
    sd = match_scores.place_sd_mm(whole, case.off_mm)
    has_extent = whole.radius_mm is not None or whole.voxels_lps is not None
    extent = EXTENT_UNKNOWN if not has_extent else AT_THE_EDGE if max(gaps) > 0 else 1.0
    return {
        "registration": case.trust,
        "place": exp(-((max(gaps) / sd) ** 2) / 2),
        "extent": extent,
        "size": match_scores.size_of_sum(whole, pieces),
    }


def _without_finding(case: Case, i: int) -> MatchProposal:
    lesion = case.known[i]
    place = case.new_scan.at_place.get(lesion.key, PlaceReading())
    is_covered = case.new_scan.view.covers(lesion.centroid_lps, case.off_mm)
    why_not = words.why_not_resolved(lesion, is_covered, place, case.is_place_sure)
    if why_not:
        return words.nothing((lesion.key,), (), case.worded(why_not))
    rivals = _near(lesion, [finding for finding in case.found if not finding.physiologic], case)
    parts = {
        "registration": case.trust,
        "unrivalled": 1 - max([part for part, _ in rivals], default=0.0),
        "quiet": _quiet(place),
    }
    names = tuple(key for part, key in rivals if part > 1 / (1 + match_scores.AMBIGUOUS_ODDS))
    reason = words.resolved_reason(lesion, place) + _or_else(tuple(f"{lesion.key} at {name}" for name in names))
    is_ambiguous = bool(names) or parts["quiet"] < HARDLY_QUIET
    return MatchProposal(
        Status.RESOLVED, (lesion.key,), (), prod(parts.values()), parts, case.worded(reason), is_ambiguous, names
    )


def _quiet(place: PlaceReading) -> float:
    """1 where the place equals its surroundings, 0 where it is about to count as raised."""
    if place.contrast is None:
        return 0.0
    return min(1.0, max(0.0, (RAISED_FROM - place.contrast) / (RAISED_FROM - 1)))


def _new(case: Case, j: int, previous_view: FieldOfView) -> MatchProposal:
    finding = case.found[j]
    there = lps_to_index(case.registration.transform, finding.centroid_lps)
    if not previous_view.covers(there, case.off_mm):
        reason = f"The previous scan did not cover the place of {finding.key}, so it may have been there already."
        return words.nothing((), (finding.key,), case.worded(reason))
    rivals = _near(finding, [case.known[i] for i in range(len(case.known)) if case.is_lost(i)], case)
    parts = {"registration": case.trust, "unrivalled": 1 - max([part for part, _ in rivals], default=0.0)}
    names = tuple(key for part, key in rivals if part > 1 / (1 + match_scores.AMBIGUOUS_ODDS))
    reason = words.new_reason(finding) + _or_else(names)
    is_ambiguous = bool(names) or not case.is_place_sure
    return MatchProposal(
        Status.NEW, (), (finding.key,), prod(parts.values()), parts, case.worded(reason), is_ambiguous, names
    )


def _near(region: Region, others: list[Region], case: Case) -> list[tuple[float, str]]:
    """Unmatched partners just out of reach, the nearest first, each with how likely its distance is at twice the SD."""
    sd = 2 * match_scores.place_sd_mm(region, case.off_mm)
    away = [float(np.linalg.norm(np.subtract(region.centroid_lps, other.centroid_lps))) for other in others]
    found = [(exp(-((mm / sd) ** 2) / 2), other.key) for mm, other in zip(away, others, strict=True)]
    return sorted(found, key=lambda f: (-f[0], f[1]))


def _not_aligned(known: list[Region], found: list[Region], registration: Registration) -> Iterable[MatchProposal]:
    for lesion in known:
        yield words.nothing((lesion.key,), (), f"{lesion.key} was not looked for. {registration.sentence}")
    for finding in found:
        reason = f"Whether {finding.key} is new or known cannot be said. {registration.sentence}"
        yield words.nothing((), (finding.key,), reason)


def _sorted(regions: Sequence[Region]) -> list[Region]:
    ordered = sorted(regions, key=lambda r: r.key)
    for one, other in pairwise(ordered):
        if one.key == other.key:
            raise MeasurementRefused("lesion_name_repeated", found=one.key)
    return ordered
