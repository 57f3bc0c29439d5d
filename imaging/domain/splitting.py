"""Separating structures that touch: a component falls into parts at the lowest level at which parts stand out.

A part stands out when it holds ``smallest`` voxels and its highest value is at least ``prominence`` times the level at
which it comes apart. What lies below that level goes to the nearest part, in mm; then each part is tried again,
upwards. The field is the SUV (two hot organs with a colder seam) or the distance to the edge in mm (two rounded bodies
joined by a neck). No randomness, no order of voxels: the same voxels always give the same parts.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imaging.domain.regions import share_by_nearness

_STEP = 1.12

Field = NDArray[np.float32]
Voxels = NDArray[np.bool_]
Labels = NDArray[np.int32]


@dataclass(frozen=True)
class Rule:
    """When a part stands out: ``prominence`` (peak over seam), ``smallest`` part in voxels above the seam."""

    prominence: float
    smallest: int


def split(field: Field, voxels: Voxels, spacing: tuple[float, float, float], rule: Rule) -> list[Voxels]:
    """The parts of ``voxels`` (boolean over the same box), hottest first; one part where nothing stands out."""
    waiting, done = [(voxels, 0.0)], []
    while waiting:
        part, level = waiting.pop()
        markers, level = _first_separation(field, part, level, rule)
        if markers is None:
            done.append(part)
            continue
        owner = share_by_nearness(part, markers, spacing)
        waiting += [(owner == n, level) for n in range(1, int(markers.max()) + 1)]
    return sorted(done, key=lambda part: (-float(field[part].max()), int(np.flatnonzero(part)[0])))


def edge_distance(voxels: Voxels, spacing: tuple[float, float, float]) -> Field:
    """mm from each voxel to the nearest voxel outside; beyond the array counts as outside."""
    from scipy import ndimage

    result = np.zeros(voxels.shape, dtype=np.float32)
    if voxels.any():
        box = box_around(voxels)
        result[box] = ndimage.distance_transform_edt(np.pad(voxels[box], 1), sampling=spacing)[1:-1, 1:-1, 1:-1]
    return result


def is_near(voxels: Voxels, spacing: tuple[float, float, float], reach_mm: float) -> Voxels:
    """Which voxels lie within ``reach_mm`` of one of ``voxels``, themselves included."""
    from scipy import ndimage

    result = np.zeros(voxels.shape, dtype=bool)
    if voxels.any():
        z, y, x = (int(np.ceil(reach_mm / s)) for s in spacing)
        box = box_around(voxels, (z, y, x))
        result[box] = ndimage.distance_transform_edt(~voxels[box], sampling=spacing).astype(np.float32) <= reach_mm
    return result


def box_around(voxels: Voxels, margin: tuple[int, int, int] = (0, 0, 0)) -> tuple[slice, slice, slice]:
    """The smallest box that holds ``voxels``, of which there must be one, wider by a margin where there is room."""
    lines = [np.flatnonzero(voxels.any(axis=tuple(b for b in range(3) if b != a))) for a in range(3)]
    z, y, x = (slice(max(0, int(n[0]) - m), int(n[-1]) + 1 + m) for n, m in zip(lines, margin, strict=True))
    return z, y, x


def _first_separation(field: Field, part: Voxels, level: float, rule: Rule) -> tuple[Labels | None, float]:
    from scipy import ndimage

    values = field[part]
    top = float(values.max())
    level = max(level, float(values.min()), top / 1000) * _STEP
    where = ndimage.find_objects(part.astype(np.int8))[0]
    inner, heights = part[where], field[where]
    while level * rule.prominence <= top:
        labels, count = ndimage.label(inner & (heights >= level), structure=np.ones((3, 3, 3), dtype=int))
        standing = _standing_out(labels, count, heights, level, rule) if count > 1 else []
        if len(standing) > 1:
            rank = np.zeros(count + 1, dtype=np.int32)
            rank[standing] = np.arange(1, len(standing) + 1)
            markers = np.zeros(part.shape, dtype=np.int32)
            markers[where] = rank[labels]
            return markers, level
        level *= _STEP
    return None, level


def _standing_out(labels: Labels, count: int, heights: Field, level: float, rule: Rule) -> list[int]:
    from scipy import ndimage

    sizes = np.bincount(labels.ravel(), minlength=count + 1)[1:]
    big = 1 + np.flatnonzero(sizes >= rule.smallest)
    if big.size < 2:
        return []
    tops = ndimage.maximum(heights, labels, big)
    return [int(n) for n, top in zip(big, tops, strict=True) if top >= rule.prominence * level]
