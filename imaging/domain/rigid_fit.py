"""The least-squares fit behind ``registration``: six numbers (shift in mm, turn in radians about the body axes).

A point p of the previous scan goes to R (p - c) + c + t, c the middle of the previous body or organs, R = Rz Ry Rx.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from imaging.domain.errors import MeasurementRefused
from imaging.domain.geometry import FloatArray, lps_to_index
from imaging.domain.outline import BAND_MM, Outline
from imaging.domain.rigid_starts import starts_of

AXIAL_PROBE_MM = 24.0
SKIN_SD_MM = 4.0  # local convention: breathing, arms, threshold
ORGAN_SD_MM = {"bladder": 20.0, "stomach": 20.0}  # local convention: filling moves them
OTHER_ORGAN_SD_MM = 8.0
_SKIN_POINTS = 2000
_HOPELESS = 2.0  # a start that is twice as far off as the best is not followed
_SKIN_WEIGHT = 60.0  # skin counts as this many independent places, not as thousands of voxels
_STEPS = np.array([2.0, 2.0, 2.0, 0.01, 0.01, 0.01])
_OTHER_LEVEL_MM = 40.0
OTHER_LEVEL_WITHIN = 1.25  # local convention: a rival that leaves a quarter more is still a rival


@dataclass(frozen=True, eq=False)
class Pairs:
    """Centroids (n, 3) of the same organs on both scans."""

    names: tuple[str, ...]
    before: FloatArray
    after: FloatArray

    @property
    def sd_mm(self) -> FloatArray:
        return np.array([ORGAN_SD_MM.get(name, OTHER_ORGAN_SD_MM) for name in self.names], dtype=np.float64)


@dataclass(frozen=True, eq=False)
class Fit:
    """``skin_mm``, ``organs_mm``: mean distance left; ``axial_contrast_mm``: how much worse 24 mm up or down would be;
    ``other_level_mm``: distance to another level that fits nearly as well."""

    matrix: FloatArray
    turn_degrees: float
    skin_mm: float | None = None
    organs_mm: float | None = None
    organ_count: int = 0
    overlap_mm: float | None = None
    axial_contrast_mm: float | None = None
    other_level_mm: float | None = None

    @property
    def measures(self) -> dict[str, float]:
        found = {
            "skin_mm": self.skin_mm,
            "organs_mm": self.organs_mm,
            "organ_count": float(self.organ_count),
            "turn_degrees": self.turn_degrees,
            "overlap_mm": self.overlap_mm,
            "axial_contrast_mm": self.axial_contrast_mm,
            "other_level_mm": self.other_level_mm,
        }
        return {name: float(value) for name, value in found.items() if value is not None}


def fit_centroids(pairs: Pairs) -> Fit:
    """From organ centroids alone. Raises ``MeasurementRefused`` without a common organ."""
    if not pairs.names:
        raise MeasurementRefused("registration_inputs_missing")
    centre = pairs.before.mean(axis=0)
    start = np.concatenate([np.median(pairs.after - pairs.before, axis=0), np.zeros(3)])
    can_turn = len(pairs.names) >= 3 and _spread(pairs.before) > 30
    found = _solve(lambda p: _organ_terms(p, centre, pairs), start, can_turn)
    matrix = _matrix(found, centre)
    return Fit(matrix, _turn(found), None, _organ_distance(matrix, pairs), len(pairs.names))


def fit_outlines(previous: Outline, new: Outline, pairs: Pairs, smallest_overlap_mm: float) -> Fit:
    """From outlines and, where there are any, organ centroids. Raises ``MeasurementRefused`` if they hardly overlap."""
    skin = _Skin(previous, new)
    centre = skin.centre
    fits = []
    organ_shift = np.median(pairs.after - pairs.before, axis=0) if pairs.names else None
    starts = starts_of(previous, new, organ_shift, smallest_overlap_mm)
    worths = [skin.distance(_matrix(start, centre))[0] for start in starts]
    for start, worth in zip(starts, worths, strict=True):
        if worth > min(worths) * _HOPELESS:
            continue
        found = _solve(lambda p: np.concatenate([skin.terms(p), _organ_terms(p, centre, pairs)]), start, True)
        matrix = _matrix(found, centre)
        distance, overlap = skin.distance(matrix)
        if overlap >= smallest_overlap_mm:
            fits.append((distance + _organ_distance_or_zero(matrix, pairs) / 4, found, matrix, distance, overlap))
    if not fits:
        raise MeasurementRefused("registration_overlap_small", limit=f"{smallest_overlap_mm:.0f}")
    fits.sort(key=lambda f: (f[0], tuple(f[1])))
    worth, found, matrix, distance, overlap = fits[0]
    rivals = [abs(f[1][2] - found[2]) for f in fits[1:] if f[0] <= max(worth * OTHER_LEVEL_WITHIN, worth + 0.5)]
    far = [gap for gap in rivals if gap > _OTHER_LEVEL_MM]
    return Fit(
        matrix,
        _turn(found),
        distance,
        _organ_distance(matrix, pairs) if pairs.names else None,
        len(pairs.names),
        overlap,
        None if pairs.names else skin.axial_contrast(matrix, distance),
        min(far) if far else None,
    )


class _Skin:
    """Differences of the distance to the skin, at points beside the skin of both scans."""

    def __init__(self, previous: Outline, new: Outline):
        self.previous, self.new = previous, new
        self.before, self.at_before = previous.skin_points(_SKIN_POINTS)
        self.after, self.at_after = new.skin_points(_SKIN_POINTS)
        self.centre = self.before.mean(axis=0)

    def terms(self, parameters: FloatArray) -> FloatArray:
        differences, seen = self._differences(_matrix(parameters, self.centre))
        share = np.sqrt(_SKIN_WEIGHT / max(int(seen.sum()), 1))
        result: FloatArray = differences / SKIN_SD_MM * share
        return result

    def distance(self, matrix: FloatArray) -> tuple[float, float]:
        """Mean absolute difference (mm) where both scans have images, and the length (mm) of that part along z."""
        differences, seen = self._differences(matrix)
        if not seen.any():
            return float("inf"), 0.0
        level = _moved(matrix, self.before)[seen[: len(self.before)], 2]
        length = float(np.ptp(level)) if level.size else 0.0
        return float(np.abs(differences[seen]).mean()), length

    def axial_contrast(self, matrix: FloatArray, distance: float) -> float:
        worse = []
        for shift in (-AXIAL_PROBE_MM, AXIAL_PROBE_MM):
            moved = matrix.copy()
            moved[2, 3] += shift
            worse.append(self.distance(moved)[0] - distance)
        return min(worse)

    def _differences(self, matrix: FloatArray) -> tuple[FloatArray, FloatArray]:
        inverse: FloatArray = np.asarray(np.linalg.inv(matrix), dtype=np.float64)
        there = _sampled(self.new, _moved(matrix, self.before))
        found = np.concatenate([there, _sampled(self.previous, _moved(inverse, self.after))])
        seen = ~np.isnan(found)
        return np.where(seen, found - np.concatenate([self.at_before, self.at_after]), 0.0), seen


def _sampled(outline: Outline, points: FloatArray) -> FloatArray:
    """Distance to the skin at ``points``; NaN outside the images or so near their end that the cut could matter."""
    from scipy import ndimage

    index = lps_to_index(outline.affine, points)[:, ::-1]
    upper = np.array(outline.signed_mm.shape) - 1
    inside = ((index >= 0) & (index <= upper)).all(axis=1)
    found = ndimage.map_coordinates(outline.signed_mm, index.T, order=1, mode="nearest")
    return np.where(inside & (np.abs(found) < BAND_MM), found, np.where(inside, np.sign(found) * BAND_MM, np.nan))


def _organ_terms(parameters: FloatArray, centre: FloatArray, pairs: Pairs) -> FloatArray:
    left = _moved(_matrix(parameters, centre), pairs.before) - pairs.after
    result: FloatArray = (left / pairs.sd_mm[:, None]).ravel()
    return result


def _organ_distance(matrix: FloatArray, pairs: Pairs) -> float:
    return float(np.linalg.norm(_moved(matrix, pairs.before) - pairs.after, axis=1).mean())


def _organ_distance_or_zero(matrix: FloatArray, pairs: Pairs) -> float:
    return _organ_distance(matrix, pairs) if pairs.names else 0.0


def _solve(terms: Callable[[FloatArray], FloatArray], start: FloatArray, can_turn: bool) -> FloatArray:
    from scipy import optimize

    free = 6 if can_turn else 3

    def full(values: FloatArray) -> FloatArray:
        return np.concatenate([values, np.zeros(6 - free)])

    def slope(values: FloatArray) -> FloatArray:
        """Differences over whole millimetres: a distance map is rough below its own grid."""
        columns = []
        for n, step in enumerate(_STEPS[:free]):
            aside = np.zeros(free)
            aside[n] = step
            columns.append((terms(full(values + aside)) - terms(full(values - aside))) / (2 * step))
        return np.stack(columns, axis=1)

    found = optimize.least_squares(
        lambda v: terms(full(v)), start[:free], jac=slope, loss="soft_l1", x_scale=_STEPS[:free], max_nfev=40
    )
    return full(np.asarray(found.x, dtype=np.float64))


def _matrix(parameters: FloatArray, centre: FloatArray) -> FloatArray:
    (cx, cy, cz), (sx, sy, sz) = np.cos(parameters[3:]), np.sin(parameters[3:])
    about_x = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_z = np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
    matrix = np.eye(4)
    matrix[:3, :3] = about_z @ about_y @ about_x
    matrix[:3, 3] = centre + parameters[:3] - matrix[:3, :3] @ centre
    return matrix


def _moved(matrix: FloatArray, points: FloatArray) -> FloatArray:
    result: FloatArray = points @ matrix[:3, :3].T + matrix[:3, 3]
    return result


def _turn(parameters: FloatArray) -> float:
    rotation = _matrix(parameters, np.zeros(3))[:3, :3]
    return float(np.degrees(np.arccos(np.clip((np.trace(rotation) - 1) / 2, -1, 1))))


def _spread(points: FloatArray) -> float:
    """The second largest extent (mm): near zero for organs on one line."""
    return float(2 * np.linalg.svd(points - points.mean(axis=0), compute_uv=False)[1] / np.sqrt(len(points)))
