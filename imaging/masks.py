"""Outlines as stored bytes: the voxels of a region, packed and compressed, with the grid they belong to.

Equal outlines on equal grids give equal bytes, so the SHA-256 under which one is kept also says whether two are the
same.
"""

import hashlib
import json
import struct
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imaging import store
from imaging.domain import grids
from imaging.domain.errors import MeasurementRefused
from imaging.domain.geometry import index_to_lps
from imaging.domain.grids import Placed
from imaging.domain.voi import Bounds, Mask
from imaging.domain.volume import Volume
from imaging.reasons import SeriesRefused

FORMAT = "prrt-outline/1"
_HEAD = struct.Struct("<4sI")
_MAGIC = b"PRRM"
LEVEL = 6
SAME_GRID_MM = 1e-6


@dataclass(frozen=True, eq=False)
class StoredMask:
    """``mask`` [z, y, x] on a grid of ``shape`` with ``affine`` (voxel index -> LPS mm)."""

    mask: Mask
    shape: tuple[int, int, int]
    affine: NDArray[np.float64]
    frame_of_reference_uid: str


def keep(mask: Mask, volume: Volume) -> str:
    """Store the voxels durably; their SHA-256."""
    return store.put_bytes(pack(mask, volume)).sha256


def pack(mask: Mask, volume: Volume) -> bytes:
    trimmed = mask.trimmed()
    about = {
        "format": FORMAT,
        "shape": list(volume.shape),
        "affine": volume.affine.tolist(),
        "frame_of_reference_uid": volume.frame_of_reference_uid,
        "start": list(trimmed.bounds.start),
        "stop": list(trimmed.bounds.stop),
        "is_clipped": trimmed.is_clipped,
    }
    text = json.dumps(about, sort_keys=True, separators=(",", ":")).encode()
    return _HEAD.pack(_MAGIC, len(text)) + text + zlib.compress(np.packbits(trimmed.voxels).tobytes(), LEVEL)


def load(sha256: str) -> StoredMask:
    """Raises ``SeriesRefused`` where the file is gone, is no outline, or is not what was stored under this name."""
    try:
        with store.open_stored(sha256) as file:
            data = file.read()
    except (OSError, ValueError) as error:
        raise SeriesRefused("outline_unreadable") from error
    if hashlib.sha256(data).hexdigest() != sha256:
        raise SeriesRefused("outline_unreadable")
    return unpack(data)


def unpack(data: bytes) -> StoredMask:
    """The inverse of ``pack``. Raises ``SeriesRefused`` for anything else."""
    try:
        about, packed = _read(data)
        bounds, shape = Bounds(_index(about["start"]), _index(about["stop"])), _index(about["shape"])
        affine, frame = np.array(about["affine"], np.float64), about["frame_of_reference_uid"]
        _check(bounds, shape, affine, frame)
        mask = Mask(bounds, _voxels(packed, bounds), bool(about["is_clipped"]))
        return StoredMask(mask, shape, affine, frame)
    except (KeyError, TypeError, ValueError, struct.error, zlib.error) as error:
        raise SeriesRefused("outline_unreadable") from error


def place(stored: StoredMask, volume: Volume) -> Placed:
    """The outline on a volume: as it is where the grids agree, else by nearest voxel and said so, or refused.

    Raises ``MeasurementRefused`` for another frame of reference, or where nothing of it lies in the images.
    """
    is_same_grid = stored.shape == volume.shape and np.abs(stored.affine - volume.affine).max() <= SAME_GRID_MM
    _check_frame(stored.frame_of_reference_uid, volume.frame_of_reference_uid, is_same_grid)
    if is_same_grid:
        return Placed(stored.mask, grids.EXACT, {}, ())
    bounds, affine = stored.mask.bounds, stored.affine
    z0, y0, x0 = bounds.start
    planes = np.arange(z0, bounds.stop[0])
    corner = np.stack([np.full(planes.size, x0), np.full(planes.size, y0), planes], axis=-1)
    along_row, along_column, along_stack = affine[:3, :3].T
    row_mm, column_mm, plane_mm = (float(np.linalg.norm(v)) for v in (along_row, along_column, along_stack))
    stack = grids.PlaneStack(
        voxels=stored.mask.voxels,
        positions=index_to_lps(affine, corner),
        orientation=(*(along_row / row_mm), *(along_column / column_mm)),
        pixel_spacing=(column_mm, row_mm),
        plane_spacing=plane_mm,
        frame_of_reference_uid=stored.frame_of_reference_uid,
    )
    return grids.place(stack, volume)


def _check_frame(outline: str, images: str, is_same_grid: bool) -> None:
    """A scanner gives every patient the same grid, so only the frame of reference says whose space it is."""
    if outline and images and outline != images:
        raise MeasurementRefused("frame_of_reference_differs")
    if outline != images or not (outline or is_same_grid):
        raise MeasurementRefused("frame_of_reference_unknown")


def _check(bounds: Bounds, shape: tuple[int, int, int], affine: NDArray[np.float64], frame: Any) -> None:
    lies_inside = all(0 <= a < b <= n for a, b, n in zip(bounds.start, bounds.stop, shape, strict=True))
    if not lies_inside or affine.shape != (4, 4) or not np.isfinite(affine).all() or not isinstance(frame, str):
        raise ValueError("not an outline")


def _voxels(packed: bytes, bounds: Bounds) -> NDArray[np.bool_]:
    bits, count = np.frombuffer(zlib.decompress(packed), np.uint8), int(np.prod(bounds.shape))
    if bits.size != (count + 7) // 8:
        raise ValueError("not as many voxels as announced")
    return np.unpackbits(bits, count=count).astype(bool).reshape(bounds.shape)


def _read(data: bytes) -> tuple[dict[str, Any], bytes]:
    magic, size = _HEAD.unpack_from(data)
    about = json.loads(data[_HEAD.size : _HEAD.size + size])
    if magic != _MAGIC or about["format"] != FORMAT:
        raise ValueError("not an outline")
    return about, data[_HEAD.size + size :]


def _index(values: list[int]) -> tuple[int, int, int]:
    z, y, x = (int(value) for value in values)
    return z, y, x
