"""Volumes small enough for a browser: cut to the field of view, axes along the body, integers as planes of bytes.

SUV is the square-root code of 16 bits. Its upper byte alone is a picture in 8 bits, so a page loads that plane
first and the lower one when a person asks for values (then within 0.001 SUV below SUV 15). CT is for display:
8 bits in steps of 10 HU. Planes are [z, y, x] with x towards the patient's left, y to the back, z to the head,
packed by gzip at level 1: more costs many times the time for a few per cent.
"""

import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imaging.domain.field_of_view import FieldOfView, body_axes, crop_bounds
from imaging.domain.suv_code import SUV_MAX, WORD_LEVELS, SqrtCode
from imaging.domain.volume import Bounds, Volume
from imaging.products import METHOD_VERSION, Product

GZIP = "application/gzip"
GZIP_LEVEL = 1
_GZIP_CONTAINER = 31  # window bits of zlib that ask for a gzip header, which then has no time in it
HU_STEP, HU_LOWEST = 10, -1024
CT_MIN_PIXEL_MM = 1.2  # finer CT is thinned in the plane: no screen in a board room shows more of a whole body


def compact_suv(pet: Volume, field_of_view: FieldOfView) -> list[Product]:
    """The upper and the lower byte plane of the coded SUV. Raises ``MeasurementRefused`` if the field holds nothing."""
    bounds = crop_bounds(pet, field_of_view)
    code = SqrtCode(max(SUV_MAX, _highest(pet, bounds)), WORD_LEVELS)
    upper, lower = np.empty(bounds.shape, np.uint8), np.empty(bounds.shape, np.uint8)
    for n, k in enumerate(range(bounds.start[0], bounds.stop[0])):
        words = code.encode(_slice(pet, bounds, k))
        np.right_shift(words, 8, out=upper[n], casting="unsafe")
        np.bitwise_and(words, 0xFF, out=lower[n], casting="unsafe")
    affine = _cut_affine(pet, bounds, 1)
    about = {"unit": pet.unit, "coding": code.parameters(), "value": "suv_max * ((256 * upper + lower) / levels) ^ 2"}
    return [
        _packed(f"suv-{name}.u8.gz", plane, affine, {**about, "plane": name})
        for name, plane in (("upper", upper), ("lower", lower))
    ]


def compact_ct(ct: Volume, field_of_view: FieldOfView) -> Product:
    """CT numbers for display, 8 bits. Raises ``MeasurementRefused`` if the field of view holds nothing of it."""
    bounds = crop_bounds(ct, field_of_view)
    thin = 2 if max(ct.spacing[:2]) < CT_MIN_PIXEL_MM else 1
    depth, rows, columns = bounds.shape
    codes = np.empty((depth, -(-rows // thin), -(-columns // thin)), np.uint8)
    for n, k in enumerate(range(bounds.start[0], bounds.stop[0])):
        hu = _slice(ct, bounds, k)[::thin, ::thin]
        codes[n] = np.rint((hu - HU_LOWEST) / HU_STEP).clip(0, 255)
    coding = {"code": "linear", "step": HU_STEP, "lowest": HU_LOWEST}
    about = {"unit": ct.unit, "coding": coding, "value": "lowest + step * code", "thinned_by": thin}
    return _packed("ct.u8.gz", codes, _cut_affine(ct, bounds, thin), about)


def _slice(volume: Volume, bounds: Bounds, k: int) -> NDArray[np.float32]:
    (_, y0, x0), (_, y1, x1) = bounds.start, bounds.stop
    return volume.crop(Bounds((k, y0, x0), (k + 1, y1, x1)))[0]


def _highest(volume: Volume, bounds: Bounds) -> float:
    return max(float(_slice(volume, bounds, k).max()) for k in range(bounds.start[0], bounds.stop[0]))


def _cut_affine(volume: Volume, bounds: Bounds, thin: int) -> NDArray[np.float64]:
    affine = volume.affine.copy()
    affine[:3, 3] += affine[:3, :3] @ np.array(bounds.start[::-1], dtype=float)
    affine[:3, :2] *= thin
    return affine


def _packed(name: str, plane: NDArray[np.uint8], affine: NDArray[np.float64], about: dict[str, Any]) -> Product:
    plane, affine = _along_the_body(plane, affine)
    data = zlib.compress(np.ascontiguousarray(plane), GZIP_LEVEL, _GZIP_CONTAINER)
    facts = {
        "shape": list(plane.shape),
        "affine": [[round(float(v), 6) for v in row] for row in affine],
        "encoding": {"format": "gzip", "level": GZIP_LEVEL, "bytes": plane.size},
        "method": METHOD_VERSION,
    }
    return Product(name, GZIP, data, {**about, **facts})


def _along_the_body(
    plane: NDArray[np.uint8], affine: NDArray[np.float64]
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """The same voxels as [superior, posterior, left], all ascending; nothing is interpolated."""
    axes = body_axes(affine)
    order = [axes[name][0] for name in "SPL"]
    turned = affine.copy()
    turned[:3, :3] = affine[:3, [2 - axis for axis in reversed(order)]]
    plane = plane.transpose(order)
    for axis, name in enumerate("SPL"):
        if axes[name][1] < 0:
            plane = np.flip(plane, axis)
            column = 2 - axis
            turned[:3, 3] += turned[:3, column] * (plane.shape[axis] - 1)
            turned[:3, column] *= -1
    return plane, turned
