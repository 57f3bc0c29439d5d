"""Candidate foci of a whole-body SSTR PET: what is hotter than the liver, in connected parts, each with a guess.

A candidate is never a lesion until a person accepts it, and no candidates never means no lesions: what is colder than
the threshold cannot be found by uptake. Threshold: liver mean + 2 SD (or an SUV), on the scanner's integers; 26
neighbours; touching structures separated (``splitting``); in the liver, whose noise alone passes 2 SD somewhere, a part
must also hold a voxel at mean + 4 SD.
"""

from dataclasses import asdict, dataclass

import numpy as np

from imaging.domain.components import Components, components
from imaging.domain.errors import Caution, MeasurementRefused, caution
from imaging.domain.focus_shape import describe
from imaging.domain.physiologic import SSTR as PHYSIOLOGIC_SSTR
from imaging.domain.physiologic import Guess, PhysiologicRules, guess_all
from imaging.domain.references import Reference, References
from imaging.domain.segmentation import liver_threshold
from imaging.domain.touching import SSTR, FociRules, separated
from imaging.domain.uptake import Uptake, measure
from imaging.domain.voi import Mask
from imaging.domain.volume import Volume

__all__ = ["METHOD_VERSION", "SSTR", "Foci", "FociRules", "Focus", "propose", "separated"]

METHOD_VERSION = "foci/1.0"

_NO_GUESS = "Organs are guessed for SSTR tracers only."
_NO_LIVER = "The liver was not found, so no organ can be told by its place."


@dataclass(frozen=True, eq=False)
class Focus:
    mask: Mask
    uptake: Uptake
    centroid_lps: tuple[float, float, float]
    guess: Guess


@dataclass(frozen=True, eq=False)
class Foci:
    """``foci``: those to ask about first, then large organs to confirm, then those set apart; each hottest first."""

    foci: tuple[Focus, ...]
    threshold_suv: float
    method: str
    parameters: dict[str, object]
    cautions: tuple[Caution, ...]

    @property
    def to_ask(self) -> tuple[Focus, ...]:
        return tuple(f for f in self.foci if f.guess.must_ask and not f.guess.is_plain_organ)

    @property
    def to_confirm(self) -> tuple[Focus, ...]:
        return tuple(f for f in self.foci if f.guess.is_plain_organ)

    @property
    def physiologic(self) -> tuple[Focus, ...]:
        return tuple(f for f in self.foci if f.guess.is_physiologic)


def propose(
    pet: Volume,
    references: References,
    *,
    threshold_suv: float | None = None,
    rules: FociRules = SSTR,
    organs: PhysiologicRules | None = PHYSIOLOGIC_SSTR,
) -> Foci:
    """All candidate foci of ``pet``. ``threshold_suv`` replaces the liver threshold; ``organs`` None is for tracers
    that are not SSTR tracers: nothing is guessed and every focus is asked.

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
    parameters: dict[str, object] = {**asdict(rules), "threshold_suv": threshold_suv}
    parameters["organs"] = asdict(organs) if organs else None
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


def _is_liver_noise(uptake: Uptake, references: References, liver: Reference | None, rules: FociRules) -> bool:
    tissue = references.liver_tissue
    if liver is None or tissue is None or not tissue.region[references.image.index(uptake.hottest_lps)]:
        return False
    spread = max(liver.sd, tissue.sd)
    return uptake.suv_max < liver.mean + rules.peak_deviations_in_liver * spread


def _guessed(
    pet: Volume, measured: list[tuple[Mask, Uptake]], references: References, organs: PhysiologicRules | None
) -> list[Focus]:
    if organs is None or references.liver_tissue is None:
        unknown = Guess("", _NO_GUESS if organs is None else _NO_LIVER, False)
        return [Focus(mask, uptake, uptake.hottest_lps, unknown) for mask, uptake in measured]
    shapes = [describe(pet, mask, uptake, references) for mask, uptake in measured]
    guesses = guess_all(shapes, organs)
    return [
        Focus(mask, uptake, shape.centroid_lps, guess)
        for (mask, uptake), shape, guess in zip(measured, shapes, guesses, strict=True)
    ]


def _order(focus: Focus) -> tuple[bool, bool, float, tuple[int, int, int]]:
    guess = focus.guess
    return guess.is_physiologic, guess.is_plain_organ, -focus.uptake.suv_max, focus.uptake.hottest_index
