"""Connected components (26 neighbours) of everything at or above an uptake, with voxel count, maximum and sum.

Hot voxels are joined into runs along x; runs of neighbouring rows that touch are edges of a graph, whose components
are the answer. Work and memory grow with the number of hot voxels, not with the volume.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from imaging.domain.thresholds import checked, in_stored_type, is_integral, stored_thresholds
from imaging.domain.voi import Mask
from imaging.domain.volume import Bounds, Volume

Indices = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Components:
    """``places``: flat index of each hot voxel in the volume, ascending; ``suv`` its uptake (float32);
    ``labels`` the component 0..n-1 of each, in the order of their first voxels. Per component: ``counts``,
    ``maxima`` and ``sums`` (SUV, added in float64), and ``starts``/``stops``, the box (n, 3) in (z, y, x)."""

    shape: tuple[int, int, int]
    places: Indices
    suv: NDArray[np.float32]
    labels: Indices
    counts: Indices
    maxima: NDArray[np.float64]
    sums: NDArray[np.float64]
    starts: Indices
    stops: Indices

    def __len__(self) -> int:
        return len(self.counts)

    @cached_property
    def _by_label(self) -> Indices:
        return np.argsort(self.labels, kind="stable")

    def mask(self, label: int) -> Mask:
        """One component as a mask in its own box."""
        last = np.cumsum(self.counts)
        mine = self.places[self._by_label[last[label] - self.counts[label] : last[label]]]
        start, stop = self.starts[label], self.stops[label]
        voxels = np.zeros(tuple(stop - start), dtype=bool)
        voxels[tuple(i - a for i, a in zip(np.unravel_index(mine, self.shape), start, strict=True))] = True
        z0, y0, x0 = (int(n) for n in start)
        z1, y1, x1 = (int(n) for n in stop)
        touches = bool((start == 0).any() or (stop == self.shape).any())
        return Mask(Bounds((z0, y0, x0), (z1, y1, x1)), voxels, touches)


def components(volume: Volume, threshold_suv: float) -> Components:
    """All components of the voxels whose SUV is at least ``threshold_suv``. Raises ``MeasurementRefused``."""
    places, suv = _hot_voxels(volume, threshold_suv)
    if not places.size:
        return _nothing(volume)
    first, last = _runs(places, volume.shape[2])
    runs = _run_boxes(places[first], places[last], volume.shape)
    of_run, count = _joined(runs, volume.shape)
    lengths = last - first + 1
    labels = np.repeat(of_run, lengths)
    maxima = np.full(count, -np.inf)
    np.maximum.at(maxima, of_run, np.maximum.reduceat(suv, first))
    starts = np.full((count, 3), np.iinfo(np.int64).max)
    stops = np.zeros((count, 3), dtype=np.int64)
    for axis, (low, high) in enumerate(((runs[0], runs[0]), (runs[1], runs[1]), (runs[2], runs[3]))):
        np.minimum.at(starts[:, axis], of_run, low)
        np.maximum.at(stops[:, axis], of_run, high + 1)
    counts = np.bincount(of_run, weights=lengths, minlength=count).astype(np.int64)
    sums = np.zeros(count)
    np.add.at(sums, of_run, np.add.reduceat(suv, first, dtype=np.float64))
    return Components(volume.shape, places, suv, labels, counts, maxima, sums, starts, stops)


def _nothing(volume: Volume) -> Components:
    none, boxes = np.zeros(0, dtype=np.int64), np.zeros((0, 3), dtype=np.int64)
    values = np.zeros(0)
    return Components(volume.shape, none, values.astype(np.float32), none, none, values, values, boxes, boxes)


def _hot_voxels(volume: Volume, threshold_suv: float) -> tuple[Indices, NDArray[np.float32]]:
    """Flat indices and SUV of the voxels that reach the threshold, slice by slice with one reused buffer."""
    threshold = checked(threshold_suv)
    depth, rows, columns = volume.shape
    hot = np.empty(rows * columns, dtype=bool)
    places, values = [], []
    by_integer = is_integral(volume)
    if by_integer:
        first, is_beyond = in_stored_type(volume, stored_thresholds(volume, threshold_suv))
    for k in range(depth):
        if by_integer and is_beyond[k]:
            continue
        flat = (volume.stored[k] if by_integer else volume.slice_suv(k)).reshape(-1)
        np.greater_equal(flat, first[k] if by_integer else threshold, out=hot)
        found = np.flatnonzero(hot)
        if not found.size:
            continue
        values.append(_suv(volume, k, flat[found]) if by_integer else flat[found])
        places.append(found + k * rows * columns)
    if not places:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32)
    return np.concatenate(places), np.concatenate(values)


def _suv(volume: Volume, k: int, stored: NDArray[np.generic]) -> NDArray[np.float32]:
    suv = stored * volume.gains[k]
    if volume.has_offsets:
        suv += volume.offsets[k]
    return np.asarray(suv, dtype=np.float32)


def _runs(places: Indices, columns: int) -> tuple[Indices, Indices]:
    """First and last position, within ``places``, of each run of neighbours along x."""
    breaks = (np.diff(places) != 1) | (places[1:] % columns == 0)
    starts = np.concatenate([[0], np.flatnonzero(breaks) + 1])
    return starts, np.concatenate([starts[1:] - 1, [len(places) - 1]])


def _run_boxes(first: Indices, last: Indices, shape: tuple[int, int, int]) -> tuple[Indices, Indices, Indices, Indices]:
    """Slice, row, first and last column of each run."""
    row_number, x0 = np.divmod(first, shape[2])
    z, y = np.divmod(row_number, shape[1])
    return z, y, x0, x0 + (last - first)


def _joined(runs: tuple[Indices, Indices, Indices, Indices], shape: tuple[int, int, int]) -> tuple[Indices, int]:
    """Component of each run. In a grid padded by one column and one row, rows that touch are a fixed step apart."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    z, y, x0, x1 = runs
    step, slab = shape[2] + 1, (shape[1] + 1) * (shape[2] + 1)
    begin = z * slab + y * step + x0
    end = begin + (x1 - x0)
    edges = [_touching(begin, end, back) for back in (step, slab - step, slab, slab + step)]
    a, b = (np.concatenate([pair[i] for pair in edges]) for i in (0, 1))
    graph = coo_array((np.ones(len(a), dtype=bool), (a, b)), shape=(len(z), len(z)))
    count, labels = connected_components(graph, directed=False)
    return labels.astype(np.int64), int(count)


def _touching(begin: Indices, end: Indices, back: int) -> tuple[Indices, Indices]:
    """Pairs of runs (later, earlier) where the earlier lies ``back`` before the later, corners included."""
    low = np.searchsorted(end, begin - back - 1)
    high = np.searchsorted(begin, end - back + 1, side="right")
    many = np.maximum(high - low, 0)
    later = np.repeat(np.arange(len(begin)), many)
    within = np.arange(len(later)) - np.repeat(np.cumsum(many) - many, many)
    return later, np.repeat(low, many) + within
