"""Soft-edged solids on a regular grid, in patient millimetres (LPS). Numpy only.

A shape gives an approximate signed distance (mm, negative inside) and a box that bounds it, so that
painting touches only the voxels it can change. Edges are one voxel wide: partial volume for free.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

Point = tuple[float, float, float]


@dataclass(frozen=True)
class Grid:
    """Arrays are [z, y, x]; ``origin`` (x, y, z) is the centre of voxel (0, 0, 0), ``spacing`` its steps."""

    shape: tuple[int, int, int]
    origin: Point
    spacing: Point

    @property
    def affine(self) -> np.ndarray:
        """Index (column, row, slice, 1) -> LPS mm."""
        matrix = np.diag([*self.spacing, 1.0])
        matrix[:3, 3] = self.origin
        return matrix

    def axes(self, box: tuple[slice, slice, slice] | None = None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Open x, y, z coordinate arrays (float32) that broadcast to [z, y, x]."""
        z, y, x = (
            (np.arange(n, dtype=np.float32) * self.spacing[2 - i] + self.origin[2 - i]).astype(np.float32)
            for i, n in enumerate(self.shape)
        )
        if box is not None:
            z, y, x = z[box[0]], y[box[1]], x[box[2]]
        return x[None, None, :], y[None, :, None], z[:, None, None]

    def box(self, low: Sequence[float], high: Sequence[float]) -> tuple[slice, slice, slice]:
        """The index box that covers ``low`` .. ``high`` (x, y, z), clipped to the grid and one voxel wider."""
        slices = []
        for i in range(3):
            first = int(np.floor((low[i] - self.origin[i]) / self.spacing[i])) - 1
            last = int(np.ceil((high[i] - self.origin[i]) / self.spacing[i])) + 2
            n = self.shape[2 - i]
            slices.append(slice(min(max(first, 0), n), min(max(last, 0), n)))
        return slices[2], slices[1], slices[0]


@dataclass(frozen=True)
class Ellipsoid:
    centre: Point
    radii: Point
    turn: Point = (0.0, 0.0, 0.0)  # degrees about x, y, z

    def bounds(self) -> tuple[np.ndarray, np.ndarray]:
        reach = np.full(3, max(self.radii)) if any(self.turn) else np.array(self.radii)
        return np.array(self.centre) - reach, np.array(self.centre) + reach

    def distance(self, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        offsets = (x - self.centre[0], y - self.centre[1], z - self.centre[2])
        rotation = _rotation(self.turn)
        norm = np.float32(0)
        slope = np.float32(0)
        for row, radius in zip(rotation, self.radii, strict=True):
            along = sum(np.float32(weight) * offset for weight, offset in zip(row, offsets, strict=True) if weight)
            norm = norm + (along / np.float32(radius)) ** 2
            slope = slope + (along / np.float32(radius**2)) ** 2
        norm, slope = np.sqrt(norm), np.sqrt(slope)
        return np.where(slope > 0, norm * (norm - 1) / np.maximum(slope, 1e-9), -min(self.radii)).astype(np.float32)


@dataclass(frozen=True)
class Tube:
    """A bent tube through ``points``; the radii are spread evenly along it."""

    points: tuple[Point, ...]
    radii: tuple[float, ...]

    def radius_at(self, index: int) -> float:
        return float(np.interp(index / (len(self.points) - 1), np.linspace(0, 1, len(self.radii)), self.radii))

    def bounds(self) -> tuple[np.ndarray, np.ndarray]:
        points = np.array(self.points)
        return points.min(0) - max(self.radii), points.max(0) + max(self.radii)

    def distance(self, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        best = np.float32(np.inf)
        for i in range(len(self.points) - 1):
            best = np.minimum(best, self._segment(i, x, y, z))
        return best

    def _segment(self, i: int, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        start, along = np.array(self.points[i]), np.array(self.points[i + 1]) - np.array(self.points[i])
        length_sq = float(along @ along) or 1.0
        px, py, pz = x - np.float32(start[0]), y - np.float32(start[1]), z - np.float32(start[2])
        a, b, c = (np.float32(v) for v in along)
        share = np.clip((px * a + py * b + pz * c) / np.float32(length_sq), 0, 1)
        gap = np.sqrt((px - share * a) ** 2 + (py - share * b) ** 2 + (pz - share * c) ** 2)
        return gap - (self.radius_at(i) + share * np.float32(self.radius_at(i + 1) - self.radius_at(i)))

    def pieces(self) -> tuple["Tube", ...]:
        """One tube per segment: small boxes, so long bent tubes paint fast."""
        return tuple(
            Tube((self.points[i], self.points[i + 1]), (self.radius_at(i), self.radius_at(i + 1)))
            for i in range(len(self.points) - 1)
        )


@dataclass(frozen=True)
class Blend:
    """Several shapes melted into one with rounded joints of ``softness`` mm."""

    parts: tuple["Shape", ...]
    softness: float = 12.0

    def bounds(self) -> tuple[np.ndarray, np.ndarray]:
        boxes = [part.bounds() for part in self.parts]
        low = np.min([low for low, _ in boxes], axis=0) - self.softness
        return low, np.max([high for _, high in boxes], axis=0) + self.softness

    def distance(self, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        merged = self.parts[0].distance(x, y, z)
        for part in self.parts[1:]:
            merged = smooth_minimum(merged, part.distance(x, y, z), self.softness)
        return merged


@dataclass(frozen=True)
class Cut:
    """``solid`` without ``hole``."""

    solid: "Shape"
    hole: "Shape"

    def bounds(self) -> tuple[np.ndarray, np.ndarray]:
        return self.solid.bounds()

    def distance(self, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        return np.maximum(self.solid.distance(x, y, z), -self.hole.distance(x, y, z))


@dataclass(frozen=True)
class Shifted:
    """``solid`` grown (positive) or shrunk (negative) by some mm."""

    solid: "Shape"
    by: float

    def bounds(self) -> tuple[np.ndarray, np.ndarray]:
        low, high = self.solid.bounds()
        return low - max(self.by, 0), high + max(self.by, 0)

    def distance(self, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        return self.solid.distance(x, y, z) - np.float32(self.by)


Shape = Ellipsoid | Tube | Blend | Cut | Shifted


def smooth_minimum(a: np.ndarray, b: np.ndarray, softness: float) -> np.ndarray:
    share = np.clip(0.5 + 0.5 * (b - a) / np.float32(softness), 0, 1)
    return b + (a - b) * share - np.float32(softness) * share * (1 - share)


def coverage(distance: np.ndarray, width: float) -> np.ndarray:
    """Share of a voxel inside the surface, from its signed distance and the width of the soft edge (mm)."""
    return np.clip(np.float32(0.5) - distance / np.float32(width), 0, 1)


def curve(points: Sequence[Point], per_span: int = 6) -> tuple[Point, ...]:
    """A smooth line through ``points`` (Catmull-Rom), sampled ``per_span`` times per span."""
    p = np.array([points[0], *points, points[-1]], dtype=float)
    samples = []
    for i in range(1, len(p) - 2):
        t = np.linspace(0, 1, per_span, endpoint=False)[:, None]
        a, b, c, d = p[i - 1], p[i], p[i + 1], p[i + 2]
        samples.append(
            0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
        )
    line = np.vstack([*samples, p[-1:]])
    return tuple((float(x), float(y), float(z)) for x, y, z in line)


def _rotation(turn: Point) -> np.ndarray:
    ax, ay, az = np.radians(turn)
    rx = np.array([[1, 0, 0], [0, np.cos(ax), -np.sin(ax)], [0, np.sin(ax), np.cos(ax)]])
    ry = np.array([[np.cos(ay), 0, np.sin(ay)], [0, 1, 0], [-np.sin(ay), 0, np.cos(ay)]])
    rz = np.array([[np.cos(az), -np.sin(az), 0], [np.sin(az), np.cos(az), 0], [0, 0, 1]])
    return (rz @ ry @ rx).T
