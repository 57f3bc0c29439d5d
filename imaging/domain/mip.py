"""Coronal maximum-intensity projection as the clinic shows it: head up, patient's right on the left of the image."""

import numpy as np
from numpy.typing import NDArray

from imaging.domain.volume import Volume


def coronal_mip(volume: Volume, suv_max: float) -> NDArray[np.uint8]:
    """Grey levels [row, column], 0 at SUV 0 and 255 at ``suv_max`` and above.

    The projection runs along the array axis closest to front-back; pixels have the volume's own spacing.
    """
    axes = _array_axes(volume)
    front_back, up = axes["P"][0], axes["S"]
    projected = _project(volume, front_back)
    left = axes["L"]
    if up[0] > left[0]:
        projected = projected.T
    if up[1] > 0:
        projected = projected[::-1]
    if left[1] < 0:
        projected = projected[:, ::-1]
    return np.ascontiguousarray(np.clip(projected * (255 / suv_max), 0, 255).astype(np.uint8))


def pixel_spacing(volume: Volume) -> tuple[float, float]:
    """mm between the rows and between the columns of ``coronal_mip``."""
    axes = _array_axes(volume)
    return volume.spacing[2 - axes["S"][0]], volume.spacing[2 - axes["L"][0]]


def _array_axes(volume: Volume) -> dict[str, tuple[int, int]]:
    """For left, posterior and superior: the array axis (z, y, x) that runs along it, and its sign."""
    directions = volume.affine[:3, :3] / np.linalg.norm(volume.affine[:3, :3], axis=0)
    taken: dict[str, tuple[int, int]] = {}
    free = {0, 1, 2}
    for name, row in (("S", 2), ("L", 0), ("P", 1)):
        column = max(free, key=lambda c: abs(directions[row, c]))
        free.remove(column)
        taken[name] = (2 - column, 1 if directions[row, column] > 0 else -1)
    return taken


def _project(volume: Volume, axis: int) -> NDArray[np.float32]:
    if axis == 0:
        result = volume.slice_suv(0)
        for k in range(1, volume.shape[0]):
            np.maximum(result, volume.slice_suv(k), out=result)
        return result
    return np.stack([volume.slice_suv(k).max(axis=axis - 1) for k in range(volume.shape[0])])
