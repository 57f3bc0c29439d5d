"""Lesions of the scan before looked for on this one: both scans laid over each other, regions compared, never silent.

Every lesion known on the scan before gets a row: recognised, or why it was not. A person confirms or corrects each.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from imaging import digests, selectors, volumes
from imaging.domain import matching, outline, regions
from imaging.domain.candidates import Focus
from imaging.domain.errors import ImagingRefusal
from imaging.domain.extent import centroid, voxel_centres
from imaging.domain.lesion_places import FieldOfView, Finding, KnownLesion, PlaceReading, read_place
from imaging.domain.match_proposal import MatchProposal, Status
from imaging.domain.matching import Matching, NewScan
from imaging.domain.registration import Anatomy, Quality, Registration, register
from imaging.domain.voi import Mask
from imaging.domain.volume import Volume
from imaging.models import Lesion, LesionFinding, LesionMatch, Proposal, ProposalRun, Scan, Voi
from imaging.reasons import SeriesRefused
from imaging.services import loaded
from imaging.services.voxels import mask_of

GONE = frozenset({LesionFinding.Status.RESOLVED, LesionFinding.Status.MERGED})
STATUSES = {status: status.value.replace(" ", "_") for status in Status}
NO_REGION = "{label} has no region on the scan before, so its place is not known. Look for it."
NO_IMAGES = "The images of the scan before could not be read, so {label} could not be looked for."
NOT_LOOKED_FOR = "{label} was not looked for on this scan. {why}"


@dataclass
class Recognised:
    """What became of each lesion of ``previous``. ``by_finding``: proposals of this scan by their label."""

    previous: Scan
    registration: dict
    lesions: dict[str, Lesion]
    by_finding: dict[str, Proposal]
    matching: Matching | None = None
    unplaced: dict[str, str] = field(default_factory=dict)


def recognise(scan: Scan, pet: Volume, ct: Volume | None, foci: Sequence[tuple[Focus, Proposal]]) -> Recognised | None:
    """None where there is no scan before, or no lesion is known on it."""
    found = _asked_for(scan)
    if found is None:
        return None
    previous, lesions = found.previous, found.lesions
    found.by_finding = {proposal.label: proposal for _, proposal in foci}
    try:
        before = _previous_volume(previous)
    except ImagingRefusal:
        found.unplaced = {label: NO_IMAGES.format(label=label) for label in lesions}
        return found
    known = _known(previous, before, lesions)
    found.unplaced = {label: NO_REGION.format(label=label) for label in lesions.keys() - {k.key for k in known}}
    laid_over = register(Anatomy(_outline(previous, before)), Anatomy(_of(pet, ct)))
    found.registration = _registration(laid_over)
    new = NewScan(FieldOfView.of(pet), [_finding(focus, proposal, pet) for focus, proposal in foci])
    if laid_over.quality is not Quality.REFUSED:
        new = NewScan(new.view, new.findings, _places(known, laid_over, pet, foci))
    found.matching = matching.match(known, new, laid_over, FieldOfView.of(before))
    return found


def not_looked_for(scan: Scan, why: str) -> Recognised | None:
    """Where nothing could be looked for on this scan, each lesion is asked about all the same."""
    found = _asked_for(scan)
    if found is not None:
        found.unplaced = {label: NOT_LOOKED_FOR.format(label=label, why=why)[:300] for label in found.lesions}
    return found


def _asked_for(scan: Scan) -> Recognised | None:
    previous, lesions = digests.previous_scan(scan), _lesions_before(scan)
    return Recognised(previous, {}, lesions, {}) if previous is not None and lesions else None


def rows(found: Recognised, run: ProposalRun) -> list[LesionMatch]:
    """One row per lesion of the scan before, and one per region that is new or a piece of a lesion."""
    made = [_unplaced(found, run, label, why) for label, why in sorted(found.unplaced.items())]
    for proposed in found.matching.proposals if found.matching else ():
        if not _is_organ_again(found, proposed):
            made += _rows_of(found, run, proposed)
    return made


def _is_organ_again(found: Recognised, proposed: MatchProposal) -> bool:
    """A region that may be an organ is asked about as a focus; calling it a new lesion would ask twice."""
    region = found.by_finding.get(proposed.finding_ids[0]) if proposed.finding_ids else None
    return proposed.status is Status.NEW and region is not None and region.guess not in {"", "liver"}


def _rows_of(found: Recognised, run: ProposalRun, proposed: MatchProposal) -> list[LesionMatch]:
    """Of merged lesions the first keeps the region and the others point to it; of a split one the same."""
    labels, ids = proposed.labels, proposed.finding_ids
    first = found.lesions[labels[0]] if labels else None
    base = {
        "run": run,
        "scan": run.scan,
        "previous_scan": found.previous,
        "confidence": proposed.confidence,
        "parts": _parts(proposed),
        "reason": proposed.reason[:300],
    }
    region = found.by_finding.get(ids[0]) if ids else None
    if proposed.status is Status.MERGED:
        kept = LesionMatch(lesion=first, proposal=region, status=LesionFinding.Status.PRESENT, **base)
        others = [
            LesionMatch(lesion=found.lesions[label], related_lesion=first, status=STATUSES[Status.MERGED], **base)
            for label in labels[1:]
        ]
        return [kept, *others]
    if proposed.status is Status.SPLIT:
        kept = LesionMatch(lesion=first, proposal=region, status=LesionFinding.Status.PRESENT, **base)
        pieces = [
            LesionMatch(proposal=found.by_finding.get(key), related_lesion=first, status=STATUSES[Status.SPLIT], **base)
            for key in ids[1:]
        ]
        return [kept, *pieces]
    return [LesionMatch(lesion=first, proposal=region, status=STATUSES[proposed.status], **base)]


def _parts(proposed: MatchProposal) -> dict:
    said = {
        "is_ambiguous": proposed.is_ambiguous,
        "alternatives": list(proposed.alternatives),
        "distance_mm": proposed.distance_mm,
        "method": matching.METHOD_VERSION,
    }
    return {**{name: float(value) for name, value in proposed.parts.items()}, **said}


def _unplaced(found: Recognised, run: ProposalRun, label: str, why: str) -> LesionMatch:
    return LesionMatch(
        run=run,
        scan=run.scan,
        previous_scan=found.previous,
        lesion=found.lesions[label],
        status=LesionFinding.Status.NOT_ASSESSABLE,
        reason=why,
    )


def _lesions_before(scan: Scan) -> dict[str, Lesion]:
    """Lesions marked or found on an earlier scan, of which the last word is not that they resolved or merged.

    Not only on the scan before: a lesion nobody answered for there is still to be answered for here.
    """
    earlier = {other.pk: other for other in digests.earlier_scans(scan)}
    said = [(voi, False) for voi in Voi.objects.filter(scan__in=earlier, role=Voi.Role.LESION)]
    said += [(found, found.status in GONE) for found in LesionFinding.objects.filter(scan__in=earlier)]
    last: dict = {}
    for row, is_gone in sorted(said, key=lambda pair: (earlier[pair[0].scan_id].clinical_date, pair[1])):
        last[row.lesion_id] = is_gone
    known = Lesion.objects.filter(pk__in=[pk for pk, is_gone in last.items() if not is_gone])
    return {lesion.label: lesion for lesion in known}


def _previous_volume(scan: Scan) -> Volume:
    """In SUV where there is one; else in the unit of the images, which is enough for places and percentages."""
    if scan.pet_series is None:
        raise SeriesRefused("pixels_unreadable")
    suv = selectors.current_suv(scan.pet_series)
    if suv.result is not None and not suv.result.refusal_code:
        return volumes.load_volume(scan.pet_series, suv.result)
    return volumes.load_stored(scan.pet_series).volume(1.0, "")


def _known(scan: Scan, volume: Volume, lesions: dict[str, Lesion]) -> list[KnownLesion]:
    vois = list(scan.vois.select_related("lesion"))
    liver = digests.liver_reference(vois).voi
    sizes = {f.lesion_id: f.long_axis_mm for f in LesionFinding.objects.filter(scan=scan, is_illustrative=False)}
    masks: dict[str, list[tuple[Mask, Voi]]] = {}
    for voi in vois:
        if voi.lesion_id is None or voi.lesion.label not in lesions:
            continue
        try:
            masks.setdefault(voi.lesion.label, []).append((mask_of(volume, voi, liver), voi))
        except ImagingRefusal:
            continue
    return [_known_lesion(lesions[label], found, volume, sizes) for label, found in masks.items()]


def _known_lesion(lesion: Lesion, found: list[tuple[Mask, Voi]], volume: Volume, sizes: dict) -> KnownLesion:
    whole = regions.merge(*(mask for mask, _ in found))
    size = sizes.get(lesion.pk)
    return KnownLesion(
        key=lesion.label,
        centroid_lps=_point(centroid(whole, volume)),
        organ=lesion.organ,
        volume_ml=float(whole.voxels.sum()) * volume.voxel_volume_ml,
        volume_method=found[0][1].get_method_display(),
        long_axis_mm=None if size is None else float(size),
        voxels_lps=voxel_centres(whole, volume),
    )


def _finding(focus: Focus, proposal: Proposal, pet: Volume) -> Finding:
    guess = focus.guess
    return Finding(
        key=proposal.label,
        centroid_lps=_point(focus.centroid_lps),
        organ="" if guess.is_physiologic else guess.organ,
        volume_ml=focus.uptake.volume_ml,
        volume_method="focus",
        physiologic=guess.organ if guess.is_physiologic else "",
        voxels_lps=voxel_centres(focus.mask, pet),
    )


def _places(
    known: list[KnownLesion], laid_over: Registration, pet: Volume, foci: Sequence[tuple[Focus, Proposal]]
) -> dict[str, PlaceReading]:
    taken = [focus.mask for focus, _ in foci]
    normal = [focus for focus, _ in foci if focus.guess.is_physiologic]
    found = {}
    for label, place in matching.places(known, laid_over).items():
        inside = next((focus.guess.organ for focus in normal if _holds(focus, pet, place.centre_lps)), "")
        found[label] = read_place(pet, place.centre_lps, place.radius_mm, ignoring=taken, physiologic=inside)
    return found


def _holds(focus: Focus, pet: Volume, point) -> bool:
    return bool(np.linalg.norm(voxel_centres(focus.mask, pet) - np.asarray(point), axis=1).min() < max(pet.spacing))


def _outline(scan: Scan, pet: Volume) -> outline.Outline | None:
    return _of(pet, loaded.ct_of(scan, "previous"))


def _of(pet: Volume, ct: Volume | None) -> outline.Outline | None:
    """The body's outline, from the CT where there is one; None where none is found: registration then says so."""
    try:
        return outline.of_ct(ct) if ct is not None else outline.of_pet(pet)
    except ImagingRefusal:
        return None


def _registration(found: Registration) -> dict:
    return {
        "quality": found.quality.value,
        "method": found.method.value,
        "residual_mm": found.residual_mm,
        "sentence": found.sentence,
        "matrix": None if found.matrix is None else found.matrix.tolist(),
        "parameters": dict(found.parameters),
        "method_version": found.method_version,
    }


def _point(values) -> tuple[float, float, float]:
    x, y, z = (float(v) for v in values)
    return x, y, z
