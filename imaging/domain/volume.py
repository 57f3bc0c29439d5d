"""A PET volume as the scanner stored it: integers, with what turns each slice into SUV.

SUV of a voxel = (stored x slope + intercept) x factor, per slice. The whole volume is never turned into floats:
measurements read crops, and statistics go slice by slice.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from imaging.domain.errors import VolumeUnavailable
from imaging.domain.geometry import FloatArray

Index = tuple[int, int, int]


@dataclass(frozen=True)
class Bounds:
    """A box of voxels in (z, y, x): ``start`` inclusive, ``stop`` exclusive."""

    start: Index
    stop: Index

    @property
    def slices(self) -> tuple[slice, slice, slice]:
        (z0, y0, x0), (z1, y1, x1) = self.start, self.stop
        return slice(z0, z1), slice(y0, y1), slice(x0, x1)

    @property
    def shape(self) -> Index:
        (z0, y0, x0), (z1, y1, x1) = self.start, self.stop
        return z1 - z0, y1 - y0, x1 - x0


@dataclass(frozen=True)
class Statistics:
    min: float
    median: float
    max: float


@dataclass(frozen=True, eq=False)
class Volume:
    """``stored`` [z, y, x]; ``slopes``, ``intercepts``, ``factors`` [z]; ``affine`` (i, j, k) -> LPS mm; ``unit`` UCUM.

    ``factors`` are SUV per rescaled unit. Raises ``VolumeUnavailable`` when built from lists that do not fit or
    from a slope that is zero or not a number.
    """

    stored: NDArray[Any]
    slopes: FloatArray
    intercepts: FloatArray
    factors: FloatArray
    affine: FloatArray
    unit: str
    frame_of_reference_uid: str = ""

    def __post_init__(self) -> None:
        per_slice = (self.slopes, self.intercepts, self.factors)
        if self.stored.ndim != 3 or any(np.shape(values) != (self.stored.shape[0],) for values in per_slice):
            raise VolumeUnavailable("volume_shape_differs")
        if not all(np.isfinite(values).all() for values in per_slice) or not (np.asarray(self.slopes) != 0).all():
            raise VolumeUnavailable("rescale_invalid")

    @classmethod
    def of_array(cls, values: NDArray[Any], affine: FloatArray, unit: str = "g/ml{SUVbw}") -> "Volume":
        """A volume whose stored values already are in ``unit``."""
        ones = np.ones(values.shape[0])
        return cls(values, ones, 0 * ones, ones, affine, unit)

    @classmethod
    def of_series(
        cls,
        stored: NDArray[Any],
        *,
        slopes: ArrayLike,
        intercepts: ArrayLike,
        factor: ArrayLike,
        affine: FloatArray,
        unit: str,
        frame_of_reference_uid: str = "",
    ) -> "Volume":
        """As the constructor; a single slope, intercept or factor holds for all slices."""
        depth = stored.shape[0]
        lists = (np.asarray(values, dtype=np.float64) for values in (slopes, intercepts, factor))
        each = [np.full(depth, float(values)) if values.ndim == 0 else values for values in lists]
        return cls(stored, each[0], each[1], each[2], affine, unit, frame_of_reference_uid)

    @property
    def shape(self) -> Index:
        z, y, x = self.stored.shape
        return z, y, x

    @cached_property
    def spacing(self) -> tuple[float, float, float]:
        """mm between columns, rows and slices."""
        lengths = np.linalg.norm(self.affine[:3, :3], axis=0)
        return float(lengths[0]), float(lengths[1]), float(lengths[2])

    @cached_property
    def voxel_volume_ml(self) -> float:
        return float(abs(np.linalg.det(self.affine[:3, :3]))) / 1000

    @cached_property
    def gains(self) -> FloatArray:
        """SUV per stored unit, by slice."""
        return self.slopes * self.factors

    @cached_property
    def offsets(self) -> FloatArray:
        """SUV of a stored zero, by slice."""
        return self.intercepts * self.factors

    @cached_property
    def has_offsets(self) -> bool:
        return bool(self.offsets.any())

    @property
    def everything(self) -> Bounds:
        return Bounds((0, 0, 0), self.shape)

    def crop(self, bounds: Bounds) -> NDArray[np.float32]:
        """SUV of a box, float32 [z, y, x]."""
        depth = slice(bounds.start[0], bounds.stop[0])
        suv: FloatArray = self.stored[bounds.slices] * self.gains[depth, None, None]
        if self.has_offsets:
            suv += self.offsets[depth, None, None]
        return suv.astype(np.float32)

    def slice_suv(self, k: int) -> NDArray[np.float32]:
        """SUV of slice ``k``, float32 [y, x]."""
        suv: FloatArray = self.stored[k] * self.gains[k]
        if self.has_offsets:
            suv += self.offsets[k]
        return suv.astype(np.float32)

    def statistics(self) -> Statistics:
        """Exact minimum, median and maximum SUV of all voxels, one slice in memory at a time.

        The median is found by its sort key: a histogram of the upper 16 bits of every value, then one of the lower
        16 bits of those that share the wanted upper bits.
        """
        count = int(np.prod(self.shape))
        low, high = self._order_statistics((count - 1) // 2, count // 2)
        ends = [(float(s.min()), float(s.max())) for s in map(self.slice_suv, range(self.shape[0]))]
        return Statistics(min(e[0] for e in ends), (low + high) / 2, max(e[1] for e in ends))

    def highest(self) -> float:
        """The highest SUV of all voxels, from the ends of each slice: a slope may be negative."""
        ends = np.array([(stored.min(), stored.max()) for stored in self.stored], dtype=np.float64)
        return float(((ends * self.gains[:, None]).max(axis=1) + self.offsets).max())

    def _order_statistics(self, *ranks: int) -> tuple[float, ...]:
        upper = np.zeros(1 << 16, dtype=np.int64)
        for k in range(self.shape[0]):
            upper += np.bincount(_sort_key(self.slice_suv(k)) >> 16, minlength=1 << 16)
        below = np.concatenate([[0], np.cumsum(upper)])
        return tuple(self._in_bucket(int(np.searchsorted(below, rank, "right")) - 1, rank, below) for rank in ranks)

    def _in_bucket(self, bucket: int, rank: int, below: NDArray[np.int64]) -> float:
        lower = np.zeros(1 << 16, dtype=np.int64)
        for k in range(self.shape[0]):
            keys = _sort_key(self.slice_suv(k))
            lower += np.bincount(keys[keys >> 16 == bucket] & 0xFFFF, minlength=1 << 16)
        place = int(np.searchsorted(np.cumsum(lower), rank - int(below[bucket]), "right"))
        return _from_sort_key((bucket << 16) | place)


def _sort_key(values: NDArray[np.float32]) -> NDArray[np.int64]:
    """Unsigned 32-bit keys that sort like the floats they come from."""
    bits = values.ravel().view(np.uint32)
    keys = np.where(bits >> 31 == 1, ~bits, bits | np.uint32(1 << 31))
    return keys.astype(np.int64)


def _from_sort_key(key: int) -> float:
    bits = key & 0x7FFFFFFF if key >> 31 else ~key & 0xFFFFFFFF
    return float(np.uint32(bits).view(np.float32))
