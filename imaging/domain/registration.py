"""Rigid registration of two scans of one patient, ``rigid-registration/1.0``: previous scan -> new scan, LPS mm.

Body outlines, organ centroids, or both. Outlines: the level is searched by the body's half axes along z, then three
shifts and three small turns minimise the differences of the distance to the skin, both ways, with a soft-L1 loss
(least squares, deterministic). Centroids: the same fit on pairs of the same organ; fewer than three give no turn.
A rigid fit of the outline says nothing of organs that moved inside the body: see ``docs/lesion-identity.md``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from imaging.domain.errors import Caution, MeasurementRefused, caution
from imaging.domain.geometry import FloatArray
from imaging.domain.outline import Outline
from imaging.domain.rigid_fit import AXIAL_PROBE_MM, OTHER_LEVEL_WITHIN, Fit, Pairs, fit_centroids, fit_outlines

METHOD_VERSION = "rigid-registration/1.0"

# All limits: local convention, set on the digital phantom; stored with every result.
PARAMETERS: Mapping[str, float] = {
    "good_up_to_mm": 4.0,
    "refused_above_mm": 12.0,
    "organs_good_up_to_mm": 12.0,
    "organs_refused_above_mm": 30.0,
    "largest_turn_degrees": 15.0,
    "smallest_overlap_mm": 160.0,
    "axial_contrast_mm": 1.0,
    "axial_probe_mm": AXIAL_PROBE_MM,
    "other_level_within": OTHER_LEVEL_WITHIN,
}

Point = tuple[float, float, float]


class Method(StrEnum):
    OUTLINE = "body outline"
    CENTROIDS = "organ centroids"
    BOTH = "body outline and organ centroids"


class Quality(StrEnum):
    GOOD = "good"
    POOR = "poor"
    REFUSED = "refused"


@dataclass(frozen=True, eq=False)
class Anatomy:
    """What one scan offers for alignment: the body's outline, and centroids (LPS mm) of organs seen whole."""

    outline: Outline | None = None
    organs: Mapping[str, Point] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Registration:
    """How the previous scan lies on the new one.

    ``residual_mm``: mean distance left between the skins (else between the organs), None where nothing could be
    compared. ``reasons``: why the quality is not good. ``method_version`` and ``parameters`` go with every result.
    """

    quality: Quality
    method: Method
    residual_mm: float | None
    reasons: tuple[Caution, ...] = ()
    refusal: MeasurementRefused | None = None
    matrix: FloatArray | None = None
    measures: Mapping[str, float] = field(default_factory=dict)
    parameters: Mapping[str, float] = field(default_factory=lambda: dict(PARAMETERS))
    method_version: str = METHOD_VERSION

    @property
    def transform(self) -> FloatArray:
        """4x4, LPS mm of the previous scan to LPS mm of the new one. Raises ``MeasurementRefused`` if refused."""
        if self.refusal is not None:
            raise self.refusal
        if self.matrix is None:
            raise MeasurementRefused("registration_inputs_missing")
        return self.matrix

    @property
    def place_uncertainty_mm(self) -> float:
        """How far off a place may be: what is left when the quality is good, at least the axial probe otherwise."""
        left = self.residual_mm or 0.0
        return left if self.quality is Quality.GOOD else max(left, self.parameters["axial_probe_mm"])

    @property
    def sentence(self) -> str:
        said = [self.refusal.message] if self.refusal else [reason.message for reason in self.reasons]
        left = "" if self.residual_mm is None else f", {self.residual_mm:.1f} mm left"
        return " ".join([f"Registration by {self.method.value}: {self.quality.value}{left}.", *said])


def register(previous: Anatomy, new: Anatomy) -> Registration:
    """Align ``previous`` with ``new``; a refusal is a result with ``quality`` refused and its reason, never silence."""
    pairs = _pairs(previous, new)
    method = _method(previous, new, pairs)
    try:
        if previous.outline is not None and new.outline is not None:
            fit = fit_outlines(previous.outline, new.outline, pairs, PARAMETERS["smallest_overlap_mm"])
        else:
            fit = fit_centroids(pairs)
    except MeasurementRefused as refusal:
        return Registration(Quality.REFUSED, method, None, refusal=refusal)
    return _judged(fit, method)


def _pairs(previous: Anatomy, new: Anatomy) -> Pairs:
    names = tuple(sorted(set(previous.organs) & set(new.organs)))
    before = np.array([previous.organs[n] for n in names], dtype=np.float64).reshape(-1, 3)
    after = np.array([new.organs[n] for n in names], dtype=np.float64).reshape(-1, 3)
    return Pairs(names, before, after)


def _method(previous: Anatomy, new: Anatomy, pairs: Pairs) -> Method:
    if previous.outline is None or new.outline is None:
        return Method.CENTROIDS
    return Method.BOTH if pairs.names else Method.OUTLINE


def _judged(fit: Fit, method: Method) -> Registration:
    residual = fit.skin_mm if fit.skin_mm is not None else fit.organs_mm
    refusal = _refusal(fit)
    reasons = tuple(_reasons(fit))
    quality = Quality.REFUSED if refusal else Quality.POOR if reasons else Quality.GOOD
    matrix = None if refusal else fit.matrix
    return Registration(quality, method, residual, reasons, refusal, matrix, fit.measures)


def _refusal(fit: Fit) -> MeasurementRefused | None:
    limits = PARAMETERS
    if fit.turn_degrees > limits["largest_turn_degrees"]:
        return MeasurementRefused("registration_turn_large", found=f"{fit.turn_degrees:.0f}")
    if fit.skin_mm is not None and fit.skin_mm > limits["refused_above_mm"]:
        return MeasurementRefused("registration_residual_large", found=f"{fit.skin_mm:.1f}")
    if fit.organs_mm is not None and fit.organs_mm > limits["organs_refused_above_mm"]:
        return MeasurementRefused("registration_residual_large", found=f"{fit.organs_mm:.1f}")
    return None


def _reasons(fit: Fit) -> list[Caution]:
    limits, found = PARAMETERS, []
    if fit.skin_mm is not None and fit.skin_mm > limits["good_up_to_mm"]:
        found.append(caution("registration_skin_differs", found=f"{fit.skin_mm:.1f}"))
    if fit.organs_mm is not None and fit.organs_mm > limits["organs_good_up_to_mm"]:
        found.append(caution("registration_organs_differ", found=f"{fit.organs_mm:.1f}"))
    if fit.skin_mm is None and fit.organ_count < 3:
        found.append(caution("registration_few_organs", found=fit.organ_count))
    if fit.axial_contrast_mm is not None and fit.axial_contrast_mm < limits["axial_contrast_mm"]:
        found.append(caution("registration_level_unsure", found=f"{fit.axial_contrast_mm:.1f}"))
    if fit.other_level_mm is not None:
        found.append(caution("registration_other_level", found=f"{fit.other_level_mm:.0f}"))
    return found
