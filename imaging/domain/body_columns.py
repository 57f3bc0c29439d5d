"""The columns of voxels along the body that hold something, coded for display.

Nine tenths of a PET volume are air. A column that nowhere exceeds one grey level of the usual window cannot be seen in
any projection, so the others are gathered once, column by column, and every picture is made from those.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imaging.domain.geometry import FloatArray
from imaging.domain.scratch import Scratch
from imaging.domain.suv_code import SqrtCode
from imaging.domain.volume import Volume

FLOOR_SUV = 15 / 255  # one of 255 grey levels of a window of SUV 0 to 15
_SLICES_AT_ONCE = 64


@dataclass(frozen=True, eq=False)
class BodyColumns:
    """``codes`` uint8 [column, slice]; ``index`` [column]: place in a flattened slice; ``xy_mm`` [column, 2]: LPS."""

    codes: NDArray[np.uint8]
    index: NDArray[np.intp]
    xy_mm: FloatArray


def body_columns(volume: Volume, code: SqrtCode, scratch: Scratch) -> BodyColumns:
    """All columns above ``FLOOR_SUV`` somewhere. ``codes`` lie in ``scratch``."""
    index = np.flatnonzero(_above_floor(volume, scratch))
    rows, columns = np.divmod(index, volume.shape[2])
    matrix = volume.affine[:3]
    middle = matrix[:2, 3] + matrix[:2, 2] * (volume.shape[0] - 1) / 2
    xy_mm = columns[:, None] * matrix[:2, 0] + rows[:, None] * matrix[:2, 1] + middle
    return BodyColumns(_gather(volume, index, code, scratch), index, xy_mm)


def _above_floor(volume: Volume, scratch: Scratch) -> NDArray[np.bool_]:
    size = volume.shape[1] * volume.shape[2]
    found = scratch.array("found", (size,), bool)
    now = scratch.array("now", (size,), bool)
    found.fill(False)
    limits = _stored_floors(volume)
    for k in range(volume.shape[0]):
        if limits is None:
            np.greater(volume.slice_suv(k).reshape(-1), FLOOR_SUV, out=now)
        else:
            np.greater(volume.stored[k].reshape(-1), limits[k], out=now)
        np.logical_or(found, now, out=found)
    return found


def _stored_floors(volume: Volume) -> NDArray[Any] | None:
    """Per slice the largest stored integer that is not above the floor; None where integers cannot be compared."""
    kind = volume.stored.dtype
    if kind.kind not in "iu" or (volume.gains <= 0).any():
        return None
    limits = np.floor((FLOOR_SUV - volume.offsets) / volume.gains)
    return limits.clip(np.iinfo(kind).min, np.iinfo(kind).max).astype(kind)


def _gather(volume: Volume, index: NDArray[np.intp], code: SqrtCode, scratch: Scratch) -> NDArray[np.uint8]:
    depth = volume.shape[0]
    codes = scratch.array("codes", (index.size, depth), np.uint8)
    block = scratch.array("block", (_SLICES_AT_ONCE, index.size), np.uint8)
    stored = scratch.array("stored", (index.size,), volume.stored.dtype)
    scaled = scratch.array("scaled", (index.size,), np.float32)
    for first in range(0, depth, _SLICES_AT_ONCE):
        count = min(_SLICES_AT_ONCE, depth - first)
        for k in range(first, first + count):
            np.take(volume.stored[k].reshape(-1), index, out=stored, mode="clip")
            _scale(volume, k, stored, code, scaled)
            code.round_root(scaled, out=block[k - first])
        codes[:, first : first + count] = block[:count].T
    return codes


def _scale(volume: Volume, k: int, stored: NDArray[Any], code: SqrtCode, out: NDArray[np.float32]) -> None:
    np.multiply(stored, np.float32(volume.gains[k] * code.gain), out=out, dtype=np.float32, casting="unsafe")
    if volume.has_offsets:
        out += np.float32(volume.offsets[k] * code.gain)
    if volume.has_offsets or stored.dtype.kind != "u" or volume.gains[k] < 0:
        np.maximum(out, 0, out=out)
