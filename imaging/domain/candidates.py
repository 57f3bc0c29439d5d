"""Candidate foci of a whole-body SSTR PET: what is hotter than the liver, in connected parts, each with a guess.

A candidate is never a lesion until a person accepts it, and no candidates never means no lesions: what is colder than
the threshold cannot be found by uptake. Threshold: liver mean + 2 SD (or an SUV), on the scanner's integers; 26
neighbours; touching structures separated (``splitting``); in the liver, whose noise alone passes 2 SD somewhere, a part
must also hold a voxel at mean + 4 SD.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass

import numpy as np

from imaging.domain.components import Components, components
from imaging.domain.errors import Caution, MeasurementRefused, caution
from imaging.domain.focus_shape import describe
from imaging.domain.physiologic import SSTR as PHYSIOLOGIC_SSTR
from imaging.domain.physiologic import Guess, PhysiologicRules, guess_all
from imaging.domain.references import Reference, References
from imaging.domain.regions import share_by_nearness, spacing_zyx
from imaging.domain.segmentation import liver_threshold
from imaging.domain.splitting import Field, Rule, Voxels, distance_to, edge_distance, split
from imaging.domain.uptake import Uptake, measure
from imaging.domain.voi import Mask
from imaging.domain.volume import Bounds, Volume

METHOD_VERSION = "foci/1.0"


@dataclass(frozen=True)
class FociRules:
    """Every parameter of the finder; all local conventions except the threshold, which the specification sets."""

    deviations: float = 2.0
    peak_deviations_in_liver: float = 4.0
    smallest_ml: float = 0.1
    smallest_voxels: int = 2
    most: int = 300
    seam: float = 1.4  # peak over seam at which two hot structures are told apart
    seam_smallest_ml: float = 0.2
    seam_blur_mm: float = 4.0
    seam_from_ml: float = 0.5
    neck: float = 2.0  # half width of the smaller body over that of the neck
    neck_of_organs: float = 1.15
    neck_from_ml: float = 4.0
    organs_from_ml: float = 150.0
    separate_up_to_voxels: int = 12_000_000  # of its box: more would not fit the memory of a worker
    core_share: float = 0.41  # of the maximum: the outline of a hot organ
    core_reach_mm: float = 8.0  # how far blur carries its edge


SSTR = FociRules()


@dataclass(frozen=True, eq=False)
class Focus:
    mask: Mask
    uptake: Uptake
    centroid_lps: tuple[float, float, float]
    guess: Guess


@dataclass(frozen=True, eq=False)
class Foci:
    """``foci``: those to ask about first, then those set apart as physiologic, each hottest first."""

    foci: tuple[Focus, ...]
    threshold_suv: float
    method: str
    parameters: dict[str, object]
    cautions: tuple[Caution, ...]

    @property
    def to_ask(self) -> tuple[Focus, ...]:
        return tuple(focus for focus in self.foci if focus.guess.must_ask)

    @property
    def physiologic(self) -> tuple[Focus, ...]:
        return tuple(focus for focus in self.foci if focus.guess.is_physiologic)


def propose(
    pet: Volume,
    references: References,
    *,
    threshold_suv: float | None = None,
    rules: FociRules = SSTR,
    organs: PhysiologicRules = PHYSIOLOGIC_SSTR,
) -> Foci:
    """All candidate foci of ``pet``. ``threshold_suv`` replaces the liver threshold.

    Raises ``MeasurementRefused`` where there is neither a liver reference nor a threshold.
    """
    liver = references.liver if isinstance(references.liver, Reference) else None
    if threshold_suv is None:
        if liver is None:
            raise MeasurementRefused("liver_reference_missing")
        threshold_suv = liver_threshold(liver.mean, liver.sd, rules.deviations)
    masks, cautions = _masks(pet, components(pet, threshold_suv), rules)
    measured = [(mask, measure(pet, mask)) for mask in masks]
    kept = [(mask, uptake) for mask, uptake in measured if not _is_liver_noise(uptake, references, liver, rules)]
    foci = sorted(_guessed(pet, kept, references, organs), key=_order)
    parameters: dict[str, object] = {**asdict(rules), "organs": asdict(organs), "threshold_suv": threshold_suv}
    return Foci(tuple(foci), threshold_suv, METHOD_VERSION, parameters, tuple(cautions))


def _masks(pet: Volume, found: Components, rules: FociRules) -> tuple[list[Mask], list[Caution]]:
    smallest = max(rules.smallest_voxels, int(np.ceil(rules.smallest_ml / pet.voxel_volume_ml)))
    labels = np.flatnonzero(found.counts >= smallest)
    hottest = labels[np.argsort(-found.maxima[labels], kind="stable")]
    cautions = [caution("foci_never_complete")]
    if len(hottest) > rules.most:
        cautions.append(caution("foci_too_many", found=len(hottest), kept=rules.most))
    if any(np.prod(found.stops[n] - found.starts[n]) > rules.separate_up_to_voxels for n in hottest):
        cautions.append(caution("foci_not_separated"))
    parts = [part for label in hottest[: rules.most] for part in separated(pet, found.mask(int(label)), rules)]
    return [part for part in parts if part.voxels.sum() >= smallest], cautions


def separated(pet: Volume, mask: Mask, rules: FociRules = SSTR) -> Iterator[Mask]:
    """The parts of a component: first along colder seams, then at necks. One that fills half a body stays whole."""
    if mask.voxels.size > rules.separate_up_to_voxels:
        yield mask
        return
    spacing, voxel_ml = spacing_zyx(pet), pet.voxel_volume_ml
    for part in _along_seams(pet, mask, rules):
        volume_ml = float(part.sum()) * voxel_ml
        neck = rules.neck_of_organs if volume_ml >= rules.organs_from_ml else rules.neck
        smallest = max(1, round(1.0 / voxel_ml)) if volume_ml >= rules.organs_from_ml else 1
        pieces = [part]
        if volume_ml >= rules.neck_from_ml:
            pieces = split(edge_distance(part, spacing), part, spacing, Rule(neck, smallest))
        for piece in pieces:
            for rest in _standing_off(pet, mask.bounds, piece, rules):
                yield Mask(mask.bounds, rest, mask.is_clipped).trimmed()


def _standing_off(pet: Volume, bounds: Bounds, part: Voxels, rules: FociRules) -> list[Voxels]:
    """A hot organ's own outline, and what reaches farther from it than blur does: a colder neighbour without a seam."""
    from scipy import ndimage

    spacing = spacing_zyx(pet)
    suv = np.where(part, pet.crop(bounds), 0)
    core = suv >= rules.core_share * suv.max()
    far = part & (distance_to(core, spacing) > rules.core_reach_mm)
    labels, count = ndimage.label(far, structure=np.ones((3, 3, 3), dtype=int))
    smallest = max(rules.smallest_voxels, int(np.ceil(rules.smallest_ml / pet.voxel_volume_ml)))
    big = 1 + np.flatnonzero(np.bincount(labels.ravel(), minlength=count + 1)[1:] >= smallest)
    if not big.size:
        return [part]
    markers = core.astype(np.int32)
    for number, label in enumerate(big, start=2):
        markers[labels == label] = number
    owner = share_by_nearness(part, markers, spacing)
    return [owner == number for number in range(1, len(big) + 2)]


def _along_seams(pet: Volume, mask: Mask, rules: FociRules) -> list[Voxels]:
    if float(mask.voxels.sum()) * pet.voxel_volume_ml < rules.seam_from_ml:
        return [mask.voxels]
    smallest = max(1, round(rules.seam_smallest_ml / pet.voxel_volume_ml))
    return split(
        _blurred(pet, mask.bounds, rules.seam_blur_mm), mask.voxels, spacing_zyx(pet), Rule(rules.seam, smallest)
    )


def _blurred(pet: Volume, bounds: Bounds, fwhm_mm: float) -> Field:
    """SUV of a box after a blur that also sees what lies around the box."""
    from scipy import ndimage

    sigma = [fwhm_mm / 2.3548 / s for s in spacing_zyx(pet)]
    margin = [int(np.ceil(3 * s)) for s in sigma]
    low = [max(0, a - m) for a, m in zip(bounds.start, margin, strict=True)]
    high = [min(n, b + m) for b, m, n in zip(bounds.stop, margin, pet.shape, strict=True)]
    wide = Bounds((low[0], low[1], low[2]), (high[0], high[1], high[2]))
    blurred = ndimage.gaussian_filter(pet.crop(wide), sigma)
    inner = tuple(slice(a - b, a - b + n) for a, b, n in zip(bounds.start, low, bounds.shape, strict=True))
    return np.asarray(blurred[inner])


def _is_liver_noise(uptake: Uptake, references: References, liver: Reference | None, rules: FociRules) -> bool:
    tissue = references.liver_tissue
    if liver is None or tissue is None or not tissue.region[references.image.index(uptake.hottest_lps)]:
        return False
    spread = max(liver.sd, tissue.sd)
    return uptake.suv_max < liver.mean + rules.peak_deviations_in_liver * spread


def _guessed(
    pet: Volume, measured: list[tuple[Mask, Uptake]], references: References, organs: PhysiologicRules
) -> list[Focus]:
    if references.liver_tissue is None:
        unknown = Guess("", "The liver was not found, so no organ can be told by its place.", False)
        return [Focus(mask, uptake, uptake.hottest_lps, unknown) for mask, uptake in measured]
    shapes = [describe(pet, mask, uptake, references) for mask, uptake in measured]
    guesses = guess_all(shapes, organs)
    return [
        Focus(mask, uptake, shape.centroid_lps, guess)
        for (mask, uptake), shape, guess in zip(measured, shapes, guesses, strict=True)
    ]


def _order(focus: Focus) -> tuple[bool, float, tuple[int, int, int]]:
    return focus.guess.is_physiologic, -focus.uptake.suv_max, focus.uptake.hottest_index
