"""Uptake in a region: SUVmax, SUVmean, SD, SUVpeak (IBSI global 0F91 and local VJGA), volume, total expression.

SUVpeak is the mean over voxel centres within 6.2035 mm (1 mL sphere), neighbours outside the region included; at the
edge of the images the mean is over the voxels that exist. Local: centred on the maximum, ties resolved by the
highest peak. Volume counts voxels. IBSI reference manual, Zwanenburg A et al., Radiology 2020;295:328.
"""

from dataclasses import dataclass
from functools import lru_cache
from math import pi

import numpy as np
from numpy.typing import NDArray

from imaging.domain.errors import Caution, MeasurementRefused, caution
from imaging.domain.geometry import index_to_lps
from imaging.domain.voi import Mask
from imaging.domain.volume import Bounds, Volume

METHOD_VERSION = "uptake/1.0"

PEAK_RADIUS_MM = 10 * (3 / (4 * pi)) ** (1 / 3)

Run = tuple[int, int, int, int]


@dataclass(frozen=True)
class Intensity:
    """SUVmax, SUVmean, population SD, volume in mL, voxel count."""

    suv_max: float
    suv_mean: float
    suv_sd: float
    volume_ml: float
    voxel_count: int


@dataclass(frozen=True)
class Uptake:
    """All measurements of one region. SUV in the volume's unit; volume in mL; total in SUV x mL.

    ``hottest_index`` is (z, y, x) in the volume, ``hottest_lps`` its centre in LPS mm.
    """

    suv_max: float
    suv_mean: float
    suv_sd: float
    suv_peak_global: float
    suv_peak_local: float
    volume_ml: float
    total_lesion_sstr_expression: float
    voxel_count: int
    hottest_index: tuple[int, int, int]
    hottest_lps: tuple[float, float, float]
    warnings: tuple[Caution, ...]


def measure(volume: Volume, mask: Mask) -> Uptake:
    """Measure ``mask`` on ``volume``. Raises ``MeasurementRefused`` if the region is empty or a value not a number."""
    around = _surroundings(volume, mask.bounds)
    inner = around.inner
    found = _intensity(inner[mask.voxels], volume.voxel_volume_ml)
    peaks = _peak_means(around)
    at_max = mask.voxels & (inner == np.float32(found.suv_max))
    local = np.where(at_max, peaks, -np.inf)
    hottest = np.unravel_index(int(local.argmax()), local.shape)
    z, y, x = (int(a + b) for a, b in zip(mask.bounds.start, hottest, strict=True))
    where = index_to_lps(volume.affine, (x, y, z))
    peak = float(peaks[mask.voxels].max())
    if not np.isfinite(peak):
        raise MeasurementRefused("uptake_not_finite")
    return Uptake(
        suv_max=found.suv_max,
        suv_mean=found.suv_mean,
        suv_sd=found.suv_sd,
        suv_peak_global=peak,
        suv_peak_local=float(local[hottest]),
        volume_ml=found.volume_ml,
        total_lesion_sstr_expression=found.suv_mean * found.volume_ml,
        voxel_count=found.voxel_count,
        hottest_index=(z, y, x),
        hottest_lps=(float(where[0]), float(where[1]), float(where[2])),
        warnings=tuple(_warnings(mask, found, peak, around.is_cut)),
    )


def intensity(volume: Volume, mask: Mask) -> Intensity:
    """SUVmax, SUVmean, SD and volume only: no neighbourhood is read. Raises ``MeasurementRefused``."""
    return _intensity(volume.crop(mask.bounds)[mask.voxels], volume.voxel_volume_ml)


def peak_means(volume: Volume, bounds: Bounds) -> NDArray[np.float64]:
    """Mean SUV of the 1 mL sphere around every voxel of a box, float64 [z, y, x]."""
    return _peak_means(_surroundings(volume, bounds))


def _intensity(values: NDArray[np.float32], voxel_volume_ml: float) -> Intensity:
    if values.size == 0:
        raise MeasurementRefused("voi_empty")
    mean = float(values.mean(dtype=np.float64))
    if not np.isfinite(mean):
        raise MeasurementRefused("uptake_not_finite")
    spread = values - mean
    sd = float(np.sqrt(np.dot(spread, spread) / values.size))
    return Intensity(float(values.max()), mean, sd, values.size * voxel_volume_ml, int(values.size))


def _sphere_runs(volume: Volume) -> tuple[Run, ...]:
    return _runs(tuple(float(v) for v in volume.affine[:3, :3].ravel()))


@lru_cache(maxsize=64)
def _runs(matrix: tuple[float, ...]) -> tuple[Run, ...]:
    """The 1 mL sphere as runs along x: (dz, dy, first dx, last dx). ``matrix``: 3 x 3 of the affine, row by row."""
    axes = np.asarray(matrix).reshape(3, 3)
    reach = np.floor(PEAK_RADIUS_MM * np.linalg.norm(np.linalg.inv(axes), axis=1) + 1e-9).astype(int)
    grid = np.meshgrid(*(np.arange(-r, r + 1) for r in reach), indexing="ij")
    offsets = np.stack(grid, axis=-1)
    inside = ((offsets @ axes.T) ** 2).sum(axis=-1) <= PEAK_RADIUS_MM**2
    runs = []
    for k in range(inside.shape[2]):
        for j in range(inside.shape[1]):
            used = np.flatnonzero(inside[:, j, k])
            if used.size:
                dz, dy = k - int(reach[2]), j - int(reach[1])
                runs.append((dz, dy, int(used[0] - reach[0]), int(used[-1] - reach[0])))
    return tuple(runs)


@dataclass(frozen=True)
class _Surroundings:
    """SUV of a box widened by the sphere (``padding`` per side), zeros beyond the images.

    ``is_inside``: per axis, which positions exist; None where all do.
    """

    suv: NDArray[np.float32]
    shape: tuple[int, int, int]
    padding: tuple[int, int, int]
    runs: tuple[Run, ...]
    is_inside: tuple[NDArray[np.bool_], ...] | None

    @property
    def is_cut(self) -> bool:
        return self.is_inside is not None

    @property
    def inner(self) -> NDArray[np.float32]:
        (pz, py, px), (nz, ny, nx) = self.padding, self.shape
        return self.suv[pz : pz + nz, py : py + ny, px : px + nx]


def _surroundings(volume: Volume, bounds: Bounds) -> _Surroundings:
    runs = _sphere_runs(volume)
    padding = (max(r[0] for r in runs), max(r[1] for r in runs), max(r[3] for r in runs))
    wide = [(a - p, b + p) for a, b, p in zip(bounds.start, bounds.stop, padding, strict=True)]
    (z0, z1), (y0, y1), (x0, x1) = ((max(a, 0), min(b, n)) for (a, b), n in zip(wide, volume.shape, strict=True))
    suv = volume.crop(Bounds((z0, y0, x0), (z1, y1, x1)))
    if suv.shape == tuple(b - a for a, b in wide):
        return _Surroundings(suv, bounds.shape, padding, runs, None)
    beyond = [(max(0, -a), max(0, b - n)) for (a, b), n in zip(wide, volume.shape, strict=True)]
    positions = [np.arange(a, b) for a, b in wide]
    is_inside = tuple((at >= 0) & (at < n) for at, n in zip(positions, volume.shape, strict=True))
    return _Surroundings(np.pad(suv, beyond), bounds.shape, padding, runs, is_inside)


def _peak_means(around: _Surroundings) -> NDArray[np.float64]:
    total = _sum_over_sphere(around.suv, around)
    if around.is_inside is None:
        total /= sum(last - first + 1 for _, _, first, last in around.runs)
        return total
    z, y, x = around.is_inside
    exists = z[:, None, None] & y[None, :, None] & x[None, None, :]
    total /= _sum_over_sphere(exists.astype(np.float32), around)
    return total


def _sum_over_sphere(values: NDArray[np.float32], around: _Surroundings) -> NDArray[np.float64]:
    """Sum over the sphere around each voxel of the inner box, by differences of prefix sums along x."""
    (nz, ny, nx), (pz, py, px) = around.shape, around.padding
    prefix = np.zeros((*values.shape[:2], values.shape[2] + 1))
    np.cumsum(values, axis=2, dtype=np.float64, out=prefix[:, :, 1:])
    total = np.zeros(around.shape)
    for (first, last), places in _by_extent(around.runs):
        along_x = prefix[:, :, px + last + 1 : px + last + 1 + nx] - prefix[:, :, px + first : px + first + nx]
        for dz, dy in places:
            total += along_x[pz + dz : pz + dz + nz, py + dy : py + dy + ny]
    return total


@lru_cache(maxsize=64)
def _by_extent(runs: tuple[Run, ...]) -> tuple[tuple[tuple[int, int], tuple[tuple[int, int], ...]], ...]:
    """Runs of the same extent along x share one difference of prefix sums."""
    extents = sorted({(first, last) for _, _, first, last in runs})
    return tuple((extent, tuple((dz, dy) for dz, dy, *rest in runs if tuple(rest) == extent)) for extent in extents)


def _warnings(mask: Mask, found: Intensity, peak: float, is_cut: bool) -> list[Caution]:
    warnings = []
    if mask.is_clipped:
        warnings.append(caution("voi_clipped"))
    if is_cut:
        warnings.append(caution("peak_at_edge"))
    if found.volume_ml < 1:
        warnings.append(caution("peak_beyond_region"))
    if peak > found.suv_max * (1 + 1e-6):
        warnings.append(caution("peak_exceeds_max"))
    return warnings
