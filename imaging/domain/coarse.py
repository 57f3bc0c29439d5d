"""A coarse picture of a scan for finding organs: SUV and CT on one grid of about 4 mm, axes along LPS.

Organs are found here; whatever is measured afterwards is measured on the scanner's own voxels.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from imaging.domain.errors import MeasurementRefused
from imaging.domain.geometry import FloatArray
from imaging.domain.volume import Volume

STEP_MM = 4.0
AIR_HU = -1024.0
_TILT_LIMIT = 0.05

Image = NDArray[np.float32]
Voxels = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Coarse:
    """``suv`` and ``hu`` float32 [z, y, x], every axis rising with LPS; ``z_mm``, ``y_mm``, ``x_mm`` voxel centres;
    ``hu`` is None without a CT. ``spacing`` mm between slices, rows, columns."""

    suv: Image
    hu: Image | None
    z_mm: FloatArray
    y_mm: FloatArray
    x_mm: FloatArray

    @property
    def spacing(self) -> tuple[float, float, float]:
        z, y, x = (float(axis[1] - axis[0]) for axis in (self.z_mm, self.y_mm, self.x_mm))
        return z, y, x

    @property
    def voxel_ml(self) -> float:
        return float(np.prod(self.spacing)) / 1000

    def lps(self, index: ArrayLike) -> FloatArray:
        """LPS mm of (z, y, x) indices, shape (3,) or (n, 3)."""
        z, y, x = np.asarray(index).T
        return np.stack([self.x_mm[x], self.y_mm[y], self.z_mm[z]], axis=-1)

    def index(self, point_lps: ArrayLike) -> tuple[int, int, int]:
        """The voxel (z, y, x) nearest to a point, the edge for a point outside."""
        x, y, z = np.asarray(point_lps, dtype=np.float64)
        found = (np.abs(axis - at).argmin() for axis, at in ((self.z_mm, z), (self.y_mm, y), (self.x_mm, x)))
        k, j, i = (int(n) for n in found)
        return k, j, i

    def cut(self, box: tuple[slice, slice, slice]) -> "Coarse":
        """A box of it."""
        hu = None if self.hu is None else self.hu[box]
        return Coarse(self.suv[box], hu, self.z_mm[box[0]], self.y_mm[box[1]], self.x_mm[box[2]])

    def blurred(self, fwhm_mm: float) -> Image:
        from scipy import ndimage

        return np.asarray(ndimage.gaussian_filter(self.suv, [fwhm_mm / 2.3548 / s for s in self.spacing]))


def coarse(pet: Volume, ct: Volume | None = None) -> Coarse:
    """Both images on one coarse grid. PET by means of whole blocks, CT by the mean of the voxels nearest to each
    block centre. Raises ``MeasurementRefused`` for slices that are not axial and for frames that differ."""
    if ct is not None and pet.frame_of_reference_uid != ct.frame_of_reference_uid:
        raise MeasurementRefused("frames_differ")
    blocks = [max(1, round(STEP_MM / s)) for s in pet.spacing[::-1]]
    axes = [_blocks_of(axis, n) for axis, n in zip(axes_mm(pet), blocks, strict=True)]
    suv = _block_means(pet, blocks)
    flips = [bool(axis[0] > axis[-1]) for axis in axes]
    suv = suv[tuple(slice(None, None, -1 if flip else 1) for flip in flips)]
    z_mm, y_mm, x_mm = (axis[::-1] if flip else axis for axis, flip in zip(axes, flips, strict=True))
    hu = None if ct is None else _nearest(ct, z_mm, y_mm, x_mm)
    return Coarse(np.ascontiguousarray(suv), hu, z_mm, y_mm, x_mm)


def axes_mm(volume: Volume) -> tuple[FloatArray, FloatArray, FloatArray]:
    """LPS mm of the voxel centres along z, y and x. Raises ``MeasurementRefused`` if they are tilted or single."""
    matrix = volume.affine[:3, :3] / np.linalg.norm(volume.affine[:3, :3], axis=0)
    if min(volume.shape) < 2:
        raise MeasurementRefused("single_slice")
    lean = float(np.abs(matrix - np.diag(np.diag(matrix))).max())
    if lean > _TILT_LIMIT:
        raise MeasurementRefused("slices_not_axial", degrees=f"{np.degrees(np.arcsin(min(lean, 1.0))):.1f}")
    steps, origin = np.diag(volume.affine), volume.affine[:3, 3]
    x, y, z = (origin[i] + steps[i] * np.arange(volume.shape[2 - i]) for i in range(3))
    return z, y, x


def _blocks_of(axis: FloatArray, size: int) -> FloatArray:
    whole = max(1, len(axis) // size)
    return np.asarray(axis[: whole * size].reshape(whole, -1).mean(axis=1))


def _block_means(volume: Volume, blocks: list[int]) -> Image:
    depth, rows, columns = (max(1, n // b) for n, b in zip(volume.shape, blocks, strict=True))
    result = np.zeros((depth, rows, columns), dtype=np.float32)
    for k in range(depth * blocks[0]):
        used = volume.slice_suv(k)[: rows * blocks[1], : columns * blocks[2]]
        result[k // blocks[0]] += used.reshape(rows, blocks[1], columns, blocks[2]).mean(axis=(1, 3))
    result /= blocks[0]
    return result


def _nearest(ct: Volume, z_mm: FloatArray, y_mm: FloatArray, x_mm: FloatArray) -> Image:
    """CT numbers at the grid, the mean of the nearest voxel and the next one in each in-plane direction."""
    (z, is_z), (y, is_y), (x, is_x) = (
        _places(axis, wanted) for axis, wanted in zip(axes_mm(ct), (z_mm, y_mm, x_mm), strict=True)
    )
    result = np.full((len(z_mm), len(y_mm), len(x_mm)), AIR_HU, dtype=np.float32)
    for k in np.flatnonzero(is_z):
        plane = ct.slice_suv(int(z[k]))
        total = np.zeros((len(y), len(x)), dtype=np.float32)
        for dy in (-1, 0, 1):
            for dx in (-1, 0, 1):
                rows = np.clip(y + dy, 0, plane.shape[0] - 1)
                total += plane[rows[:, None], np.clip(x + dx, 0, plane.shape[1] - 1)[None, :]]
        result[k] = np.where(is_y[:, None] & is_x[None, :], total / 9, AIR_HU)
    return result


def _places(axis: FloatArray, wanted: FloatArray) -> tuple[NDArray[np.int64], Voxels]:
    place = (wanted - axis[0]) / (axis[1] - axis[0])
    inside = (place >= -0.5) & (place <= len(axis) - 0.5)
    return np.clip(np.rint(place), 0, len(axis) - 1).astype(np.int64), inside
