"""Where the rigid fit starts: at which level of the body two scans overlap, by the half axes of the body along z."""

import numpy as np

from imaging.domain.errors import MeasurementRefused
from imaging.domain.geometry import FloatArray
from imaging.domain.outline import LEVEL_MM, Outline, Profile, profile

_STARTS = 3
_HALF_AXIS_CAP_MM = 40.0  # an arm beside the trunk on one scan only must not decide


def starts_of(previous: Outline, new: Outline, organ_shift: FloatArray | None, overlap_mm: float) -> list[FloatArray]:
    """Parameters to start from: the organs' own shift, and the best levels by half axes.

    Raises ``MeasurementRefused`` if no level gives ``overlap_mm`` of shared body.
    """
    starts = []
    for shift in _levels(profile(previous), profile(new), overlap_mm):
        across = _across(previous, new, shift)
        starts.append(np.array([across[0], across[1], shift, 0, 0, 0]))
    if organ_shift is not None:
        starts.insert(0, np.concatenate([organ_shift, np.zeros(3)]))
    if not starts:
        raise MeasurementRefused("registration_overlap_small", limit=f"{overlap_mm:.0f}")
    return starts


def _levels(before: Profile, after: Profile, overlap_mm: float) -> list[float]:
    """Shifts along z (mm) at which the half axes differ least: the best local minima."""
    n, m = len(before.half_axes_mm), len(after.half_axes_mm)
    least = int(overlap_mm / LEVEL_MM)
    lags = np.arange(least - n, m - least + 1)
    costs = np.array([_level_cost(before.half_axes_mm, after.half_axes_mm, int(lag)) for lag in lags])
    if costs.size == 0:
        return []
    padded = np.concatenate([[np.inf], costs, [np.inf]])
    minima = np.flatnonzero((costs <= padded[:-2]) & (costs <= padded[2:]))
    best = sorted(minima, key=lambda i: (costs[i], abs(lags[i])))[:_STARTS]
    return [float(after.lowest_mm - before.lowest_mm + lags[i] * LEVEL_MM) for i in best]


def _level_cost(before: FloatArray, after: FloatArray, lag: int) -> float:
    """Level i of ``before`` lies on level i + lag of ``after``."""
    first, last = max(0, -lag), min(len(before), len(after) - lag)
    return float(np.minimum(np.abs(before[first:last] - after[first + lag : last + lag]), _HALF_AXIS_CAP_MM).mean())


def _across(previous: Outline, new: Outline, shift: float) -> FloatArray:
    before, after = previous.body_points(), new.body_points()
    low, high = max(before[:, 2].min() + shift, after[:, 2].min()), min(before[:, 2].max() + shift, after[:, 2].max())
    shared = before[(before[:, 2] + shift >= low) & (before[:, 2] + shift <= high)]
    result: FloatArray = after[(after[:, 2] >= low) & (after[:, 2] <= high)].mean(axis=0) - shared.mean(axis=0)
    return result
