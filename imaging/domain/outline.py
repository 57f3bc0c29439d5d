"""The outline of the body on a coarse grid: what two scans of one patient are aligned by.

The body is what exceeds a threshold, without couch and holes, as a signed distance to the skin (mm, negative inside)
in the volume's own axes. Where the images end there is no skin: the cut is open, so scans of different length compare.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imaging.domain.errors import MeasurementRefused
from imaging.domain.geometry import FloatArray, index_to_lps
from imaging.domain.volume import Volume

COARSE_MM = 6.0  # local convention: finer does not move the result, coarser does
BAND_MM = 30.0  # local convention: farther from the skin every distance reads the same
CT_BODY_HU = -400.0  # local convention: between air and fat, half way through the skin
SMALLEST_BODY_ML = 2000.0  # local convention: less is a limb or a phantom, not a trunk
LEVEL_MM = 8.0
_LOG_FLOOR = 1e-3


@dataclass(frozen=True, eq=False)
class Outline:
    """``signed_mm`` [z, y, x]: distance to the skin in mm, cut at +/- ``BAND_MM``; ``affine``: its grid to LPS mm."""

    signed_mm: NDArray[np.float32]
    affine: FloatArray
    threshold: float

    @property
    def is_body(self) -> NDArray[np.bool_]:
        return self.signed_mm < 0

    def skin_points(self, at_most: int) -> tuple[FloatArray, FloatArray]:
        """LPS mm (n, 3) and signed distance (n,) of voxels beside the skin, evenly thinned to ``at_most``."""
        step = max(np.linalg.norm(self.affine[:3, :3], axis=0))
        found = np.flatnonzero(np.abs(self.signed_mm) < step)
        chosen = found[:: max(1, -(-len(found) // at_most))]
        z, y, x = np.unravel_index(chosen, self.signed_mm.shape)
        return index_to_lps(self.affine, np.stack([x, y, z], axis=1)), self.signed_mm.ravel()[chosen].astype(np.float64)

    def body_points(self) -> FloatArray:
        """LPS mm (n, 3) of every voxel of the body."""
        z, y, x = np.nonzero(self.is_body)
        return index_to_lps(self.affine, np.stack([x, y, z], axis=1))


@dataclass(frozen=True, eq=False)
class Profile:
    """The body by level: ``lowest_mm`` is the z of the first level; ``half_axes_mm`` (n, 2) left-right, front-back."""

    lowest_mm: float
    half_axes_mm: FloatArray


def of_ct(volume: Volume) -> Outline:
    """The outline on a CT in HU. Raises ``MeasurementRefused`` if there is no body."""
    return _outline(*_coarse(volume), CT_BODY_HU)


def of_pet(volume: Volume) -> Outline:
    """The outline on a PET in any unit: Otsu's threshold of log uptake (IEEE Trans Syst Man Cybern 1979;9:62).

    Raises ``MeasurementRefused`` if there is no body.
    """
    values, affine = _coarse(volume)
    return _outline(values, affine, _otsu_of_log(values))


def profile(outline: Outline) -> Profile:
    """Half axes of the body per level of 8 mm along z, from its spread; a level at an end of the images is left out."""
    points = outline.body_points()
    level = np.floor(points[:, 2] / LEVEL_MM).astype(int)
    first = int(level.min())
    count = np.maximum(np.bincount(level - first), 1)
    axes = []
    for axis in (0, 1):
        mean = np.bincount(level - first, points[:, axis]) / count
        square = np.bincount(level - first, points[:, axis] ** 2) / count
        axes.append(2 * np.sqrt(np.maximum(square - mean**2, 0)))
    return Profile((first + 1) * LEVEL_MM, np.stack(axes, axis=1)[1:-1])


def _coarse(volume: Volume) -> tuple[NDArray[np.float32], FloatArray]:
    """Block means in the plane, every n-th slice, near ``COARSE_MM``; one slice in memory at a time."""
    nx, ny, nz = (max(1, round(COARSE_MM / s)) for s in volume.spacing)
    rows, columns = volume.shape[1] // ny * ny, volume.shape[2] // nx * nx
    levels = range(0, volume.shape[0], nz)
    blocks = [
        volume.slice_suv(k)[:rows, :columns].reshape(rows // ny, ny, columns // nx, nx).mean(axis=(1, 3))
        for k in levels
    ]
    affine = volume.affine.copy()
    affine[:3, 3] = index_to_lps(volume.affine, ((nx - 1) / 2, (ny - 1) / 2, 0))
    affine[:3, :3] = volume.affine[:3, :3] * (nx, ny, nz)
    return np.stack(blocks).astype(np.float32), affine


def _otsu_of_log(values: NDArray[np.float32]) -> float:
    top = float(np.quantile(values, 0.99))
    if not np.isfinite(top) or top <= 0:
        raise MeasurementRefused("body_outline_missing")
    counts, edges = np.histogram(np.log(np.clip(values, _LOG_FLOOR * top, top)), bins=256)
    middle = (edges[1:] + edges[:-1]) / 2
    below, above = np.cumsum(counts)[:-1], np.cumsum(counts[::-1])[::-1][1:]
    total = np.cumsum(counts * middle)
    means = total[:-1] / np.maximum(below, 1), (total[-1] - total[:-1]) / np.maximum(above, 1)
    return float(np.exp(edges[1 + int(np.argmax(below * above * (means[0] - means[1]) ** 2.0))]))


def _outline(values: NDArray[np.float32], affine: FloatArray, threshold: float) -> Outline:
    from scipy import ndimage

    spacing = np.linalg.norm(affine[:3, :3], axis=0)[::-1]
    body = _largest(ndimage.binary_opening(values > threshold, iterations=1))
    body = np.stack([ndimage.binary_fill_holes(level) for level in body])
    if body.sum() * float(np.prod(spacing)) / 1000 < SMALLEST_BODY_ML or body.all():
        raise MeasurementRefused("body_outline_missing")
    outside, inside = (ndimage.distance_transform_edt(part, sampling=spacing) for part in (~body, body))
    half = float(spacing.min()) / 2
    signed = np.where(body, half - inside, outside - half)
    return Outline(np.clip(signed, -BAND_MM, BAND_MM).astype(np.float32), affine, threshold)


def _largest(found: NDArray[Any]) -> NDArray[np.bool_]:
    from scipy import ndimage

    labels, _ = ndimage.label(found)
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    return np.asarray(labels == sizes.argmax()) if sizes.any() else np.zeros(found.shape, dtype=bool)
